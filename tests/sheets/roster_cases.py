"""开班花名册: a file for each fault of a row, and for each thing a row is warned of or cleaned of."""
# ruff: noqa: E501 - a table of Chinese cells, which count double
# fmt: off

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from . import cast
from .cases import WARNINGS, Case
from .cells import Broken, Cell, Formula, Row, Sheet
from .xlsx import xlsx

HEAD: tuple[str, ...] = ("序号", "姓名", "身份证号", "联系电话")
ID, NAME, PHONE = "身份证号", "姓名", "联系电话"
OPEN_CLASS = "KS-2026-01"


def line(person: cast.Person, *more: Cell, n: Cell = None) -> list[Cell]:
    return [n, person.name, person.id_number, person.phone, *more]


def book(rows: Sequence[Row], *, head: Sequence[str] = HEAD, merges: Sequence[str] = ()) -> bytes:
    """Heading in row 1, rows from 2."""
    return xlsx([Sheet("花名册", [head, *rows], merges)])


def spoiled(name: str, bad: Row, *codes: tuple[str, str], head: Sequence[str] = HEAD, **case: object) -> Case:
    """A good row, the faulty one in row 3, a good row. ``codes`` are (column, code) said of row 3."""
    says = [(3, column, code) for column, code in codes]
    rejected = any(code not in WARNINGS for _, _, code in says)
    rows = [_wide(cast.AYGUL, head), bad, _wide(cast.WANG, head)]
    accepted = [2, 4] if rejected else [2, 3, 4]
    return Case(name, lambda: book(rows, head=head), accepted, says, **case)  # type: ignore[arg-type]


def _wide(person: cast.Person, head: Sequence[str]) -> list[Cell]:
    """A good row under any heading of this file."""
    known: dict[str, Cell] = {
        "姓名": person.name, "身份证号": person.id_number, "证件号码": person.id_number, "联系电话": person.phone,
        "人员类别": "农村转移就业劳动者", "文化程度": "高中", "户籍地区划": "653101",
        "性别": "女" if int(person.id_number[16]) % 2 == 0 else "男",
        "出生日期": f"{person.id_number[6:10]}-{person.id_number[10:12]}-{person.id_number[12:14]}",
        "证件类型": "居民身份证", "开户银行": "示例银行喀什支行", "银行户名": person.name,
        "银行账号": _card(person),
    }
    return [known.get(column) for column in head]


def _card(person: cast.Person) -> str:
    body = "620000" + person.phone + "7"
    return body + _luhn(body)


def _luhn(body: str) -> str:
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(body))]
    return str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def cases() -> Iterator[Case]:
    yield from _plain()
    yield from _identity()
    yield from _cells()
    yield from _people_on_record()
    yield from _class()
    yield from _warned()


def _plain() -> Iterator[Case]:
    rows = [line(p, n=i) for i, p in enumerate(cast.EVERYONE, 1)]
    yield Case("roster_plain.xlsx", lambda: book(rows), range(2, 12))


def _identity() -> Iterator[Case]:
    t = cast.TURSUN
    yield spoiled("roster_name_missing.xlsx", line(t.called("  ")), (NAME, "NAME_MISSING"))
    yield spoiled("roster_id_missing.xlsx", [None, t.name, None, t.phone], (ID, "ID_MISSING"))
    yield spoiled(
        "roster_id_truncated_numeric_cell.xlsx", [None, t.name, 653122198503071000, t.phone], (ID, "ID_TRUNCATED"),
        covers=["D1"],
    )
    yield spoiled(
        "roster_id_truncated_scientific.xlsx", line(t.numbered("6.53122E+17")), (ID, "ID_TRUNCATED"), covers=["D1"]
    )
    yield spoiled(
        "roster_id_truncated_000_tail.xlsx", line(t.numbered(cast.CUT_BY_EXCEL)), (ID, "ID_TRUNCATED"), covers=["D1"]
    )
    yield spoiled("roster_id_length.xlsx", line(t.numbered(t.id_number[:17])), (ID, "ID_LENGTH"))
    yield spoiled("roster_id_character.xlsx", line(t.numbered("65312219850A071235")), (ID, "ID_CHARACTER"))
    yield spoiled("roster_id_birth_date.xlsx", line(t.numbered(cast.NO_SUCH_DAY)), (ID, "ID_BIRTH_DATE"))
    yield spoiled("roster_id_check_digit.xlsx", line(t.numbered(cast.wrong_check(t.id_number))), (ID, "ID_CHECK_DIGIT"))
    twice = [line(p) for p in (cast.AYGUL, cast.WANG, cast.AYGUL, cast.LINA)]
    yield Case(
        "roster_id_duplicate_in_file.xlsx", lambda: book(twice), [2, 3, 5], [(4, ID, "ID_DUPLICATE_IN_FILE")],
        covers=["D10"],
    )
    many = [
        ["", ""], [cast.AYGUL.name, ""], ["", cast.WANG.id_number], [t.name, cast.wrong_check(t.id_number)],
        [cast.LINA.name, cast.LINA.id_number], [cast.CHEN.name, cast.LINA.id_number[:10]],
    ]
    yield Case(
        "roster_every_fault_at_once.xlsx", lambda: book(many, head=("姓名", "身份证号")), [6],
        [(3, ID, "ID_MISSING"), (4, NAME, "NAME_MISSING"), (5, ID, "ID_CHECK_DIGIT"), (7, ID, "ID_LENGTH")],
    )


