"""xlsx, xlsm, xls and ods through calamine."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import python_calamine as calamine

from registry.intake import refusal
from registry.intake.cells import Row
from registry.intake.readers import Merge, Sheet
from registry.intake.refusal import Refusal


class BookSheet(Sheet):
    def __init__(self, sheet: calamine.CalamineSheet, merges: Sequence[Merge] | None) -> None:
        self._sheet = sheet
        if merges is None:
            merges = [
                (first[0] + 1, first[1], last[0] + 1, last[1])
                for first, last in sheet.merged_cell_ranges or ()
            ]
        super().__init__(name=sheet.name, total=sheet.total_height + 1, merges=merges)

    def rows(self) -> Iterator[Row]:
        yield from enumerate(self._sheet.iter_rows(), 1)


class Workbook:
    """``merges`` by the name of the sheet, for formats in which calamine does not find them."""

    def __init__(self, path: str, merges: Mapping[str, Sequence[Merge]] | None = None) -> None:
        self._merges = merges or {}
        try:
            self._book = calamine.load_workbook(path)
        except calamine.PasswordError:
            raise Refusal(refusal.FILE_UNREADABLE, "文件设有打开密码；请取消密码后再上传") from None
        except (calamine.CalamineError, OSError, ValueError):
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
        try:
            return BookSheet(self._book.get_sheet_by_name(name), self._merges.get(name))
        except (calamine.CalamineError, OSError, ValueError):
            raise _unreadable() from None


def _unreadable() -> Refusal:
    return Refusal(
        refusal.FILE_UNREADABLE, "表格内容已损坏，无法读取；请用 Excel 或 WPS 打开后另存为 xlsx，再上传"
    )
