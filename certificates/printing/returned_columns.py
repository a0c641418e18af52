"""Numbers given elsewhere, with the sheet of paper each stands on (证书编号回填, 证书印制流水码). Pure.

The optional heading of the contract beside those of T5 (domain notes §3.2); read by the caged child.
"""

from __future__ import annotations

from dataclasses import replace

from certificates.issuance.backfill_columns import BACKFILL as NUMBERS
from certificates.printing import stock
from registry.intake import cleaning
from registry.intake.cells import NULL, Cell, plain
from registry.intake.columns import BLANK, Bench, Clean, Cleaned, Column, words

_EXACT = 10**15  # from here on a number cell has lost digits
_BAD = "流水码应以数字结尾，只含字母、数字和短横线，不超过 30 位；请对照证书更正"
_CUT = "流水码已被 Excel 转为数字，末几位已丢失；请把该列设为文本后重新填写"


def _serial(bench: Bench, heading: str) -> Clean:
    def clean(cell: Cell) -> Cleaned:
        fault = cleaning.cell_fault(cell)
        if fault is not None:
            return fault
        if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= _EXACT:
            return cleaning.failed("NUMBER_INVALID", _CUT)
        text = cleaning.unwrapped(plain(cell))
        if not text:
            return BLANK
        try:
            (serial,) = stock.run(text, 1)
        except stock.BadStock:
            return cleaning.failed("NUMBER_INVALID", _BAD, NULL)
        return Cleaned(serial, serial)

    return clean


STOCK = Column(
    "stock",
    "证书印制流水码",
    _serial,
    synonyms=words("印制流水码 印制流水号 流水码 流水号 证书流水码 证书流水号 纸张流水码"),
    staged=(("stock", "text"),),
    memo=False,
    note="单元格须为文本格式；没有的留空",
    example="XJ20240001",
    width=18,
)

BACKFILL = replace(
    NUMBERS,
    origin="certificates.printing.returned_columns:BACKFILL",
    columns=(*NUMBERS.columns, STOCK),
)