def _cells() -> Iterator[Case]:
    t = cast.TURSUN
    yield spoiled("roster_cell_error.xlsx", [None, Broken("#REF!"), t.id_number, t.phone], (NAME, "CELL_ERROR"), covers=["D16"])
    yield spoiled(
        "roster_formula_without_value.xlsx", [None, t.name, Formula("VLOOKUP(B3,表2!A:B,2,0)"), t.phone],
        (ID, "CELL_ERROR"), covers=["D16"],
    )
    cached = [line(cast.AYGUL), [None, Formula("表2!A1", t.name), Formula("表2!B1", t.id_number), t.phone], line(cast.WANG)]
    yield Case("roster_formula_with_value.xlsx", lambda: book(cached), [2, 3, 4], covers=["D16"])
    head = (*HEAD, "人员类别")
    good = "农村转移就业劳动者"
    rows = [line(cast.AYGUL, good), line(t, "热心群众"), line(cast.WANG, "两后生")]
    yield Case(
        "roster_category_unknown.xlsx", lambda: book(rows, head=head), [2, 4], [(3, "人员类别", "CATEGORY_UNKNOWN")]
    )


def _people_on_record() -> Iterator[Case]:
    yield spoiled("roster_id_name_conflict.xlsx", line(cast.ON_RECORD_AS_OTHER), (NAME, "ID_NAME_CONFLICT"), covers=["D10"])
    old = [line(cast.TOO_YOUNG), line(cast.AYGUL), line(cast.TOO_OLD)]
    yield Case(
        "roster_age_out_of_range.xlsx", lambda: book(old), [3],
        [(2, ID, "AGE_OUT_OF_RANGE"), (4, ID, "AGE_OUT_OF_RANGE")],
    )
    other = [
        ["居民身份证", *line(cast.OLD_FIFTEEN)[1:]],
        ["港澳台居民居住证", *line(cast.HONG_KONG)[1:]],
        ["港澳台居民居住证", *line(cast.TAIWAN)[1:]],
        ["外国人永久居留身份证", *line(cast.FOREIGN_NEW)[1:]],
        ["外国人永久居留身份证", *line(cast.FOREIGN_OLD)[1:]],
    ]
    yield Case("roster_other_documents.xlsx", lambda: book(other, head=("证件类型", *HEAD[1:])), range(2, 7))


def _class() -> Iterator[Case]:
    rows = [line(p) for p in (cast.AYGUL, cast.WANG)]
    yield Case(
        "roster_class_full.xlsx", lambda: book([line(p) for p in (cast.AYGUL, cast.WANG, cast.LINA)]), [2],
        [(3, ID, "CLASS_FULL"), (4, ID, "CLASS_FULL")], to_class="KS-2026-02",
    )
    yield Case(
        "roster_class_closed.xlsx", lambda: book(rows), [], [(2, ID, "CLASS_CLOSED"), (3, ID, "CLASS_CLOSED")],
        to_class="KS-2026-03",
    )
    yield Case(
        "roster_scope_exceeded.xlsx", lambda: book(rows), [], [(2, ID, "SCOPE_EXCEEDED"), (3, ID, "SCOPE_EXCEEDED")],
        to_class="KS-2026-04",
    )
    seated = [line(cast.SEATED[0], "退役军人"), line(cast.SEATED[1], None), line(cast.AYGUL, "退役军人")]
    yield Case(
        "roster_already_in_the_class.xlsx", lambda: book(seated, head=(*HEAD, "人员类别")), [3, 4],
        [(2, ID, "ALREADY_REGISTERED")], to_class="KS-2026-02", covers=["D10"],
    )
    busy = [line(p) for p in (cast.AYGUL, cast.BUSY_ELSEWHERE)]
    yield Case(
        "roster_session_overlap.xlsx", lambda: book(busy), [2],
        [(3, ID, "SESSION_OVERLAP"), (3, ID, "OVERLAPPING_CLASS")], to_class="KS-2026-06",
        covers=["D10"],
    )
    yield Case(
        "roster_overlapping_class.xlsx", lambda: book(busy), [2, 3], [(3, ID, "OVERLAPPING_CLASS")],
        to_class=OPEN_CLASS, covers=["D10"],
    )


