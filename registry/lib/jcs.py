"""JSON in exactly one way: the JSON Canonicalization Scheme (RFC 8785). Pure.

Texts, whole numbers up to 2**53 − 1, true, false, null, lists and objects. Fractions are refused: what is signed here
has none, and their shortest form is the one part of the scheme that is easy to get wrong.
"""

from __future__ import annotations

import json
from typing import Any, Final

MOST: Final = 2**53 - 1  # what every reader of JSON counts exactly (RFC 7493 §2.2)


class NotCanonical(ValueError):
    """A value that has no canonical form here."""


def canonical(value: Any) -> bytes:
    """UTF-8 bytes. Raises NotCanonical for fractions, numbers out of range, keys that are no text, lone surrogates."""
    try:
        return _text(value).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("a lone surrogate") from None


def _text(value: Any) -> str:
    if isinstance(value, str):
        # Escapes what must be and nothing else, in lower case, as §3.2.2.2 asks.
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        if abs(value) > MOST:
            raise NotCanonical("a number out of range")
        return str(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise NotCanonical("a key that is no text")
        # In the order of UTF-16 units (§3.2.3), which differs from that of code points beyond the BMP.
        names = sorted(value, key=_units)
        return "{" + ",".join(f"{_text(name)}:{_text(value[name])}" for name in names) + "}"
    raise NotCanonical(f"no canonical form for {type(value).__name__}")


def _units(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")
