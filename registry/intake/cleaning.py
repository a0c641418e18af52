"""Cleaners: from one cell to what is staged, and what is to be told about it.

Each takes the bench (keys, the row at hand) and the heading as printed, and returns a function of the cell. A
cleaner never guesses: what cannot be read is a fault that says what to do, and leaves nothing staged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TypeAlias

from registry.identity import id_numbers
from registry.intake.cells import (
    ERROR,
    NULL,
    WARNING,
    Broken,
    Cell,
    Fault,
    copy_text,
    hidden_characters,
    is_error_text,
    plain,
)
from registry.intake.columns import BLANK, Bench, Clean, Cleaned
from registry.intake.header import names_ten_thousand, normal
from registry.lib import dates, levels, money
from registry.lib.unreadable import Unreadable

Columnar: TypeAlias = Callable[[Bench, str], Clean]

_WAS_CLEANED = Fault("CLEANED", WARNING, "已清洗：去除了多余的空格、引号或不可见字符，全角已转半角；请核对")
FILLED_DOWN = Fault("CLEANED", WARNING, "已按上一行的内容填充（“同上”或合并单元格）；请核对")
DITTO = frozenset(("同上", "〃", "″", "同 上", '"', "''", "〞", "”", "同左上", "、、", "..", "--″--"))


def broken(cell: Broken) -> Cleaned:
    if cell.what:
        message = f"单元格是公式错误（{cell.what}）；请改为正确的内容"
    else:
        message = "公式没有计算结果；请用 Excel 或 WPS 打开，等计算完成后另存，或把公式粘贴为数值"
    return Cleaned(NULL, None, (Fault("CELL_ERROR", ERROR, message),))


def cell_fault(cell: Cell) -> Cleaned | None:
    """CELL_ERROR for a broken formula, also where it came as text; None for a sound cell."""
    if type(cell) is str:
        return broken(Broken(cell.strip())) if cell and is_error_text(cell.strip()) else None
    if isinstance(cell, Broken):
        return broken(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return broken(Broken("#NUM!"))
    return None


def failed(code: str, message: str, fields: str | tuple[str, ...] = NULL) -> Cleaned:
    return Cleaned(fields, None, (Fault(code, ERROR, message),))


def faults_of(cell: Cell) -> tuple[Fault, ...]:
    """Whether the cell held what nobody sees: said once per cell, whatever else is said of it."""
    return (_WAS_CLEANED,) if type(cell) is str and (hidden_characters(cell) or cell.startswith("'")) else ()


def unwrapped(text: str) -> str:
    """Without the apostrophe that once marked text, and without ="…" around what an export wanted kept as
    text.
    """
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'`’‘＇")


# ---------------------------------------------------------------- when, how much, how well


def day(*, month_end: bool = False, required: bool = False) -> Columnar:
    """A date. A month alone is taken as its first (or last) day, and said so."""

    def prepare(bench: Bench, heading: str) -> Clean:
        def clean(cell: Cell) -> Cleaned:
            fault = cell_fault(cell)
            if fault is not None:
                return fault
            if type(cell) is not str or plain(cell):
                try:
                    found = dates.parse_date(
                        cell if type(cell) is not str else unwrapped(cell), month_end=month_end
                    )
                except Unreadable as error:
                    return failed("DATE_INVALID", str(error))
                return Cleaned(found.day.isoformat(), found.day, _read_as(found))
            return (
                failed("DATE_INVALID", f"{heading or '日期'}未填；请按 2024-03-05 的格式补填")
                if required
                else BLANK
            )

        return clean

    return prepare


def _read_as(found: dates.ReadDate) -> tuple[Fault, ...]:
    if not found.month_only:
        return ()
    return (Fault("CLEANED", WARNING, f"只写了年月，按 {found.day.isoformat()} 登记；请核对"),)


def period(bench: Bench, heading: str) -> Clean:
    """Start and end in one cell; stages both."""

    def clean(cell: Cell) -> Cleaned:
        fault = cell_fault(cell)
        if fault is not None:
            return fault._replace(fields=(NULL, NULL))
        if type(cell) is str and not plain(cell):
            return failed(
                "DATE_INVALID", "起止时间未填；请按 2024-03-05至2024-03-24 的格式补填", (NULL, NULL)
            )
        try:
            found = dates.parse_range(cell if type(cell) is not str else plain(unwrapped(cell)))
        except Unreadable as error:
            return failed("DATE_INVALID", str(error), (NULL, NULL))
        start, end = found.start.day, found.end.day
        faults = _read_as(found.start) or _read_as(found.end)
        return Cleaned((start.isoformat(), end.isoformat()), (start, end), faults)

    return clean


_NUMBER = re.compile(
    r"([-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?|\.\d+)(?:个|分|学时|课时|小时|节|天|h)?"
)


def number(*, most: float, decimals: int, nothing: tuple[str, ...] = ()) -> Columnar:
    """A number from 0 to ``most``. ``nothing`` lists words that mean no number was given (免考, 缺考 …)."""
    unfilled = frozenset((*nothing, "/", "-", "—", "无"))
    message = f"应为 0 至 {most:g} 的数字；请更正"

    def prepare(bench: Bench, heading: str) -> Clean:
        def clean(cell: Cell) -> Cleaned:
            fault = cell_fault(cell)
            if fault is not None:
                return fault
            if isinstance(cell, bool | date):
                return failed("NUMBER_INVALID", message)
            if isinstance(cell, int | float):
                value = float(cell)
            else:
                text = id_numbers.normalise(unwrapped(plain(cell))).value.lower()
                if not text or text in unfilled:
                    return BLANK
                found = _NUMBER.fullmatch(text)
                if found is None:
                    return failed("NUMBER_INVALID", message)
                value = float(found[1].replace(",", ""))
            if not 0 <= value <= most:
                return failed("NUMBER_INVALID", message)
            value = round(value, decimals)
            return Cleaned(f"{value:g}" if value.is_integer() else f"{value:.{decimals}f}", value)

        return clean

    return prepare


def amount(bench: Bench, heading: str) -> Clean:
    """Stages whole fen; a heading that says 万元 counts for cells that name no unit."""
    unit = "万元" if names_ten_thousand(heading) else "元"

    def clean(cell: Cell) -> Cleaned:
        fault = cell_fault(cell)
        if fault is not None:
            return fault
        if type(cell) is str:
            cell = unwrapped(plain(cell))
            if not cell or cell in ("/", "-", "—", "无"):
                return BLANK
        try:
            fen = money.parse_amount(cell, unit=unit)
        except Unreadable as error:
            return failed("NUMBER_INVALID", str(error))
        return Cleaned(str(fen), fen)

    return clean


def level(bench: Bench, heading: str) -> Clean:
    def clean(cell: Cell) -> Cleaned:
        fault = cell_fault(cell)
        if fault is not None:
            return fault
        if isinstance(cell, datetime | date):
            return failed("LEVEL_UNKNOWN", "等级被 Excel 变成了日期；请把该列设为文本后重新填写")
        try:
            rank = levels.parse_level(unwrapped(plain(cell)))
        except Unreadable as error:
            return failed("LEVEL_UNKNOWN", str(error))
        return BLANK if rank is None else Cleaned(str(rank), rank)

    return clean


# ---------------------------------------------------------------- words


def text(longest: int, *, required: bool = False) -> Columnar:
    """Free text on one line, cut at ``longest`` characters, which is told."""

    def prepare(bench: Bench, heading: str) -> Clean:
        def clean(cell: Cell) -> Cleaned:
            fault = cell_fault(cell)
            if fault is not None:
                return fault
            value = unwrapped(plain(cell))
            if not value:
                return BLANK
            faults = faults_of(cell)
            if len(value) > longest:
                value = value[:longest]
                faults = (
                    Fault("CLEANED", WARNING, f"内容超过 {longest} 个字，只登记前 {longest} 个字；请核对"),
                )
            return Cleaned(copy_text(value), value, faults)

        return clean

    return prepare


def choice(words: Mapping[str, str], *, what: str, offered: tuple[str, ...]) -> Columnar:
    """One of a list of codes, by label or synonym. Raises nothing; unknown words are CATEGORY_UNKNOWN."""
    known = {normal(word): code for word, code in words.items()}
    known.update({code: code for code in words.values()})
    message = f"{what}无法识别；请从以下选一：{'、'.join(offered)}"

    def prepare(bench: Bench, heading: str) -> Clean:
        def clean(cell: Cell) -> Cleaned:
            fault = cell_fault(cell)
            if fault is not None:
                return fault
            value = unwrapped(plain(cell))
            if not value or value in ("/", "-", "—", "无"):
                return BLANK
            code = known.get(normal(value))
            if code is None:
                return failed("CATEGORY_UNKNOWN", message)
            return Cleaned(code, code, faults_of(cell))

        return clean

    return prepare
