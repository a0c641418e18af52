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

from registry.identity import bank_accounts, id_numbers
from registry.identity.masking import mask_account, mask_id_number, mask_phone
from registry.intake.cells import (
    ERROR,
    NULL,
    WARNING,
    Broken,
    Cell,
    Fault,
    copy_bytes,
    copy_text,
    hidden_characters,
    is_error_text,
    plain,
)
from registry.intake.columns import BLANK, Bench, Clean, Cleaned
from registry.intake.header import names_ten_thousand, normal
from registry.lib import dates, levels, money
from registry.lib.phones import parse_phone
from registry.lib.text import clean_name, name_key
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


def _error(code: str, message: str, fields: str | tuple[str, ...] = NULL) -> Cleaned:
    return Cleaned(fields, None, (Fault(code, ERROR, message),))


def _faults_of(cell: Cell) -> tuple[Fault, ...]:
    """Whether the cell held what nobody sees: said once per cell, whatever else is said of it."""
    return (_WAS_CLEANED,) if type(cell) is str and (hidden_characters(cell) or cell.startswith("'")) else ()


def unwrapped(text: str) -> str:
    """Without the apostrophe that once marked text, and without ="…" around what an export wanted kept as
    text.
    """
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.lstrip("'`’‘＇")


# ---------------------------------------------------------------- who


def name(bench: Bench, heading: str) -> Clean:
    nothing = (NULL, NULL)

    def clean(cell: Cell) -> Cleaned:
        fault = cell_fault(cell)
        if fault is not None:
            return fault._replace(fields=nothing)
        text = cell if type(cell) is str else plain(cell)
        value = clean_name(text)
        if not value:
            return _error("NAME_MISSING", "姓名未填；请补填", nothing)
        if len(value) > 50:
            return _error("CELL_ERROR", "姓名超过 50 个字；请检查是否错列", nothing)
        if not any(character.isalpha() for character in value):
            return _error("CELL_ERROR", "姓名栏里不是姓名；请检查是否错列", nothing)
        faults = () if value == text else (_NAME_CLEANED,)
        return Cleaned((copy_text(value), copy_text(name_key(value))), value, faults)

    return clean


def holder(bench: Bench, heading: str) -> Clean:
    """A name again, of the account's holder; never stops a row."""

    def clean(cell: Cell) -> Cleaned:
        value = "" if cell_fault(cell) is not None else clean_name(plain(cell))[:50]
        return Cleaned(copy_text(value), value) if value else BLANK

    return clean


_NAME_CLEANED = Fault("CLEANED", WARNING, "姓名已清洗：空格、间隔号或旧编码的生僻字已统一；请核对")
_ID_CLEANED = Fault(
    "CLEANED", WARNING, "证件号码已清洗：去除空格、引号或不可见字符，全角转半角,X 的写法已统一；请核对"
)
_WITHOUT_CHECK = ("passport", "hm_pass", "tw_pass")
_CUT = "证件号码已被 Excel 截断或转为数字，末几位已丢失；请把该列设为文本后重新填写完整号码"


