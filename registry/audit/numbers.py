"""Numbers of persons in free text: how those are recognised that may not enter a record which stands for ever.

Recognised are identity numbers (18 and 15 digits, with a real day of birth), mobile numbers and bank accounts, alone
or in the usual groups. Two degrees, for what is written by hand and what the program writes:

- `veiled` is generous: it takes every run of 15 digits or more out of a text for a reason. A number of a certificate
  lost there can be found by the subject of the action.
- `numbers_in` is strict: it names only what passes the check digits of its kind, because who calls it refuses the
  action, and a certificate number or a checksum may not stop the business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from registry.lib.text import luhn

VEIL = "▮"

# Neither the inside of a longer word or number, nor a group of a UUID.
_ALONE, _END = r"(?<![0-9A-Za-z\-_.])", r"(?![0-9A-Za-z\-_])"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ID_18 = re.compile(
    rf"{_ALONE}[1-9]\d{{5}}[ -]?(?:18|19|20)\d{{2}}{_MONTH_DAY}[ -]?\d{{3}}[\dXx]{_END}", re.ASCII
)
_ID_15 = re.compile(rf"{_ALONE}[1-9]\d{{7}}{_MONTH_DAY}\d{{3}}{_END}", re.ASCII)
_PHONE = re.compile(rf"(?<![0-9A-Za-z\-_.])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{{4}}){{2}}{_END}", re.ASCII)
_CARD = re.compile(rf"{_ALONE}\d{{4}}(?:[ -]?\d{{4}}){{3}}(?:[ -]?\d{{1,3}})?{_END}", re.ASCII)
_LONG = re.compile(r"(?<![0-9A-Za-z])\d{15,}[Xx]?(?![0-9A-Za-z])", re.ASCII)
_FULLWIDTH = str.maketrans("０１２３４５６７８９Ｘｘ－", "0123456789Xx-")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
#: What bank cards in this country begin with.
_UNIONPAY = "62"


def veiled(text: str) -> str:
    """The text with everything that looks like a person's number replaced by ▮."""
    plain = text.translate(_FULLWIDTH)  # one character for one, so places stay the same
    spans = sorted(
        match.span()
        for pattern in (_ID_18, _ID_15, _PHONE, _CARD, _LONG)
        for match in pattern.finditer(plain)
    )
    parts, at = [], 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], VEIL]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def numbers_in(value: object) -> set[str]:
    """The kinds of persons' numbers anywhere inside a JSON value: id_number, phone, account. Never the numbers."""
    if isinstance(value, str):
        return _kinds(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # An amount may have as many digits as a telephone number; only the check digit of 18 tells enough.
        return _kinds(str(value)) & {"id_number"}
    if isinstance(value, Mapping):
        return set().union(*(_kinds(str(key)) | numbers_in(inner) for key, inner in value.items()))
    if isinstance(value, (list, tuple)):
        return set().union(*(numbers_in(inner) for inner in value))
    return set()


def _kinds(text: str) -> set[str]:
    plain = text.translate(_FULLWIDTH)
    found = set()
    if any(_checks(match[0]) for match in _ID_18.finditer(plain)):
        found.add("id_number")
    if _PHONE.search(plain):
        found.add("phone")
    if any(_is_card(match[0]) for match in _CARD.finditer(plain)):
        found.add("account")
    return found


def _checks(number: str) -> bool:
    digits = re.sub(r"[ -]", "", number).upper()
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return digits[17] == _CHECKS[total % 11]


def _is_card(number: str) -> bool:
    digits = re.sub(r"[ -]", "", number)
    return digits.startswith(_UNIONPAY) and luhn(digits)
