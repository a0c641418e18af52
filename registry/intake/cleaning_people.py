"""Cleaners of what belongs to a person: name, identity number, telephone, bank account. See `cleaning`.

Numbers leave the cage sealed and indexed; here alone do they stand in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from registry.identity import bank_accounts, id_numbers
from registry.identity.masking import mask_account, mask_id_number, mask_phone
from registry.intake.cells import NULL, WARNING, Broken, Cell, Fault, copy_bytes, copy_text, plain
from registry.intake.cleaning import Columnar, cell_fault, failed, faults_of, unwrapped
from registry.intake.columns import BLANK, Bench, Clean, Cleaned
from registry.intake.header import normal
from registry.lib import dates
from registry.lib.phones import parse_phone
from registry.lib.text import clean_name, name_key
from registry.lib.unreadable import Unreadable

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
            return failed("NAME_MISSING", "姓名未填；请补填", nothing)
        if len(value) > 50:
            return failed("CELL_ERROR", "姓名超过 50 个字；请检查是否错列", nothing)
        if not any(character.isalpha() for character in value):
            return failed("CELL_ERROR", "姓名栏里不是姓名；请检查是否错列", nothing)
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
    missing = failed("ID_MISSING", "证件号码未填；请补填", nothing)
    cut = failed("ID_TRUNCATED", _CUT, nothing)
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
            return failed(verdict.code, verdict.message, nothing)
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
                return failed("CATEGORY_UNKNOWN", f"证件类型无法识别；请从以下选一：{'、'.join(offered)}", ())
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
        faults = faults_of(cell)
        if why:
            faults = (*faults, Fault("ACCOUNT_SUSPECT", WARNING, why))
        return Cleaned(fields, value, faults)

    return clean
