"""Under a header stand people, and also footers, repeated headers, examples and blank lines."""

from __future__ import annotations

import pytest

from tests.registry.harvesting import Read, book, harvest
from tests.sheets import cast
from tests.sheets.cells import Row, Sheet
from tests.sheets.ods import ods
from tests.sheets.plain import delimited
from tests.sheets.xls import xls
from training.rosters.columns import ROSTER

HEAD = ["序号", "姓名", "身份证号", "人员类别", "备注"]


def line(person: cast.Person, n: int = 1, category: str | None = None) -> list[str | int | None]:
    return [n, person.name, person.id_number, category]


PEOPLE: list[Row] = [line(person, n) for n, person in enumerate(cast.EVERYONE[:4], 1)]


def under(*rows: Row, **how: object) -> Read:
    return harvest(ROSTER, book(HEAD, *rows), **how)


# ---------------------------------------------------------------- footers (D6)


@pytest.mark.parametrize(
    "footer",
    [
        ["合计", "4人"],
        ["合  计", None, 4],
        [None, "合计", "4"],
        ["填表人：张丽", None, "审核人：", None, "联系电话：0998-2823456"],
        ["注：本表一式三份"],
        ["备注: 以上人员均已核对"],
        [None, None, None, None, "单位负责人（签字）："],
        ["承训机构（盖章）"],
        ["2026年3月1日"],
        ["第1页", "共3页"],
    ],
)
def test_a_footer_is_shown_and_no_person(footer: Row) -> None:
    read = under(*PEOPLE, footer)
    assert read.skipped == [(6, "footer")]
    assert read.numbers == [2, 3, 4, 5] and not read.issues


def test_what_follows_a_footer_belongs_to_it() -> None:
    read = under(*PEOPLE, ["合计", "4人"], ["阿依古丽"], [None, None, None, None, "传真"])
    assert read.skipped == [(6, "footer"), (7, "footer"), (8, "footer")]


def test_people_below_a_footer_are_not_lost() -> None:
    """On printed sheets every page ends with a footer."""
    read = under(PEOPLE[0], PEOPLE[1], ["制表人：张丽"], HEAD, PEOPLE[2], ["4", "王建国"], ["制表人：张丽"])
    assert read.numbers == [2, 3, 6, 7]
    assert read.skipped == [(4, "footer"), (5, "header"), (8, "footer")]
    assert read.codes(7) == {"ID_MISSING"}


def test_a_person_is_no_footer_for_what_stands_beside() -> None:
    read = under([1, "李娜", None, None, "注：身份证丢失"], PEOPLE[1])
    assert read.numbers == [2, 3]
    assert read.issues == [(2, "身份证号", "ID_MISSING")]


# ---------------------------------------------------------------- repeated headers, blank lines (D7)


def test_repeated_header_and_blank_lines() -> None:
    read = under(PEOPLE[0], [None, " "], HEAD, ["序 号", "姓名*", "身份证号", "人员类别"], PEOPLE[1], [3], [])
    assert read.numbers == [2, 6]
    assert read.skipped == [(4, "header"), (5, "header")]
    assert read.end["blank"] >= 1


# ---------------------------------------------------------------- examples (D8)


@pytest.mark.parametrize(
    "example",
    [
        ["示例", "张三", "110101199003077571"],
        ["例：", "李明", "650102199907122242"],
        ["样例", "张三", "11010119900307757X"],
        [1, "张三", "110101199001011234"],
        [1, "张三（示例）", "650102199907122242"],
        [1, "张三", "1101011990****1234"],
        [1, "某某某", "xxxxxxxxxxxxxxxxxx", None, "示例，请删除"],
        ["必填", "必填", "必填，18位"],
    ],
)
def test_an_example_is_shown_and_can_be_asked_for(example: Row) -> None:
    read = under(example, *PEOPLE)
    assert read.skipped == [(2, "example")]
    assert read.numbers == [3, 4, 5, 6]
    assert 2 in under(example, *PEOPLE, keep_examples=True).numbers


def test_no_example_no_person_eaten() -> None:
    """Systems that skip the second row without looking lose a real person."""
    assert under(*PEOPLE).numbers == [2, 3, 4, 5]


