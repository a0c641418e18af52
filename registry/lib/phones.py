"""Telephone numbers out of roster cells."""

from __future__ import annotations

import re

from registry.lib.text import halfwidth, visible

_PLAIN = re.compile(r"1[3-9]\d{9}", re.ASCII)
_MOBILE = re.compile(r"(?<![\d.])(?:(?:\+|00)?86[-\s]*)?(1[3-9](?:[-\s]?\d){9})(?!\d)", re.ASCII)
_NOT_DIGITS = re.compile(r"\D+")
_DASHES = {0x2010 + n: "-" for n in range(6)} | {0x2212: "-", 0xA0: " "}


def parse_phone(raw: str) -> str | None:
    """The first mobile number of a cell, 11 digits; None where there is none: a landline, too few digits."""
    if _PLAIN.fullmatch(raw):
        return raw
    match = _MOBILE.search(halfwidth(visible(raw)).translate(_DASHES))
    return _NOT_DIGITS.sub("", match[1]) if match else None
