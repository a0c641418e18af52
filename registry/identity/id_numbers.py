"""Numbers of identity documents: clean, recognise and check them.

One pass judges a number in the order that the clerk sees: length, characters, birth date, check digit (GB
11643; ISO 7064 MOD 11-2). A region code that no list holds is not this module's business: cards keep
codes that were abolished long ago. The good 18-character number takes a few microseconds, because a
ledger has a million of them.

Messages are Chinese, the source language, and never hold the number; the interface translates them by code.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import NamedTuple

ID_CARD = "id_card"  # 居民身份证, 18 characters, or 15 before 2000
HMT_PERMIT = "hmt_permit"  # 港澳台居民居住证: 81, 82, 83
FOREIGN_PR = "foreign_pr"  # 外国人永久居留身份证, issued since 2023-12: 18 characters, the first is 9
FOREIGN_PR_OLD = "foreign_pr_old"  # the same before: three letters, twelve digits, no check rule published
PASSPORT = "passport"
HM_PASS = "hm_pass"  # 港澳居民来往内地通行证
TW_PASS = "tw_pass"  # 台湾居民来往大陆通行证
KINDS = (ID_CARD, HMT_PERMIT, FOREIGN_PR, FOREIGN_PR_OLD, PASSPORT, HM_PASS, TW_PASS)

ID_LENGTH, ID_CHARACTER = "ID_LENGTH", "ID_CHARACTER"
ID_BIRTH_DATE, ID_CHECK_DIGIT = "ID_BIRTH_DATE", "ID_CHECK_DIGIT"

OLDEST = 120  # completed years: nobody alive is older, so such a birth date is a slip of the pen

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_MOD11_KINDS = frozenset((None, ID_CARD, HMT_PERMIT, FOREIGN_PR, FOREIGN_PR_OLD))
_PREFIX_KINDS = {"81": HMT_PERMIT, "82": HMT_PERMIT, "83": HMT_PERMIT} | {
    f"9{n}": FOREIGN_PR for n in range(10)
}
_FORMATS = {
    PASSPORT: re.compile(r"[A-Z0-9]{5,17}"),
    HM_PASS: re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})"),
    TW_PASS: re.compile(r"[0-9]{8}|[0-9A-Z]{10,11}"),
    FOREIGN_PR_OLD: re.compile(r"[A-Z]{3}[0-9]{12}"),
}
_LENGTHS = {
    PASSPORT: (range(5, 18), "5 至 17"),
    HM_PASS: ((9, 11), "9 或 11"),
    TW_PASS: ((8, 10, 11), "8、10 或 11"),
}
_REMEDY = "请对照证件原件更正"

_DROPPED = "'\"`´‘’′‵ʹʼ‛＇\u00ad\u180e\ufeff" + "".join(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)))
)
_LIKE_X = "x×✕✖╳хХΧχⅩⅹ"
_CLEANING = {**dict.fromkeys(map(ord, _DROPPED)), **dict.fromkeys(map(ord, _LIKE_X), "X")}
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+E\+?|E\+)[0-9]{1,3}")
_FLOAT_TEXT = re.compile(r"[0-9]{15,}\.0*")


class Normalised(NamedTuple):
    value: str
    changed: bool  # whether the clerk is to be told that the cell was cleaned


class Verdict(NamedTuple):
    """What one number says. `value` is what to store (15 digits became 18); `code` is empty when it is
    good.
    """

    value: str
    kind: str
    birth: date | None = None
    sex: str = ""  # M, F, or empty where the number does not carry it
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def region(self) -> str:
        """Six digits of first registration; empty for kinds that carry none."""
        return self.value[:6] if self.kind == ID_CARD and self.ok else ""


def normalise(raw: str) -> Normalised:
    """Half-width, upper case, no blanks, invisible characters or apostrophes; what was meant for X is X."""
    if raw.isascii() and raw.isalnum():
        value = raw.upper()
        return Normalised(value, value != raw)
    value = unicodedata.normalize("NFKC", raw.translate(_CLEANING)).translate(_CLEANING)
    value = "".join(c for c in value if not (c.isspace() or unicodedata.category(c) == "Cc"))
    value = unicodedata.normalize(
        "NFKC", value.upper()
    )  # again: taking characters out may bring others together
    return Normalised(value, value != raw)


def looks_cut_by_excel(text: str, numeric_cell: bool) -> bool:
    """Whether Excel kept only 15 digits of it. The lost ones cannot be recovered, so it is never repaired.

    A check digit alone lets one in eleven of such numbers through; hence any 18 digits that end in 000
    are refused, and every cell that is a number, whatever it shows.
    """
    if numeric_cell:
        return True
    if len(text) == 18 and text.endswith("000"):
        return text.isascii() and text.isdigit()
    return bool(_SCIENTIFIC.fullmatch(text) or _FLOAT_TEXT.fullmatch(text))


def check_digit(first17: str) -> str:
    """The 18th character that belongs to 17 digits. Raises KeyError when they are not digits."""
    return _CHECKS[sum(w * _DIGITS[c] for w, c in zip(_WEIGHTS, first17, strict=True)) % 11]


def upgrade(fifteen: str) -> str:
    """The 18-character form of a 15-digit number (all were issued to people born in the 1900s)."""
    first17 = f"{fifteen[:6]}19{fifteen[6:]}"
    return first17 + check_digit(first17)


def check(value: str, kind: str | None = None, on: date | None = None) -> Verdict:
    """Judge a normalised number. `kind` is what the sheet says, if it does; `on` the day of judging
    (today).
    """
    if kind not in _MOD11_KINDS:
        return _check_format(value, kind or "")
    if len(value) == 18:
        return _check_18(value, on)
    if len(value) == 15:
        return _check_15(value, on)
    if kind is None and _FORMATS[HM_PASS].fullmatch(value):
        return Verdict(value, HM_PASS)
    expected = "15 或 18" if kind in (FOREIGN_PR, FOREIGN_PR_OLD) else "18"
    message = f"证件号码应为 {expected} 位，现为 {len(value)} 位；{_REMEDY}"
    return Verdict(value, kind or ID_CARD, code=ID_LENGTH, message=message)


def _check_18(value: str, on: date | None) -> Verdict:
    text = value[6:14]
    born = _DAYS.get(text) or _day(text)
    if born is None:
        return _faulty_18(value)
    try:
        # The tables hold nothing but ASCII digits, so looking up finds a stray character at no cost.
        share, sex = _TAIL[value[14:17]]
        expected = _CHECKS[(_HEAD[value[:3]] + _NECK[value[3:6]] + born[1] + share) % 11]
    except KeyError:
        return _faulty_18(value)
    lowest, highest = _birth_bounds(on or date.today())
    if not lowest <= text <= highest:
        return _faulty_birth(value, future=text > highest)
    if value[17] != expected:
        return _faulty_check(value, expected)
    kind = _PREFIX_KINDS.get(value[:2], ID_CARD)
    return Verdict(value, kind, born[0], sex if kind != FOREIGN_PR else "")


def _check_15(value: str, on: date | None) -> Verdict:
    if _FORMATS[FOREIGN_PR_OLD].fullmatch(value):
        return Verdict(value, FOREIGN_PR_OLD)
    wrong = next((i for i, c in enumerate(value, 1) if c not in _DIGITS), 0)
    if wrong:
        return Verdict(value, ID_CARD, code=ID_CHARACTER, message=_character_message(value, wrong))
    verdict = _check_18(upgrade(value), on)
    if verdict.ok:
        return verdict
    return verdict._replace(value=value, message=verdict.message.replace("第 7 至 14 位", "第 7 至 12 位"))


def _check_format(value: str, kind: str) -> Verdict:
    """Documents without a published check rule: length and characters are all that can be said."""
    if kind not in _LENGTHS:
        raise ValueError(f"unknown kind of document: {kind}")
    lengths, words = _LENGTHS[kind]
    if len(value) not in lengths:
        message = f"该类证件号码应为 {words} 位，现为 {len(value)} 位；{_REMEDY}"
        return Verdict(value, kind, code=ID_LENGTH, message=message)
    if not _FORMATS[kind].fullmatch(value):
        return Verdict(
            value, kind, code=ID_CHARACTER, message=f"证件号码里有该类证件不会出现的字符；{_REMEDY}"
        )
    return Verdict(value, kind)


def _faulty_18(value: str) -> Verdict:
    """Name the first fault of a number whose parts are not all known: a character first, then the date."""
    wrong = next((i for i, c in enumerate(value[:17], 1) if c not in _DIGITS), 0)
    if not wrong and value[17] not in _CHECKS:
        wrong = 18
    if wrong:
        return Verdict(value, _guess(value), code=ID_CHARACTER, message=_character_message(value, wrong))
    return Verdict(
        value, _guess(value), code=ID_BIRTH_DATE, message=f"第 7 至 14 位的出生日期不存在；{_REMEDY}"
    )


def _faulty_birth(value: str, *, future: bool) -> Verdict:
    if value[17] not in _CHECKS:
        return _faulty_18(value)
    what = "晚于今天" if future else f"早于 {OLDEST} 年前"
    return Verdict(
        value, _guess(value), code=ID_BIRTH_DATE, message=f"第 7 至 14 位的出生日期{what}；{_REMEDY}"
    )


def _faulty_check(value: str, expected: str) -> Verdict:
    if value[17] not in _CHECKS:
        return _faulty_18(value)
    message = f"校验码不符：按前 17 位推算，第 18 位应为 {expected}；{_REMEDY}"
    return Verdict(value, _guess(value), code=ID_CHECK_DIGIT, message=message)


def _character_message(value: str, position: int) -> str:
    if "*" in value:
        return "证件号码被星号遮盖；请填写完整号码"
    allowed = "数字或 X" if position == 18 else "数字"
    return f"证件号码第 {position} 位应为{allowed}；{_REMEDY}"


def _guess(value: str) -> str:
    return _PREFIX_KINDS.get(value[:2], ID_CARD)


@lru_cache(maxsize=4096)
def _birth_bounds(on: date) -> tuple[str, str]:
    """First and last birth date, as YYYYMMDD, of a person who is alive and at most OLDEST on this day."""
    month_day = f"{on:%m%d}"
    return f"{on.year - OLDEST - 1:04d}{month_day}~", f"{on.year:04d}{month_day}"


def _day(text: str) -> tuple[date, int] | None:
    """A real day and its share of the weighted sum, remembered; None for a day that no calendar has."""
    try:
        share = sum(w * _DIGITS[c] for w, c in zip(_WEIGHTS[6:14], text, strict=True))
        day = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except (KeyError, ValueError):
        return None
    if 1850 < day.year < 2200:  # a hostile file cannot fill the memory with years that nobody was born in
        _DAYS[text] = (day, share)
    return day, share


def _shares(start: int) -> dict[str, int]:
    """Weighted sums of every three digits that may stand from this position on."""
    a, b, c = _WEIGHTS[start : start + 3]
    return {f"{n:03d}": n // 100 * a + n // 10 % 10 * b + n % 10 * c for n in range(1000)}


_DIGITS = {str(n): n for n in range(10)}
_DAYS: dict[str, tuple[date, int]] = {}
_HEAD, _NECK = _shares(0), _shares(3)
_TAIL = {text: (share, "FM"[int(text[2]) % 2]) for text, share in _shares(14).items()}
