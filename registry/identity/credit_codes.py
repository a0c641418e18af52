"""Unified social credit codes of institutions (GB 32100-2015) with the organisation code inside (GB 11714).

Layout: registering department 1, kind 1, region 6, subject 9 (the organisation code with its own check),
check 1. Departments N (villages' collective organisations) and Y are in use and accepted.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from registry.identity.id_numbers import Normalised, normalise

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I O S V Z, which are taken for 1 0 5 U 2
DEPARTMENTS: Final = {
    "1": "机构编制",
    "2": "外交",
    "3": "司法行政",
    "4": "文化",
    "5": "民政",
    "6": "旅游",
    "7": "宗教",
    "8": "工会",
    "9": "市场监管",
    "A": "中央军委改革和编制办公室",
    "N": "农业农村",
    "Y": "其他",
}
CREDIT_LENGTH, CREDIT_CHARACTER = "CREDIT_LENGTH", "CREDIT_CHARACTER"
CREDIT_DEPARTMENT, CREDIT_CHECK_DIGIT, CREDIT_INNER_CHECK_DIGIT = (
    "CREDIT_DEPARTMENT",
    "CREDIT_CHECK_DIGIT",
    "CREDIT_INNER_CHECK_DIGIT",
)

_VALUES = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_INNER_CHECKS = "0X987654321"  # by sum mod 11: 11 minus it, where 10 is X and 11 is 0
_ORGANISATION = re.compile(r"[0-9A-Z]{8}[0-9X]")
_REMEDY = "请对照营业执照或登记证书更正"


class Verdict(NamedTuple):
    """`code` is empty when the credit code is good; `message` is Chinese and says what to do."""

    value: str
    code: str = ""
    message: str = ""

    @property
    def ok(self) -> bool:
        return not self.code

    @property
    def department(self) -> str:
        """The registering department in Chinese: 民政 for schools that are no companies, 市场监管 for
        companies.
        """
        return DEPARTMENTS.get(self.value[:1], "")

    @property
    def region(self) -> str:
        return self.value[2:8] if self.ok else ""

    @property
    def organisation(self) -> str:
        return self.value[8:17] if self.ok else ""


def normalise_code(raw: str) -> Normalised:
    """Half-width, upper case, without blanks and dashes. Letters that look like digits are not put right."""
    value = normalise(raw).value.replace("-", "")
    return Normalised(value, value != raw)


def check_character(first17: str) -> str:
    """The 18th character that belongs to the first 17. Raises KeyError for one outside the alphabet."""
    total = sum(w * _VALUES[c] for w, c in zip(_WEIGHTS, first17, strict=True))
    return ALPHABET[-total % 31]


def organisation_check(first8: str) -> str:
    """The ninth character of an organisation code (GB 11714). Letters count from A = 10 to Z = 35."""
    return _INNER_CHECKS[sum(w * int(c, 36) for w, c in zip(_INNER_WEIGHTS, first8, strict=True)) % 11]


def organisation_code_ok(value: str) -> bool:
    """Whether nine characters (the dash left out) are an organisation code."""
    return bool(_ORGANISATION.fullmatch(value)) and organisation_check(value[:8]) == value[8]


def check(value: str) -> Verdict:
    """Judge a normalised code; the first fault is named."""
    if len(value) != 18:
        return Verdict(value, CREDIT_LENGTH, f"统一社会信用代码应为 18 位，现为 {len(value)} 位；{_REMEDY}")
    wrong = next((i for i, c in enumerate(value, 1) if c not in _VALUES), 0)
    if not wrong and not value[2:8].isdigit():
        wrong = 3 + next(i for i, c in enumerate(value[2:8]) if not c.isdigit())
    if wrong:
        message = f"统一社会信用代码第 {wrong} 位的字符不应出现（不用 I、O、S、V、Z）；{_REMEDY}"
        return Verdict(value, CREDIT_CHARACTER, message)
    if value[0] not in DEPARTMENTS:
        return Verdict(value, CREDIT_DEPARTMENT, f"第 1 位不是登记管理部门代码；{_REMEDY}")
    expected, inner = check_character(value[:17]), organisation_check(value[8:16])
    if value[17] != expected:
        hint = "" if value[16] == inner else "，其中第 9 至 17 位的主体标识码也有错"
        message = f"统一社会信用代码校验码不符：按前 17 位推算，第 18 位应为 {expected}{hint}；{_REMEDY}"
        return Verdict(value, CREDIT_CHECK_DIGIT, message)
    if value[16] != inner:
        message = f"主体标识码（第 9 至 17 位）的校验码不符，第 17 位应为 {inner}；多为整段抄错，{_REMEDY}"
        return Verdict(value, CREDIT_INNER_CHECK_DIGIT, message)
    return Verdict(value)