def id_number(bench: Bench, heading: str) -> Clean:
    """Stages doc_kind, bidx, sealed, mask, birth, sex. Needs the row's uuid; the kind of document comes
    first.
    """
    nothing = (NULL,) * 6
    missing = _error("ID_MISSING", "证件号码未填；请补填", nothing)
    cut = _error("ID_TRUNCATED", _CUT, nothing)
    today, values, check = bench.today, bench.values, id_numbers.check
    normalise, looks_cut = id_numbers.normalise, id_numbers.looks_cut_by_excel
    ring = bench.keyring
    seal = ring.sealer("idno") if ring else None
    index = ring.indexer("idno") if ring else None

    def clean(cell: Cell) -> Cleaned:
        kinds = values.get("doc_kind")
        kind = kinds[bench.at] if kinds else None
        changed = False
        if type(cell) is str and len(cell) == 18 and cell.isascii() and cell.isalnum():
            value = cell.upper()  # the common case; a small x is told below
        else:
            fault = cell_fault(cell)
            if fault is not None:
                return fault._replace(fields=nothing)
            numeric = isinstance(cell, float | int) and not isinstance(cell, bool)
            if numeric and (kind not in _WITHOUT_CHECK or abs(cell) >= 1e15):  # type: ignore[arg-type, operator]
                return cut
            text = unwrapped(cell) if type(cell) is str else plain(cell)
            value = normalise(text).value
            if not value:
                return missing
        if (value.endswith("000") or len(value) != 18) and looks_cut(value, False):
            return cut
        if type(cell) is str:
            changed = value != cell
        verdict = check(value, kind, today)
        if verdict.code:
            return _error(verdict.code, verdict.message, nothing)
        value = verdict.value
        if seal is None or index is None:
            sealed = indexed = NULL
        else:
            sealed = r"\\x" + seal(value.encode(), bench.row_ids[bench.at]).hex()
            indexed = r"\\x" + index(value).hex()
        birth = verdict.birth
        fields = (
            verdict.kind,
            indexed,
            sealed,
            mask_id_number(value),
            _day_text(birth) if birth is not None else NULL,
            verdict.sex,
        )
        return Cleaned(fields, verdict, (_ID_CLEANED,) if changed else ())

    return clean


_day_texts: dict[date, str] = {}


def _day_text(day: date) -> str:
    text = _day_texts.get(day)
    if text is None:
        text = day.isoformat()
        if len(_day_texts) < 50_000:
            _day_texts[day] = text
    return text


def doc_kind(words: Mapping[str, str], offered: tuple[str, ...]) -> Columnar:
    """The kind of document as said; stages nothing by itself, the number decides with it."""
    known = {normal(word): code for word, code in words.items()}

    def prepare(bench: Bench, heading: str) -> Clean:
        def clean(cell: Cell) -> Cleaned:
            fault = cell_fault(cell)
            if fault is not None:
                return fault._replace(fields=())
            text = plain(cell)
            if not text:
                return Cleaned(())
            code = known.get(normal(unwrapped(text)))
            if code is None:
                return _error("CATEGORY_UNKNOWN", f"证件类型无法识别；请从以下选一：{'、'.join(offered)}", ())
            return Cleaned((), code)

        return clean

    return prepare


def sex(bench: Bench, heading: str) -> Clean:
    """Checked against the number, never stored: the number wins."""
    known = {"男": "M", "女": "F", "1": "M", "2": "F", "男性": "M", "女性": "F", "m": "M", "f": "F"}

    def clean(cell: Cell) -> Cleaned:
        return Cleaned((), known.get(plain(cell).lower()))

    return clean


def birth(bench: Bench, heading: str) -> Clean:
    """Checked against the number, never stored. What cannot be read is no contradiction."""

    def clean(cell: Cell) -> Cleaned:
        try:
            return Cleaned((), dates.parse_date(cell if not isinstance(cell, Broken) else ""))
        except (Unreadable, ValueError):
            return Cleaned(())

    return clean


# ---------------------------------------------------------------- how to reach and to pay


def phone(bench: Bench, heading: str) -> Clean:
    """Stages phone_bidx, phone_sealed, phone_mask: the first mobile of the cell. Never stops a row."""
    nothing = (NULL,) * 3
    ring = bench.keyring
    seal = ring.sealer("phone") if ring else None
    index = ring.indexer("phone") if ring else None
    invalid = Cleaned(
        nothing, None, (Fault("PHONE_INVALID", WARNING, "不是有效的手机号码，未登记；请填写 11 位手机号码"),)
    )
    changed = (
        Fault("CLEANED", WARNING, "联系电话已清洗：只取第一个手机号码，去除区号、分隔符或引号；请核对"),
    )

    def clean(cell: Cell) -> Cleaned:
        if cell_fault(cell) is not None:
            return invalid
        text = plain(cell)
        if not text:
            return Cleaned(nothing)
        number = parse_phone(unwrapped(text))
        if number is None:
            return invalid
        faults = changed if type(cell) is str and cell != number else ()
        if seal is None or index is None:
            return Cleaned((NULL, NULL, mask_phone(number)), number, faults)
        fields = (
            copy_bytes(index(number)),
            copy_bytes(seal(number.encode(), bench.row_ids[bench.at])),
            mask_phone(number),
        )
        return Cleaned(fields, number, faults)

    return clean


