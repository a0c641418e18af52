"""The board as a workbook: the same figures, one sheet for each table, the definition on top of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _

from registry.lib.xlsx import add_sheet, open_book
from training.targets import wording
from training.targets.board import DIVISIONS, PROVIDERS, Board
from training.targets.progress import Progress
from training.targets.queries import Line

Cells = Sequence[str | int | float | None]

_MONEY = Decimal(100)


def write(out: BinaryIO, board: Board) -> None:
    """Figures, the numbers of the plan with their remarks, what lies below, and the months."""
    chosen = board.selection
    sentence = wording.definition(chosen.counts["n"], chosen.place, chosen.period)
    with open_book(out) as book:
        bold = book.add_format({"bold": True, "bottom": 1})

        def table(
            name: str, headings: Sequence[str], rows: Iterable[Cells], above: Sequence[str] = ()
        ) -> None:
            sheet = add_sheet(book, name)
            sheet.set_column(0, 1, 24)
            sheet.set_column(2, 20, 14)
            at = 0
            for text in above:
                sheet.write_string(at, 0, text)
                at += 1
            for column, heading in enumerate(headings):
                sheet.write_string(at, column, heading, bold)
            for row in rows:
                at += 1
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(at, column, cell)
                    elif cell is not None:
                        sheet.write_number(at, column, cell)

        names = [str(title) for title in wording.COLUMNS.values()]
        until = _("数据截至 %(day)s") % {"day": board.today.isoformat()}
        table(
            _("合计"),
            [_("项目"), _("数")],
            zip(names, _figures(board), strict=True),
            [chosen.plan.name, sentence, until],
        )
        titles = {DIVISIONS: _("地区"), PROVIDERS: _("机构")}
        if board.lines:
            heading = titles.get(board.below, _("班级"))
            table(
                heading,
                [heading, _("目标"), _("完成率"), _("进度"), *names],
                map(_line, board.lines),
                [sentence],
            )
        if board.months is not None:
            table(
                _("按月"),
                [_("年份"), *(_("%(month)d月") % {"month": month} for month in range(1, 13))],
                ([str(year), *(value for _month, value in cells)] for year, cells in board.month_rows()),
                [sentence],
            )
        if board.numbers:
            table(_("规划指标"), _number_headings(), _numbers(board))
            table(
                _("数据疑点"),
                [_("序号"), _("标题"), _("说明")],
                ([remark.number, remark.title, remark.text] for remark in board.remarks),
            )


def _figures(board: Board) -> list[int | float | None]:
    return [_shown(name, board.figures[name]) for name in wording.COLUMNS]


def _shown(name: str, value: int | None) -> int | float | None:
    """Money in yuan, everything else as it is."""
    return float(value / _MONEY) if name == "amount_fen" and value is not None else value


def _line(line: Line) -> Cells:
    found = line.progress or None
    return [
        line.name or _("未注明"),
        _whole(found),
        None if found is None or found.rate is None else float(round(found.rate, 4)),
        found.word if found else "",
        *(_shown(name, line.figures[name]) for name in wording.COLUMNS),
    ]


def _whole(found: Progress | None) -> int | None:
    return None if found is None or found.target is None else int(found.target)


def _number_headings() -> list[str]:
    return [
        _("指标"),
        _("分项"),
        _("编号"),
        _("时期"),
        _("所载数"),
        _("单位"),
        _("类型"),
        _("属性"),
        _("文中位置"),
        _("登记人次"),
        _("登记人数"),
        _("完成率"),
        _("进度"),
        _("说明"),
        _("数据疑点"),
    ]


def _numbers(board: Board) -> Iterable[Cells]:
    for line in board.numbers:
        target, found = line.target, line.progress
        yield [
            target.indicator.name,
            target.item,
            target.indicator_id,
            target.period,
            target.printed,
            target.unit,
            str(target.get_kind_display()),
            str(target.get_nature_display()),
            target.place,
            line.times,
            line.people,
            None if found.rate is None else float(round(found.rate, 4)),
            found.word,
            "；".join(filter(None, [target.note, found.note])),
            "、".join(str(number) for number in line.remarks),
        ]
