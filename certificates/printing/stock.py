"""Serials of printed paper (证书印制流水码): letters, then digits that count up. Pure."""

from __future__ import annotations

import re
import unicodedata

_SHAPE = re.compile(r"([0-9A-Z\-]*?)(\d{1,12})", re.ASCII)
LONGEST = 30


class BadStock(ValueError):
    """Not a serial, or the count runs out of digits; the message says which, in Chinese."""


def normalise(raw: str) -> str:
    """Half-width, upper case, without blanks."""
    return "".join(unicodedata.normalize("NFKC", raw).split()).upper()


def run(first: str, count: int) -> list[str]:
    """So many serials from the first on; all empty where the first is (plain paper). Raises BadStock."""
    first = normalise(first)
    if not first:
        return [""] * count
    found = _SHAPE.fullmatch(first)
    if found is None or len(first) > LONGEST:
        raise BadStock("流水码应以数字结尾，只含字母、数字和短横线，不超过 30 位。")
    stem, digits = found.groups()
    # The shape takes as few as it can for the stem, so all digits at the end count.
    last = int(digits) + count - 1
    if len(str(last)) > len(digits):
        raise BadStock(f"从 {first} 起不足 {count} 个流水码：末尾的数字位数不够。")
    return [f"{stem}{number:0{len(digits)}d}" for number in range(int(digits), last + 1)]
