"""The blank workbook of a kind: headings, drop-downs and notes, made from the same columns that read it back."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from registry.intake.columns import Column, SheetSpec
from registry.lib.xlsx import Book, Sheet, add_sheet, open_book

_ROWS = 5_000
_LIST_LIMIT = 255  # characters that a spreadsheet takes for a drop-down written in place


def write(spec: SheetSpec, out: Path | BinaryIO) -> None:
    """An xlsx whose first sheet is headed and otherwise empty, and whose second explains each column."""
    with open_book(out, constant_memory=False) as book:
        # Text, so that a number of eighteen digits is not cut to fifteen.
        text = book.add_format({"num_format": "@"})
        wanted = book.add_format({"bold": True, "bg_color": "#FDE9D9", "border": 1, "text_wrap": True})
        optional = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "text_wrap": True})
        sheet = add_sheet(book, spec.label)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(spec.offered):
            sheet.set_column(at, at, column.width, text)
            sheet.write_string(0, at, column.heading, wanted if spec.is_required(column.key) else optional)
            _help(sheet, at, column)
        _explain(book, spec)


def _help(sheet: Sheet, at: int, column: Column) -> None:
    if column.note:
        sheet.write_comment(0, at, column.note)
    if column.choices and len(",".join(column.choices)) <= _LIST_LIMIT:
        sheet.data_validation(
            1,
            at,
            _ROWS,
            at,
            {
                "validate": "list",
                "source": list(column.choices),
                "error_type": "warning",
                "error_title": "不在备选项内",
                "error_message": "请从下拉列表中选择",
            },
        )


def _explain(book: Book, spec: SheetSpec) -> None:
    sheet = add_sheet(book, "填写说明")
    head = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 1, 16, wrap)
    sheet.set_column(2, 3, 50, wrap)
    for at, title in enumerate(("列名", "必填", "说明", "可填内容或示例")):
        sheet.write_string(0, at, title, head)
    for line, column in enumerate(spec.offered, start=1):
        sheet.write_string(line, 0, f"〔{column.heading}〕")
        sheet.write_string(line, 1, "必填" if spec.is_required(column.key) else "选填")
        sheet.write_string(line, 2, column.note)
        sheet.write_string(line, 3, "、".join(column.choices) or column.example)