def _warned() -> Iterator[Case]:
    t = cast.TURSUN
    sexes = ("姓名", "性别", "出生日期", "身份证号")
    odd = [t.name, "女", dt.date(1986, 3, 7), t.id_number]
    yield spoiled(
        "roster_sex_and_birth_contradict_id.xlsx", odd, ("性别", "SEX_MISMATCH"), ("出生日期", "BIRTH_MISMATCH"),
        head=sexes, covers=["D14"],
    )
    yield spoiled("roster_phone_invalid.xlsx", [None, t.name, t.id_number, "12345"], (PHONE, "PHONE_INVALID"))
    shared = [[None, p.name, p.id_number, "13909980001"] for p in (cast.AYGUL, cast.TURSUN, cast.LINA)]
    yield Case(
        "roster_phone_shared.xlsx", lambda: book(shared), [2, 3, 4],
        [(row, PHONE, "PHONE_SHARED") for row in (2, 3, 4)],
    )
    head = (*HEAD, "户籍地区划")
    places = [line(cast.AYGUL, "653101"), line(t, "659999"), line(cast.WANG, "喀什市")]
    yield Case(
        "roster_region_unknown.xlsx", lambda: book(places, head=head), [2, 3, 4], [(3, "户籍地区划", "REGION_UNKNOWN")]
    )
    bank = ("姓名", "身份证号", "开户银行", "银行户名", "银行账号")
    wrong_luhn = _card(t)[:-1] + str((int(_card(t)[-1]) + 1) % 10)
    accounts = [
        _wide(cast.AYGUL, bank), [t.name, t.id_number, "示例银行", t.name, wrong_luhn],
        [cast.WANG.name, cast.WANG.id_number, "示例银行", cast.LINA.name, _card(cast.WANG)],
        [cast.LINA.name, cast.LINA.id_number, "示例银行", cast.LINA.name, 6200001390998000000],
    ]
    yield Case(
        "roster_account_suspect.xlsx", lambda: book(accounts, head=bank), [2, 3, 4, 5],
        [(3, "银行账号", "ACCOUNT_SUSPECT"), (4, "银行户名", "ACCOUNT_SUSPECT"), (5, "银行账号", "ACCOUNT_SUSPECT")],
    )
    yield from _cleaned()


def _cleaned() -> Iterator[Case]:
    a, w = cast.AYGUL, cast.WANG
    wide = a.id_number.translate({ord("0") + i: ord("０") + i for i in range(10)})
    dirt = [
        line(a.numbered(wide)),
        line(w.numbered(f"'{w.id_number}")),
        line(cast.LINA.numbered(f"\u00a0{cast.LINA.id_number}\u200b")),
        line(cast.CHEN.numbered(f"{cast.CHEN.id_number[:6]} {cast.CHEN.id_number[6:14]} {cast.CHEN.id_number[14:]}\t")),
        line(cast.BATU),
    ]
    yield Case(
        "roster_id_fullwidth_and_invisible.xlsx", lambda: book(dirt), range(2, 7),
        [(row, ID, "CLEANED") for row in (2, 3, 4, 5)], covers=["D2"],
    )
    tails = ("x", "×", "Ⅹ", "Х", "Ｘ")
    typed = [line(p.numbered(p.id_number[:17] + tail)) for p, tail in zip(cast.X_TAILED, tails, strict=True)]
    yield Case(
        "roster_id_lookalikes_of_x.xlsx", lambda: book(typed), range(2, 7),
        [(row, ID, "CLEANED") for row in range(2, 7)], covers=["D3"],
    )
    names = {
        "阿依古丽•买买提": "阿依古丽·买买提", "吐尔逊．艾买提": "吐尔逊·艾买提", "李  娜": "李娜", "王\u3000建国": "王建国",
        "叶尔兰・赛力克": "叶尔兰·赛力克", "Mary  Ann Chen": "Mary Ann Chen", "欧阳海燕": "欧阳海燕",
        "巴图\u200b": "巴图", "祖丽菲娅.阿布都热依木江麦麦提明吐尔逊": "祖丽菲娅·阿布都热依木江麦麦提明吐尔逊", "刘\ue863": "刘䶮",
    }
    spelt = [line(p.called(name)) for p, name in zip(cast.EVERYONE, names, strict=True)]
    yield Case(
        "roster_name_dots_blanks_rare.xlsx", lambda: book(spelt), range(2, 12),
        [(r, NAME, "CLEANED") for r, (had, has) in enumerate(names.items(), 2) if had != has],
        covers=["D13"], names=dict(enumerate(names.values(), 2)),
    )
    phones = ["139-0998-0001", "0998-2823456", "13909980003、13909980099", "+8613909980004", 13909980005.0]
    rung = [[None, p.name, p.id_number, phone] for p, phone in zip(cast.EVERYONE, phones, strict=False)]
    yield Case(
        "roster_phone_spellings.xlsx", lambda: book(rung), range(2, 7),
        [(2, PHONE, "CLEANED"), (3, PHONE, "PHONE_INVALID"), (4, PHONE, "CLEANED"), (5, PHONE, "CLEANED")],
        covers=["D17"],
    )