def test_a_real_zhang_san_stays() -> None:
    someone = [1, "张三", cast.identity("653101", "19900307", 757)]
    from_beijing = [1, "王秀英", cast.identity("110101", "19900307", 757)]
    assert under(someone, from_beijing, *PEOPLE).numbers == [2, 3, 4, 5, 6, 7]
    assert under(*PEOPLE, [5, "张三", "110101199003077571"]).numbers == [2, 3, 4, 5, 6]


# ---------------------------------------------------------------- as above (D18)

MERGED = [[1, "李娜", cast.LINA.id_number, "企业职工"], [2, "王建国", cast.WANG.id_number, None], PEOPLE[0]]


@pytest.mark.parametrize(
    "data",
    [
        book(HEAD, *MERGED, merges=["D2:D3"]),
        xls([Sheet("花名册", [HEAD, *MERGED], ["D2:D3"])]),
        ods([Sheet("花名册", [HEAD, *MERGED], ["D2:D3"])]),
    ],
    ids=["xlsx", "xls", "ods"],
)
def test_merged_cells_are_filled_down(data: bytes) -> None:
    read = harvest(ROSTER, data)
    assert read.staged("category") == ["employee", "employee", None]
    assert read.issues == [(3, "人员类别", "CLEANED")]


def test_html_cells_over_several_rows() -> None:
    page = (
        "<table><tr><th>姓名<th>身份证号<th>人员类别</tr>"
        f"<tr><td>李娜<td>{cast.LINA.id_number}<td rowspan=2>企业职工</tr>"
        f"<tr><td>王建国<td>{cast.WANG.id_number}</tr></table>"
    )
    read = harvest(ROSTER, page.encode())
    assert read.staged("category") == ["employee", "employee"]
    assert read.issues == [(3, "人员类别", "CLEANED")]


def test_blank_cells_are_filled_only_when_merged() -> None:
    assert under(*MERGED).staged("category") == ["employee", None, None]


@pytest.mark.parametrize("same", ["同上", "〃", "″"])
def test_same_as_above(same: str) -> None:
    rows = [
        line(cast.LINA, 1, "企业职工"),
        line(cast.WANG, 2, same),
        line(cast.BATU, 3, same),
        line(cast.CHEN, 4),
    ]
    read = under(*rows, chunk_rows=2)  # also from one chunk to the next
    assert read.staged("category") == ["employee", "employee", "employee", None]
    assert read.issues == [(3, "人员类别", "CLEANED"), (4, "人员类别", "CLEANED")]


def test_same_as_above_in_the_first_row_is_nothing() -> None:
    assert under(line(cast.LINA, 1, "同上")).staged("category") == [None]


# ---------------------------------------------------------------- rows by themselves


def test_raw_rows_are_written_out() -> None:
    """What stands for the row above would say nothing once a row is shown alone."""
    rows: list[Row] = [line(cast.LINA, 1, "企业职工"), line(cast.WANG, 2, "同上"), line(cast.BATU, 3, None)]
    data = book(HEAD, *rows, ["合计"], merges=["D3:D4"])
    read = harvest(ROSTER, data, raw=[3, 4])
    assert [(number, cells[3]) for number, cells in read.raw] == [(3, "企业职工"), (4, "企业职工")]
    everything = harvest(ROSTER, data, raw=True)
    assert [number for number, _ in everything.raw] == [2, 3, 4, 5]
    assert everything.meta["headings"][:2] == ["序号", "姓名"]


def test_a_damaged_number_stays_damaged_as_text() -> None:
    """Handed in again as text, the error workbook must not make 18 honest digits of it."""
    (cells,) = [
        cells for _, cells in harvest(ROSTER, book(HEAD, [1, "李娜", 650102199907122242]), raw=[2]).raw
    ]
    again = harvest(ROSTER, book(HEAD, cells))
    assert again.codes(2) == {"ID_TRUNCATED"}


def test_row_numbers_are_the_sheets_own() -> None:
    rows: list[Row] = [HEAD, [], PEOPLE[0], [None], PEOPLE[1]]
    for data in (book(*rows), xls([Sheet("花名册", rows)]), delimited([row or [""] for row in rows])):
        assert harvest(ROSTER, data).numbers == [3, 5]


def test_a_line_break_inside_quotes_is_one_row() -> None:
    text = f'姓名,身份证号\n"李\n娜",{cast.LINA.id_number}\n王建国,{cast.WANG.id_number}\n'
    assert harvest(ROSTER, text.encode()).numbers == [2, 3]
