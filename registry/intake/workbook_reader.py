"""xls and ods through calamine, and xlsx that the quick reader does not know; what calamine leaves out is
added.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO
from xml.parsers.expat import ExpatError

import python_calamine as calamine

from registry.intake import refusal
from registry.intake.cells import Broken, Cell, Row
from registry.intake.guard import LIMITS
from registry.intake.readers import Merge, Sheet
from registry.intake.refusal import Refusal

_DAMAGE = (calamine.CalamineError, OSError, ValueError)


class BookSheet(Sheet):
    def __init__(
        self, sheet: calamine.CalamineSheet, merges: Sequence[Merge], broken: Mapping[int, Mapping[int, str]]
    ) -> None:
        told = [
            (first[0] + 1, first[1], last[0] + 1, last[1]) for first, last in sheet.merged_cell_ranges or ()
        ]
        total = sheet.end[0] + 1 if sheet.end else 0
        super().__init__(name=sheet.name, total=total, merges=[*told, *merges])
        self._sheet, self._broken = sheet, broken
        # Rows come from the sheet's first on, but columns only from the first that holds something.
        self._left = sheet.start[1] if sheet.start else 0
        if sheet.end and sheet.end[1] >= LIMITS.columns:
            raise Refusal(
                refusal.ARCHIVE_BOMB,
                f"表格右侧很远处(第 {sheet.end[1] + 1} 列)还有内容；请删除多余的列后再上传",
            )

    def rows(self) -> Iterator[Row]:
        left: list[Cell] = [""] * self._left
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            row: list[Cell] = [*left, *cells] if left else list(cells)
            for column, what in self._broken.get(number, {}).items():
                if column < len(row):
                    row[column] = Broken(what)
            yield number, row


class Workbook:
    """``file`` is the same file as ``path``: the one for what calamine does not tell, the other for
    calamine.
    """

    def __init__(self, path: str, file: BinaryIO, format_: str) -> None:
        self._format, self._file = format_, file
        self._last: BookSheet | None = None
        try:
            self._book = calamine.load_workbook(path)
        except calamine.PasswordError:
            raise Refusal(refusal.FILE_UNREADABLE, "文件设有打开密码；请取消密码后再上传") from None
        except _DAMAGE:
            raise _unreadable() from None

    @property
    def names(self) -> Sequence[str]:
        return [
            sheet.name
            for sheet in self._book.sheets_metadata
            if sheet.visible == calamine.SheetVisibleEnum.Visible
            and sheet.typ == calamine.SheetTypeEnum.WorkSheet
        ]

    def open(self, name: str) -> BookSheet:
        # Asked for twice in a row, once to look and once to read; a sheet is loaded whole.
        if self._last is None or self._last.name != name:
            self._last = None
            try:
                merges, broken = self._extras(name)
                self._last = BookSheet(self._book.get_sheet_by_name(name), merges, broken)
            except _DAMAGE:
                raise _unreadable() from None
        return self._last

    def _extras(self, name: str) -> tuple[Sequence[Merge], Mapping[int, Mapping[int, str]]]:
        if self._format == "ods":
            from registry.intake.ods_extras import extras

            try:
                found = extras(self._file).get(name)
            except ExpatError:
                raise _unreadable() from None
            return (found.merges, found.broken) if found else ((), {})
        if self._format == "xls":
            from registry.intake.xls_errors import errors

            names = [sheet.name for sheet in self._book.sheets_metadata]
            by_name = dict(zip(names, errors(self._file), strict=False))
            return (), by_name.get(name, {})
        return (), {}


def _unreadable() -> Refusal:
    return Refusal(
        refusal.FILE_UNREADABLE, "表格内容已损坏，无法读取；请用 Excel 或 WPS 打开后另存为 xlsx，再上传"
    )
