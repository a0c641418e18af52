"""What a certificate's signature covers: a small map in deterministic CBOR (RFC 8949 §4.2.1). Pure.

| key | value |
|---|---|
| 1 | version, 1 |
| 2 | issuer: credit code (GB 32100), or `jc:` and the institution's id |
| 3 | number |
| 4 | name as shown: masked, or in full where the figure `certificates.qr_full_name` says so |
| 5 | check: 8 bytes, see `check_of` |
| 6 | [occupation code, occupation name] |
| 7 | rank of the level, 0 for none |
| 8 | day of issue, days since 1970-01-01 |
| 9 | name of the body |
| 10 | key id, 8 characters |
| 11 | [status list, index in it] |
| 12 | salt, 8 bytes |
| 13 | family, see `FAMILIES` |
| 14 | last day, days since 1970-01-01; left out where there is none |

`read(build(claims)) == claims`, and `read` refuses every byte string that `build` would not have made. The salt makes
the check useless for trying names against a leaked list of numbers in bulk; whoever holds one certificate can still
try, which is what the check is for: it tells whether a person at the gate is the one who is meant.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

import cbor2

from registry.lib.text import name_key

VERSION: Final = 1
CHECK_BYTES: Final = 8
SALT_BYTES: Final = 8
KID_LENGTH: Final = 8
MOST_BYTES: Final = 1024
# Stands in signed payloads for ever: numbers are added, never given another meaning.
FAMILIES: Final = {"skill_level": 1, "qualification": 2, "special": 3, "completion": 4, "x": 5, "other": 6}
_FAMILY_OF: Final = {number: family for family, number in FAMILIES.items()}

_EPOCH = date(1970, 1, 1)
_MOST_DAYS = (date(9999, 12, 31) - _EPOCH).days
_MOST_INT = 2**53 - 1  # what a browser counts exactly
_KEYS = frozenset(range(1, 14))


class BadPayload(ValueError):
    """Not a payload as this system writes them."""


class Claims(NamedTuple):
    """What is signed, in plain Python. `check` is of `check_of`; `level` is a rank 1-8, or 0."""

    issuer: str
    number: str
    name: str
    check: bytes
    occupation_code: str
    occupation_name: str
    level: int
    issued_on: date
    body: str
    kid: str
    status_list: int
    status_index: int
    salt: bytes
    family: str
    expires_on: date | None = None


def check_of(name: str, document_number: str, salt: bytes) -> bytes:
    """8 bytes: SHA-256(salt ‖ name in the form names are compared in ‖ last four of the document's number).

    The last four are taken in upper case, as they are printed (X).
    """
    last = document_number.strip()[-4:].upper()
    return hashlib.sha256(salt + name_key(name).encode() + last.encode()).digest()[:CHECK_BYTES]


def build(claims: Claims) -> bytes:
    """The exact bytes that are stored before they are signed. Raises BadPayload for claims out of range."""
    _check(claims)
    content: dict[int, Any] = {
        1: VERSION,
        2: claims.issuer,
        3: claims.number,
        4: claims.name,
        5: claims.check,
        6: [claims.occupation_code, claims.occupation_name],
        7: claims.level,
        8: (claims.issued_on - _EPOCH).days,
        9: claims.body,
        10: claims.kid,
        11: [claims.status_list, claims.status_index],
        12: claims.salt,
        13: FAMILIES[claims.family],
    }
    if claims.expires_on is not None:
        content[14] = (claims.expires_on - _EPOCH).days
    raw = cbor2.dumps(content, canonical=True)
    if len(raw) > MOST_BYTES:
        raise BadPayload("too long")
    return raw


def read(raw: bytes) -> Claims:
    """The claims of a payload. Raises BadPayload unless `build` gives exactly these bytes back."""
    if len(raw) > MOST_BYTES:
        raise BadPayload("too long")
    try:
        content = cbor2.loads(raw)
    except Exception as error:  # whatever a decoder makes of hostile bytes
        raise BadPayload("not CBOR") from error
    if type(content) is not dict or any(type(key) is not int for key in content):
        raise BadPayload("not a map of numbers")
    if content.keys() - {14} != _KEYS or content[1] != VERSION:
        raise BadPayload("other keys or another version")
    occupation = _pair(content[6], str)
    status = _pair(content[11], int)
    claims = Claims(
        issuer=content[2],
        number=content[3],
        name=content[4],
        check=content[5],
        occupation_code=occupation[0],
        occupation_name=occupation[1],
        level=content[7],
        issued_on=_day(content[8]),
        body=content[9],
        kid=content[10],
        status_list=status[0],
        status_index=status[1],
        salt=content[12],
        family=_FAMILY_OF.get(content[13], "") if type(content[13]) is int else "",
        expires_on=_day(content[14]) if 14 in content else None,
    )
    if build(claims) != raw:
        raise BadPayload("not canonical")
    return claims


def _pair(value: Any, kind: type) -> list[Any]:
    if type(value) is not list or [type(part) for part in value] != [kind, kind]:
        raise BadPayload("not a pair")
    return value


def _day(value: Any) -> date:
    if type(value) is not int or not 0 <= value <= _MOST_DAYS:
        raise BadPayload("not a day")
    return _EPOCH + timedelta(days=value)


def _check(claims: Claims) -> None:
    texts = (
        claims.issuer,
        claims.number,
        claims.name,
        claims.occupation_code,
        claims.occupation_name,
        claims.body,
        claims.kid,
    )
    numbers = (claims.level, claims.status_list, claims.status_index)
    if any(type(text) is not str for text in texts) or not claims.number or not claims.issuer:
        raise BadPayload("a text is missing or is none")
    if any(type(number) is not int or not 0 <= number <= _MOST_INT for number in numbers):
        raise BadPayload("a number is out of range")
    if len(claims.kid) != KID_LENGTH or not claims.kid.isascii():
        raise BadPayload("not a key id")
    if claims.family not in FAMILIES or claims.level > 8:
        raise BadPayload("no such family or level")
    for part, length in ((claims.check, CHECK_BYTES), (claims.salt, SALT_BYTES)):
        if type(part) is not bytes or len(part) != length:
            raise BadPayload("a part has another length")
    if any(day is not None and day < _EPOCH for day in (claims.issued_on, claims.expires_on)):
        raise BadPayload("a day before 1970")
