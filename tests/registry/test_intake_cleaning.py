"""Cells as clerks leave them: what each becomes, and what is said of it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.intake import cleaning, cleaning_people
from registry.intake.cells import Broken, Cell, as_text, copy_text, plain
from registry.intake.columns import Bench, Cleaned
from tests.registry.harvesting import RING, book, harvest
from tests.sheets import cast
from training.catalogue import words
from training.rosters.columns import ROSTER

ROW_ID = "01990000-0000-7000-8000-000000000001"
PERSONAL = re.compile(r"\d{6,}")


def bench() -> Bench:
    made = Bench(RING, dt.date(2026, 6, 1))
    made.start([ROW_ID])
    return made


def clean(columnar: cleaning.Columnar, cell: Cell, heading: str = "", **values: Any) -> Cleaned:
    at = bench()
    at.values.update({key: [value] for key, value in values.items()})
    return columnar(at, heading)(cell)


def codes(found: Cleaned) -> list[str]:
    return [fault.code for fault in found.faults]


# ---------------------------------------------------------------- identity numbers

NUMBER = cast.LINA.id_number
X_NUMBER = cast.X_TAILED[0].id_number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (float(NUMBER), "ID_TRUNCATED"),
        (650102680101123.0, "ID_TRUNCATED"),
        (12345.0, "ID_TRUNCATED"),
        ("6.50102E+17", "ID_TRUNCATED"),
        ("6.50102199907122e+17", "ID_TRUNCATED"),
        ("650102199907122000", "ID_TRUNCATED"),
        ("'650102199907122000", "ID_TRUNCATED"),
        ("", "ID_MISSING"),
        (" \u3000\t", "ID_MISSING"),
        ("\u200b", "ID_MISSING"),
        (None, "ID_MISSING"),
        (NUMBER[:-1], "ID_LENGTH"),
        (NUMBER + "1", "ID_LENGTH"),
        ("A" + NUMBER[1:], "ID_CHARACTER"),
        ("110101********1234", "ID_CHARACTER"),
        ("511102197802290013", "ID_BIRTH_DATE"),
        (cast.wrong_check(NUMBER), "ID_CHECK_DIGIT"),
        (Broken("#REF!"), "CELL_ERROR"),
        (Broken(), "CELL_ERROR"),
        ("#N/A", "CELL_ERROR"),
    ],
)
def test_bad_numbers_have_one_error_and_stage_nothing(cell: Cell, code: str) -> None:
    found = clean(cleaning_people.id_number, cell)
    assert codes(found) == [code]
    assert set(found.fields) == {r"\N"}
    assert not PERSONAL.search(found.faults[0].message)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (NUMBER, []),
        (f" {NUMBER}", ["CLEANED"]),
        (f"\u00a0{NUMBER}\u200b", ["CLEANED"]),
        (f"'{NUMBER}", ["CLEANED"]),
        (f'="{NUMBER}"', ["CLEANED"]),
        (f"{NUMBER}\t", ["CLEANED"]),
        (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", ["CLEANED"]),
        ("".join(chr(ord(digit) + 0xFEE0) for digit in NUMBER), ["CLEANED"]),
    ],
)
def test_numbers_are_normalised_and_that_is_told(cell: str, told: list[str]) -> None:
    found = clean(cleaning_people.id_number, cell)
    kind, index, sealed, mask, birth, sex = found.fields
    assert (kind, mask, birth, sex) == ("id_card", f"{NUMBER[:6]}********{NUMBER[-4:]}", "1999-07-12", "F")
    assert index == r"\\x" + RING.blind_index(NUMBER, "idno").hex()
    assert RING.open_(bytes.fromhex(sealed[3:]), "idno", ROW_ID) == NUMBER.encode()
    assert codes(found) == told


@pytest.mark.parametrize("letter", ["x", "×", "Ⅹ", "Х", "х"])
def test_what_was_meant_for_x(letter: str) -> None:
    found = clean(cleaning_people.id_number, X_NUMBER[:-1] + letter)
    assert found.value.value == X_NUMBER
    assert codes(found) == ["CLEANED"]


def test_fifteen_digits_become_eighteen() -> None:
    found = clean(cleaning_people.id_number, "650102680101123")
    assert found.value.value.startswith("65010219680101123")
    assert found.fields[4:] == ("1968-01-01", "M")


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        ("passport", "E12345678", ""),
        ("passport", 12345678.0, ""),
        ("tw_pass", 12345678.0, ""),
        ("hm_pass", "H12345678", ""),
        ("passport", "12", "ID_LENGTH"),
        ("id_card", "E12345678", "ID_LENGTH"),
        ("foreign_pr", "931840198108060014", ""),
        ("foreign_pr", "KAZ650085123101", ""),
    ],
)
def test_other_documents(kind: str, cell: Cell, code: str) -> None:
    found = clean(cleaning_people.id_number, cell, doc_kind=kind)
    assert codes(found) == ([code] if code else [])


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("cell", "name", "key", "told"),
    [
        ("李娜", "李娜", "李娜", False),
        ("李  娜", "李娜", "李娜", True),
        (" 李娜 ", "李娜", "李娜", True),
        ("阿依古丽.买买提", "阿依古丽·买买提", "阿依古丽买买提", True),
        ("阿依古丽・买买提", "阿依古丽·买买提", "阿依古丽买买提", True),
        ("阿依古丽·买买提", "阿依古丽·买买提", "阿依古丽买买提", False),
        ("Mary  Ann Chen", "Mary Ann Chen", "maryannchen", True),
        ("刘䶮", "刘䶮", "刘䶮", False),
        ("㛃", "㛃", "㛃", False),
        ("'李娜", "李娜", "李娜", True),
    ],
)
def test_names(cell: str, name: str, key: str, told: bool) -> None:
    found = clean(cleaning_people.name, cell)
    assert found.fields == (name, key)
    assert codes(found) == (["CLEANED"] if told else [])


@pytest.mark.parametrize(
    ("cell", "code"),
    [("", "NAME_MISSING"), ("\u200b ", "NAME_MISSING"), (12.0, "CELL_ERROR"), ("李" * 51, "CELL_ERROR")],
)
def test_bad_names(cell: Cell, code: str) -> None:
    assert codes(clean(cleaning_people.name, cell)) == [code]


def test_long_names_have_no_cap_below_fifty() -> None:
    name = "祖丽菲娅·" + "阿布都热依木江" * 6
    assert len(name) < 50
    assert clean(cleaning_people.name, name).fields[0] == name


# ---------------------------------------------------------------- telephone, bank


@pytest.mark.parametrize(
    ("cell", "mask", "told"),
    [
        ("13909980001", "139****0001", []),
        (13909980001.0, "139****0001", []),
        ("139-0998-0001", "139****0001", ["CLEANED"]),
        ("+86 13909980001", "139****0001", ["CLEANED"]),
        ("13909980001、0998-2823456", "139****0001", ["CLEANED"]),
        ("13909980001/13909980002", "139****0001", ["CLEANED"]),
        ("'13909980001", "139****0001", ["CLEANED"]),
        ("", None, []),
        ("0998-2823456", None, ["PHONE_INVALID"]),
        ("12345", None, ["PHONE_INVALID"]),
        ("1390998000", None, ["PHONE_INVALID"]),
        (Broken("#REF!"), None, ["PHONE_INVALID"]),
    ],
)
def test_phones(cell: Cell, mask: str | None, told: list[str]) -> None:
    found = clean(cleaning_people.phone, cell)
    assert found.fields[2] == (mask or r"\N")
    assert codes(found) == told
    assert all(fault.severity != "error" for fault in found.faults)


@pytest.mark.parametrize(
    ("cell", "stored", "told"),
    [
        ("6200001390998000172", True, False),
        ("6200 0013 9099 8000 172", True, False),
        ("6200001390998000173", True, True),
        (6200001390998000172.0, False, True),
        ("6.2E+18", False, True),
        ("6200001390998000000", False, True),
        ("0123456789", True, False),
        ("", False, False),
        ("农行卡", False, True),
        (Broken("#REF!"), False, True),
    ],
)
def test_accounts(cell: Cell, stored: bool, told: bool) -> None:
    found = clean(cleaning_people.account, cell)
    assert (found.fields[1] != r"\N") is stored
    assert ("ACCOUNT_SUSPECT" in codes(found)) is told
    assert all(not PERSONAL.search(fault.message) for fault in found.faults)


def test_the_holder_must_be_the_person() -> None:
    head = ["姓名", "身份证号", "银行户名"]
    read = harvest(ROSTER, book(head, ["李娜", NUMBER, "李  娜"], ["王建国", cast.WANG.id_number, "李娜"]))
    assert read.issues == [(3, "银行户名", "ACCOUNT_SUSPECT")] and not read.bad


# ---------------------------------------------------------------- dates, numbers, amounts, levels


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024.3.5", "2024-03-05"),
        ("2024年3月5日", "2024-03-05"),
        ("20240305", "2024-03-05"),
        (20240305.0, "2024-03-05"),
        ("24.3.5", "2024-03-05"),
        (45356.0, "2024-03-05"),
        ("45356", "2024-03-05"),
        (dt.date(2024, 3, 5), "2024-03-05"),
        (dt.datetime(2024, 3, 5, 9, 30), "2024-03-05"),
        ("'2024-03-05 ", "2024-03-05"),
    ],
)
def test_dates(cell: Cell, day: str) -> None:
    found = clean(cleaning.day(), cell)
    assert (found.fields, found.faults) == (day, ())


@pytest.mark.parametrize("cell", ["2024-02-30", "上个月", "5/3/2024", 3.5, True, "2024"])
def test_bad_dates(cell: Cell) -> None:
    assert codes(clean(cleaning.day(), cell)) == ["DATE_INVALID"]


def test_a_month_alone_is_a_guess_that_is_told() -> None:
    assert clean(cleaning.day(), "2024.03").fields == "2024-03-01"
    last = clean(cleaning.day(month_end=True), "2024年2月")
    assert last.fields == "2024-02-29"
    assert codes(last) == ["CLEANED"] and "2024-02-29" in last.faults[0].message


def test_blank_dates() -> None:
    assert clean(cleaning.day(), " ").faults == ()
    assert codes(clean(cleaning.day(required=True), "")) == ["DATE_INVALID"]


@pytest.mark.parametrize(
    ("cell", "fields"),
    [
        ("2024.3.5-2024.3.24", ("2024-03-05", "2024-03-24")),
        ("2024年3月5日至3月24日", ("2024-03-05", "2024-03-24")),
        ("2024-03-05~2024-03-24", ("2024-03-05", "2024-03-24")),
        ("2024.3.24-2024.3.5", None),
        ("", None),
    ],
)
def test_periods(cell: str, fields: tuple[str, str] | None) -> None:
    found = clean(cleaning.period, cell)
    assert found.fields == (fields or (r"\N", r"\N"))
    assert codes(found) == ([] if fields else ["DATE_INVALID"])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (80.0, "80"),
        ("80", "80"),
        ("80课时", "80"),
        ("８０", "80"),
        (85.55, "85.5"),
        ("", None),
        ("—", None),
        ("免考", None),
    ],
)
def test_numbers(cell: Cell, text: str | None) -> None:
    found = clean(cleaning.number(most=999, decimals=1, nothing=("免考",)), cell)
    assert found.fields == (text or r"\N") and not found.faults


@pytest.mark.parametrize("cell", ["八十", -1.0, 1000.0, "1e9", dt.date(2024, 1, 1), True, float("inf")])
def test_bad_numbers(cell: Cell) -> None:
    found = clean(cleaning.number(most=999, decimals=1), cell)
    assert codes(found)[0] in ("NUMBER_INVALID", "CELL_ERROR")


@pytest.mark.parametrize(
    ("cell", "heading", "fen"),
    [
        ("1,000.00", "补贴金额", "100000"),
        ("1000元", "补贴金额", "100000"),
        ("0.1万元", "补贴金额", "100000"),
        (1000.0, "补贴金额（元）", "100000"),
        (0.1, "补贴金额（万元）", "100000"),
        ("1000元", "补贴金额（万元）", "100000"),
        ("", "补贴金额", None),
        ("—", "补贴金额", None),
    ],
)
def test_amounts(cell: Cell, heading: str, fen: str | None) -> None:
    found = clean(cleaning.amount, cell, heading)
    assert found.fields == (fen or r"\N") and not found.faults


@pytest.mark.parametrize("cell", ["一千", "1000美元", -5.0, "1.234"])
def test_bad_amounts(cell: Cell) -> None:
    assert codes(clean(cleaning.amount, cell)) == ["NUMBER_INVALID"]


@pytest.mark.parametrize(
    ("cell", "rank"),
    [("五级/初级工", "2"), (5.0, "2"), ("高级", "4"), ("三级", "4"), ("特级技师", "7"), ("", None)],
)
def test_levels(cell: Cell, rank: str | None) -> None:
    found = clean(cleaning.level, cell)
    assert found.fields == (rank or r"\N") and not found.faults


def test_bad_levels() -> None:
    assert codes(clean(cleaning.level, "很高")) == ["LEVEL_UNKNOWN"]
    assert codes(clean(cleaning.level, dt.date(2024, 5, 4))) == ["LEVEL_UNKNOWN"]


# ---------------------------------------------------------------- words


def test_choices() -> None:
    category = cleaning.choice(words.CATEGORY, what="人员类别", offered=words.CATEGORY_OFFERED)
    assert clean(category, "脱贫人口（含防返贫监测对象）").fields == "poverty"
    assert clean(category, " 农民工 ").fields == "rural"
    assert clean(category, "rural").fields == "rural"
    assert clean(category, "").fields == r"\N"
    unknown = clean(category, "贵宾")
    assert codes(unknown) == ["CATEGORY_UNKNOWN"]
    assert "企业职工" in unknown.faults[0].message and "贵宾" not in unknown.faults[0].message


def test_text_is_one_line_and_not_too_long() -> None:
    assert clean(cleaning.text(20), " 高中\n毕业 ").fields == "高中 毕业"
    cut = clean(cleaning.text(3), "一二三四")
    assert (cut.fields, codes(cut)) == ("一二三", ["CLEANED"])
    assert codes(clean(cleaning.text(20), "\u200b高中")) == ["CLEANED"]


@pytest.mark.parametrize("cell", [Broken("#REF!"), Broken(), "#REF!", "#N/A", "#DIV/0!", float("nan")])
@pytest.mark.parametrize(
    "columnar",
    [cleaning.text(9), cleaning.day(), cleaning.number(most=9, decimals=0), cleaning.amount, cleaning.level],
)
def test_broken_formulas(columnar: cleaning.Columnar, cell: Cell) -> None:
    assert codes(clean(columnar, cell)) == ["CELL_ERROR"]


# ---------------------------------------------------------------- sex and birth beside the number (D14)


def test_the_number_wins_over_sex_and_birth() -> None:
    head = ["姓名", "身份证号", "性别", "出生日期"]
    rows = [
        ["李娜", NUMBER, "女", "1999-07-12"],
        ["李娜", NUMBER, "男", "1999.7"],
        ["李娜", NUMBER, "", "1998-07-12"],
        ["李娜", NUMBER, "未说明", "不详"],
    ]
    read = harvest(ROSTER, book(head, *rows))
    assert read.issues == [(3, "性别", "SEX_MISMATCH"), (4, "出生日期", "BIRTH_MISMATCH")]
    assert not read.bad and read.staged("sex") == ["F"] * 4 and read.staged("birth") == ["1999-07-12"] * 4


# ---------------------------------------------------------------- whatever comes

CELLS = st.one_of(
    st.text(max_size=30),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.none(),
    st.builds(Broken, st.sampled_from(["", "#REF!"])),
    st.text("0123456789xX×.-,E+ 年月日", max_size=25),
)
EVERY = [
    cleaning_people.name,
    cleaning_people.id_number,
    cleaning_people.phone,
    cleaning_people.account,
    cleaning.day(),
    cleaning.period,
    cleaning.number(most=999, decimals=1),
    cleaning.amount,
    cleaning.level,
    cleaning.text(20),
    cleaning_people.sex,
    cleaning_people.birth,
    cleaning_people.holder,
    cleaning.choice({"甲": "a"}, what="类别", offered=("甲",)),
    cleaning_people.doc_kind({"护照": "passport"}, ("护照",)),
]


@given(CELLS)
def test_no_cell_breaks_a_cleaner_or_a_line(cell: Cell) -> None:
    for columnar in EVERY:
        found = clean(columnar, cell)
        for text in (found.fields,) if isinstance(found.fields, str) else found.fields:
            assert not set(text) & set("\t\n\r\0")
            assert text == r"\N" or "\\" not in text.replace(r"\\", "")
        for fault in found.faults:
            assert "\u4e00" <= fault.message[0] <= "\u9fff"


@given(st.text(max_size=60))
def test_text_survives_copy(text: str) -> None:
    sent = copy_text(text)
    assert not set(sent) & set("\t\n\r\0")
    back = (
        sent.replace(r"\\", "\x01")
        .replace(r"\t", "\t")
        .replace(r"\n", "\n")
        .replace(r"\r", "\r")
        .replace("\x01", "\\")
    )
    assert back == text.replace("\0", "") or "\x01" in text


@given(CELLS)
def test_plain_text_of_any_cell_is_one_line(cell: Cell) -> None:
    assert "\n" not in plain(cell)
    assert isinstance(as_text(cell), str)