def account(bench: Bench, heading: str) -> Clean:
    """Stages bank_bidx, bank_sealed, bank_mask. A damaged number is not stored; one that only looks wrong
    is.
    """
    nothing = (NULL,) * 3
    ring = bench.keyring
    seal = ring.sealer("bank") if ring else None
    index = ring.indexer("bank") if ring else None
    damaged = "银行账号已被 Excel 截断或转为数字，末几位已丢失，未登记；请把该列设为文本后重新填写"

    def unstored(message: str) -> Cleaned:
        return Cleaned(nothing, None, (Fault("ACCOUNT_SUSPECT", WARNING, message),))

    def clean(cell: Cell) -> Cleaned:
        if cell_fault(cell) is not None:
            return unstored("银行账号单元格是公式错误，未登记；请填写账号")
        numeric = isinstance(cell, float | int) and not isinstance(cell, bool)
        if numeric and abs(cell) >= 1e15:  # type: ignore[arg-type, operator]
            return unstored(damaged)
        text = plain(cell)
        if not text:
            return Cleaned(nothing)
        value = bank_accounts.normalise_account(unwrapped(text)).value
        if id_numbers.looks_cut_by_excel(value, False):
            return unstored(damaged)
        why = bank_accounts.suspect(value)
        cut = len(value) > 15 and value.endswith("000")
        if cut or not value.isascii() or not value.isdigit() or len(value) > 32:
            return unstored(why or damaged)
        if seal is None or index is None:
            fields: tuple[str, ...] = (NULL, NULL, mask_account(value))
        else:
            sealed = copy_bytes(seal(value.encode(), bench.row_ids[bench.at]))
            fields = (copy_bytes(index(value)), sealed, mask_account(value))
        faults = _faults_of(cell)
        if why:
            faults = (*faults, Fault("ACCOUNT_SUSPECT", WARNING, why))
        return Cleaned(fields, value, faults)

    return clean


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
                    return _error("DATE_INVALID", str(error))
                return Cleaned(found.day.isoformat(), found.day, _read_as(found))
            return (
                _error("DATE_INVALID", f"{heading or '日期'}未填；请按 2024-03-05 的格式补填")
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
            return _error(
                "DATE_INVALID", "起止时间未填；请按 2024-03-05至2024-03-24 的格式补填", (NULL, NULL)
            )
        try:
            found = dates.parse_range(cell if type(cell) is not str else plain(unwrapped(cell)))
        except Unreadable as error:
            return _error("DATE_INVALID", str(error), (NULL, NULL))
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
                return _error("NUMBER_INVALID", message)
            if isinstance(cell, int | float):
                value = float(cell)
            else:
                text = id_numbers.normalise(unwrapped(plain(cell))).value.lower()
                if not text or text in unfilled:
                    return BLANK
                found = _NUMBER.fullmatch(text)
                if found is None:
                    return _error("NUMBER_INVALID", message)
                value = float(found[1].replace(",", ""))
            if not 0 <= value <= most:
                return _error("NUMBER_INVALID", message)
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
            return _error("NUMBER_INVALID", str(error))
        return Cleaned(str(fen), fen)

    return clean


def level(bench: Bench, heading: str) -> Clean:
    def clean(cell: Cell) -> Cleaned:
        fault = cell_fault(cell)
        if fault is not None:
            return fault
        if isinstance(cell, datetime | date):
            return _error("LEVEL_UNKNOWN", "等级被 Excel 变成了日期；请把该列设为文本后重新填写")
        try:
            rank = levels.parse_level(unwrapped(plain(cell)))
        except Unreadable as error:
            return _error("LEVEL_UNKNOWN", str(error))
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
            faults = _faults_of(cell)
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
                return _error("CATEGORY_UNKNOWN", message)
            return Cleaned(code, code, _faults_of(cell))

        return clean

    return prepare
