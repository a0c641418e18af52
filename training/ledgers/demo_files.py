"""The demo's ledgers as files, each in another of the shapes that offices send: none of them tidy."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

import xlsxwriter

from training.ledgers.demo import HEADINGS, Values, ledgers

Line = Sequence[object]
# Columns that no registry has any business with; offices keep them all the same.
PRIVATE = ("民族", "政治面貌")
SHARED = ("培训机构", "班级编号", "培训工种", "培训开始时间", "培训结束时间")
SAVED = dt.datetime(2026, 7, 1, 9)  # the same bytes every time


class DemoFile(NamedTuple):
    name: str
    data: bytes
    kind: str
    options: dict[str, str]


def files(rows: int, seed: int) -> Iterator[DemoFile]:
    """About ``rows`` lines in one file for each office, styles in turn."""
    for number, (office, lines) in enumerate(ledgers(rows, seed)):
        ending, write = STYLES[number % len(STYLES)]
        yield DemoFile(
            f"{office.title}.{ending}", write(office.title, lines), "ledger", {"funding": office.funding}
        )


def _cells(line: Values, headings: Sequence[str], *, day: str = "%Y-%m-%d") -> list[object]:
    values = [line.get(heading, "略" if heading in PRIVATE else None) for heading in headings]
    return [value.strftime(day) if isinstance(value, dt.date) and day else value for value in values]


def _titled(title: str, lines: list[Values]) -> bytes:
    """Title rows above, a footer below, columns that must be ignored, two more sheets, one of them hidden."""
    headings = ("序号", *HEADINGS[:2], *PRIVATE, *HEADINGS[2:])
    body = [[i, *_cells(line, headings[1:], day="%Y.%m.%d")] for i, line in enumerate(lines, 1)]
    above: list[Line] = [[title], ["填报单位(盖章):", None, None, "填报日期:2026年7月1日"]]
    below: list[Line] = [
        [],
        ["合计", f"{len(lines)}人次"],
        ["填表人:李丽", None, "审核人:张强", None, "联系电话:0991-2345678"],
    ]
    width = len(headings) - 1
    return _workbook([*above, headings, *body, *below], merges=[(0, 0, width), (1, 0, 2)])


def _two_lines(title: str, lines: list[Values]) -> bytes:
    """A heading of two lines, real dates, levels in words, amounts with a unit."""
    upper = (
        "序号",
        "姓名",
        "身份证号",
        "培训机构",
        "班级编号",
        "培训工种",
        "等级",
        "培训时间",
        None,
        "课时",
        "考核",
        None,
        "证书",
        None,
        None,
        "补贴",
        None,
        "人员类别",
        "培训类型",
    )
    lower = [None] * 7 + [
        "开始时间",
        "结束时间",
        None,
        "成绩",
        "结果",
        "名称",
        "编号",
        "发证日期",
        "金额",
        "资金来源",
        None,
        None,
    ]
    words = {"五级": "初级工", "四级": "中级工", "三级": "三级/高级工"}
    body = []
    for number, line in enumerate(lines, 1):
        amount = line.get("补贴金额")
        line = {
            **line,
            "等级": words.get(str(line["等级"]), line["等级"]),
            "补贴金额": f"{amount}元" if isinstance(amount, int) else amount,
        }
        body.append([number, *_cells(line, HEADINGS, day="")])
    return _workbook(
        [[title], upper, lower, *body], merges=[(0, 0, 18), (1, 7, 8), (1, 10, 11), (1, 12, 14), (1, 15, 16)]
    )


def _merged(title: str, lines: list[Values]) -> bytes:
    """What a class shares is written once and merged down, or left to 同上; headings return on each printed page."""
    rows: list[Line] = [[title], HEADINGS]
    spans: list[tuple[int, int, int]] = []
    above: Values = {}
    for number, line in enumerate(lines):
        same = all(line.get(key) == above.get(key) for key in SHARED)
        shown = {**line, **dict.fromkeys(SHARED)} if same else line
        above = line
        if number and number % 40 == 0:
            rows += [[], HEADINGS]
            shown = line
        rows.append(_cells(shown, HEADINGS, day="%Y年%m月%d日"))
    starts = [i for i, row in enumerate(rows) if i > 1 and row and row[2]] + [len(rows)]
    columns = [HEADINGS.index(key) for key in SHARED]
    for first, following in pairwise(starts):
        last = following - 1
        while last > first and (not rows[last] or rows[last] == HEADINGS):
            last -= 1
        spans += [(first, last, column) for column in columns if last > first]
    return _workbook(rows, down=spans)


def _gb18030(title: str, lines: list[Values]) -> bytes:
    """Comma-separated, in the encoding of the office computer; X in lower case, dates with slashes."""
    headings = (*HEADINGS[:2], "民族", *HEADINGS[2:])
    rows = [_cells(line, headings, day="%Y/%m/%d") for line in lines]
    return _delimited([[title], headings, *rows], ",").encode("gb18030")


def _html(title: str, lines: list[Values]) -> bytes:
    """What the old reporting system exports: a web page called .xls."""
    rows: list[Line] = [HEADINGS, *(_cells(line, HEADINGS, day="%Y%m%d") for line in lines)]
    cells = "".join(f"<tr>{''.join(f'<td>{escape(_text(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f'<html><meta charset="utf-8"><body><h3>{title}</h3><table border=1>{cells}</table></body></html>'.encode()


def _tabs(title: str, lines: list[Values]) -> bytes:
    """Tab-separated UTF-16, as WPS saves “Unicode 文本”, under the name of a workbook."""
    rows = [_cells(line, HEADINGS) for line in lines]
    return b"\xff\xfe" + _delimited([HEADINGS, *rows], "\t").encode("utf-16-le")


STYLES: tuple[tuple[str, Callable[[str, list[Values]], bytes]], ...] = (
    ("xlsx", _titled),
    ("csv", _gb18030),
    ("xlsx", _two_lines),
    ("xls", _html),
    ("xlsx", _merged),
    ("xls", _tabs),
)


def _text(cell: object) -> str:
    """As Excel writes a cell into a text file: a damaged number shows in scientific notation."""
    if cell is None:
        return ""
    return f"{cell:.5E}" if isinstance(cell, float) else str(cell)


def _delimited(rows: Sequence[Line], separator: str) -> str:
    return "".join(separator.join(map(_text, row)) + "\r\n" for row in rows)


def _workbook(
    rows: Sequence[Line],
    *,
    merges: Sequence[tuple[int, int, int]] = (),
    down: Sequence[tuple[int, int, int]] = (),
) -> bytes:
    """``merges`` are (row, first column, last column); ``down`` are (first row, last row, column)."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": SAVED})
        day = book.add_format({"num_format": "yyyy/m/d"})
        sheet = book.add_worksheet("台账")
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(number, column, cell, day if isinstance(cell, dt.date) else None)
        for row_number, first, last in merges:
            sheet.merge_range(row_number, first, row_number, last, _text(rows[row_number][first]))
        for first, last, column in down:
            sheet.merge_range(first, column, last, column, _text(rows[first][column]))
        codes = book.add_worksheet("代码表")
        codes.write_column(0, 0, ["资金来源", "就业补助资金", "失业保险基金"])
        book.add_worksheet("打印用").hide()
    return out.getvalue()
