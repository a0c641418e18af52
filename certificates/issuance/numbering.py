"""Formats of certificate numbers as a dated table, and what a number's structure says. Pure.

No format has a check digit (domain §1.1), so structure and the row around it are all there is: the year of
issue and the level stand in the number. Families without a nationwide rule are taken as they are, with a
verdict that says so.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NamedTuple

# Verdicts, as stored with the certificate.
KEPT_RULE = "kept_rule"  # a nationwide format, every part as it should be
UNKNOWN_LETTER = "unknown_letter"  # like a skill-level number, with a letter that the rule does not list
PLAUSIBLE = "plausible"  # a family whose rule is regional: shape only
UNKNOWN_SHAPE = "unknown_shape"  # no format that we know of
BROKEN = "broken"  # meant for a nationwide format, and not one

SKILL, SKILL_TOP, PILOT, QUALIFICATION, SPECIAL, COMPLETION = (
    "skill_level",
    "skill_level_top",
    "skill_level_pilot",
    "qualification",
    "special_work",
    "completion",
)


class Parts(NamedTuple):
    """What stands in the number: last two digits of the issue year, rank 1-8 of the level; None where not."""

    year: int | None = None
    rank: int | None = None


class Format(NamedTuple):
    """One number space, and from when numbers of it were given out."""

    code: str
    name: str
    since: date
    pattern: re.Pattern[str]
    verdict: str = KEPT_RULE


class Verdict(NamedTuple):
    number: str
    verdict: str
    format: str = ""
    parts: Parts = Parts()


# The digit in a number runs backwards: 5 is 初级工, rank 2; 1 is 高级技师, rank 6. Letters stand for what
# is above.
_RANK_OF_DIGIT = {"5": 2, "4": 3, "3": 4, "2": 5, "1": 6}
_TOP_RANKS = (7, 8)


_NO_PARTS = Parts()


@lru_cache(maxsize=4096)
def _parts(year: str, level: str) -> Parts:
    return Parts(int(year), _RANK_OF_DIGIT.get(level))


FORMATS: tuple[Format, ...] = (
    Format(
        SKILL,
        "职业技能等级证书",
        date(2019, 1, 1),
        re.compile(r"[YS]\d{12}(\d{2})([1-5])(?!0{6})\d{6}"),
    ),
    Format(
        SKILL_TOP,
        "特级、首席技师证书",
        date(2022, 1, 1),
        re.compile(r"[YS]\d{12}(\d{2})([A-Z])(?!0{6})\d{6}"),
    ),
    Format(
        PILOT,
        "职业技能等级证书(试点编码)",
        date(2018, 1, 1),
        re.compile(r"R[GSCX][NW]\d{9}(\d{2})([1-5])\d{5}"),
        PLAUSIBLE,
    ),
    Format(
        QUALIFICATION,
        "职业资格证书或专项职业能力证书",
        date(1994, 1, 1),
        re.compile(r"\d{16}"),
        PLAUSIBLE,
    ),
    Format(
        QUALIFICATION,
        "职业资格证书(13 位旧编号)",
        date(1994, 1, 1),
        re.compile(r"\d{13}"),
        PLAUSIBLE,
    ),
    Format(
        SPECIAL,
        "特种作业操作证",
        date(1999, 1, 1),
        re.compile(r"T\d{17}[\dX]"),
        PLAUSIBLE,
    ),
    Format(
        SKILL,
        "职业技能等级证书(未列字母)",
        date(2019, 1, 1),
        re.compile(r"[A-RT-XZ]\d{12}(\d{2})([1-5A-Z])\d{6}"),
        UNKNOWN_LETTER,
    ),
)

# Meant for the nationwide skill-level format: its letter, then digits of about its length.
_MEANT_FOR_SKILL = re.compile(r"[YS][0-9A-Z]{17,25}")
_COMPLETION_SHAPE = re.compile(r"[0-9A-Z\u4e00-\u9fff()\[\]〔〕\-/.·第号]{2,40}")
_HAS_DIGIT = re.compile(r"\d")


def normalise(raw: str) -> str:
    """Half-width, upper case, without blanks; Chinese brackets of document numbers stay."""
    if raw.isascii() and raw.isalnum():
        return raw.upper()
    return "".join(unicodedata.normalize("NFKC", raw).split()).upper()


def read(number: str) -> Verdict:
    """Judge a normalised number by its structure alone."""
    for format_ in FORMATS:
        found = format_.pattern.fullmatch(number)
        if found and number.isascii():
            said = found.groups()  # year and level, where the format has them
            return Verdict(number, format_.verdict, format_.code, _parts(*said) if said else _NO_PARTS)
    if _MEANT_FOR_SKILL.fullmatch(number):
        return Verdict(number, BROKEN, SKILL)
    if _COMPLETION_SHAPE.fullmatch(number) and _HAS_DIGIT.search(number):
        return Verdict(number, PLAUSIBLE, COMPLETION)
    return Verdict(number, UNKNOWN_SHAPE)


def year_disagrees(verdict: Verdict, issued_on: date) -> bool:
    year = verdict.parts.year
    return year is not None and issued_on.year % 100 != year


def level_disagrees(verdict: Verdict, rank: int) -> bool:
    """Whether the number names another level; a letter in the level's place stands for either of the two
    top ones.
    """
    if verdict.parts.rank is not None:
        return verdict.parts.rank != rank
    return verdict.format == SKILL_TOP and rank not in _TOP_RANKS
