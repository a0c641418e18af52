"""Numbers given elsewhere, brought back (证书编号回填): a row is one certificate of somebody who passed here. Pure.

Headings of T5 of the domain notes (§3.2); read by the caged child.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from certificates.issuance import numbering
from certificates.issuance.cells import certificate_number
from registry.intake import cleaning
from registry.intake.cells import ERROR, Fault
from registry.intake.columns import Bench, Column, Finish, SheetSpec, words
from registry.intake.person_columns import DOC_KIND, ID_NUMBER, NAME

OCCUPATION = Column(
    "occupation",
    "职业（工种）",
    cleaning.text(120),
    synonyms=words("职业(工种) 职业工种名称 职业名称 职业 工种 工种名称"),
    staged=(("occupation", "text"),),
    example="焊工",
    width=18,
)
LEVEL = Column(
    "level",
    "等级",
    cleaning.level,
    synonyms=words("认定等级 职业技能等级 级别 证书等级"),
    staged=(("level", "smallint"),),
    choices=("初级工", "中级工", "高级工", "技师", "高级技师"),
    example="中级工",
)
NUMBER = Column(
    "cert_no",
    "证书编号",
    certificate_number,
    synonyms=words("证书号 证书号码 职业技能等级证书编号"),
    staged=(("cert_no", "text"), ("cert_verdict", "text")),
    memo=False,
    note="单元格须为文本格式",
    example="S000065000123244000057",
    width=26,
)
ISSUED_ON = Column(
    "cert_on",
    "发证日期",
    cleaning.day(required=True),
    synonyms=words("证书版面发证日期 发证时间 颁证日期 证书日期"),
    staged=(("cert_on", "date"),),
    example="2024-04-10",
)

_MISSING = Fault("CERTIFICATE_NUMBER_FORMAT", ERROR, "证书编号未填；请填写，或删去这一行")
_YEAR = Fault("CERTIFICATE_MISMATCH", ERROR, "证书编号中的年份与发证日期不符；请对照证书更正其一")
_LEVEL = Fault("CERTIFICATE_MISMATCH", ERROR, "证书编号中的等级与等级列不符；请对照证书更正其一")


def _finish(bench: Bench) -> Finish:
    def finish(values: dict[str, list[Any]], staged: dict[str, Sequence[str]]) -> None:
        rows = zip(bench.column("cert_no"), bench.column("cert_on"), bench.column("level"), strict=True)
        for at, (verdict, issued, level) in enumerate(rows):
            if verdict is None:
                if not bench.is_faulty(at, "cert_no"):
                    bench.tell_of(at, NUMBER, _MISSING)
                continue
            if issued is not None and numbering.year_disagrees(verdict, issued):
                bench.tell_of(at, NUMBER, _YEAR)
            if level is not None and numbering.level_disagrees(verdict, level):
                bench.tell_of(at, NUMBER, _LEVEL)

    return finish


BACKFILL = SheetSpec(
    kind="certificates",
    label="证书编号回填表",
    origin="certificates.issuance.backfill_columns:BACKFILL",
    columns=(NAME, ID_NUMBER, DOC_KIND, OCCUPATION, LEVEL, NUMBER, ISSUED_ON),
    required=(("name",), ("id_number",), ("cert_no",), ("cert_on",)),
    finish=_finish,
)
