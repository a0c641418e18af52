"""Cells of a sheet that tell of a certificate: its number, and what kind of certificate it is. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from certificates.issuance import numbering
from registry.intake import cleaning
from registry.intake.cells import ERROR, NULL, Cell, Fault, plain
from registry.intake.columns import Bench, Clean, Cleaned

LONGEST_NUMBER = 40

_FORMAT = "证书编号不符合职业技能等级证书的编号规则(1 位字母加 21 位数字，共 22 位)；请对照证书更正"
_CUT = "证书编号已被 Excel 转为数字，末几位已丢失；请把该列设为文本后重新填写"
_SHAPE = "证书编号应含数字，且不超过 40 个字符；请对照证书更正"
_NO_NUMBER = frozenset(("无", "/", "-", "—", "——", "暂无", "未取得", "未取证", "待发"))
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+?[0-9]+")


def certificate_number(bench: Bench, heading: str) -> Clean:
    """Stages cert_no and cert_verdict. Without a value nothing is staged, and later checks stay silent."""
    nothing = (NULL, NULL)

    def error(message: str) -> Cleaned:
        return Cleaned(nothing, None, (Fault("CERTIFICATE_NUMBER_FORMAT", ERROR, message),))

    def clean(cell: Cell) -> Cleaned:
        if type(cell) is str and cell.isascii() and cell.isalnum():
            text = cell  # the common case
        else:
            fault = cleaning.cell_fault(cell)
            if fault is not None:
                return fault._replace(fields=nothing)
            if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 1e15:
                return error(_CUT)
            text = cleaning.unwrapped(plain(cell))
            if not text or text in _NO_NUMBER:
                return Cleaned(nothing)
            if _SCIENTIFIC.fullmatch(text):
                return error(_CUT)
        verdict = numbering.read(numbering.normalise(text))
        if verdict.verdict == numbering.BROKEN:
            return error(_FORMAT)
        if len(verdict.number) > LONGEST_NUMBER or not any(map(str.isdigit, verdict.number)):
            return error(_SHAPE)
        return Cleaned((verdict.number, verdict.verdict), verdict)

    return clean


_FAMILY_WORDS = (
    ("1+X", "x"),
    ("等级", "skill_level"),
    ("专项", "special"),
    ("资格", "qualification"),
    ("合格", "completion"),
    ("结业", "completion"),
    ("培训", "completion"),
)
_FAMILY_OF_FORMAT = {
    numbering.SKILL: "skill_level",
    numbering.SKILL_TOP: "skill_level",
    numbering.PILOT: "skill_level",
    numbering.QUALIFICATION: "qualification",
    numbering.COMPLETION: "completion",
}


@lru_cache(maxsize=4096)
def family_of(name: str, format_: str) -> str:
    """Which kind of certificate: by its name, else by the form of its number."""
    for word, family in _FAMILY_WORDS:
        if word in name:
            return family
    return _FAMILY_OF_FORMAT.get(format_, "other")
