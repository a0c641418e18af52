"""开班花名册 in the shapes that offices print: titles, two-line headings, footers, pages, several sheets."""

# ruff: noqa: E501 - a table of Chinese cells, which count double
# fmt: off
from __future__ import annotations

from collections.abc import Iterator

from . import cast
from .cases import Case
from .cells import Cell, Sheet
from .ods import ods
from .roster_cases import HEAD, book, line
from .xls import xls
from .xlsx import xlsx


def cases() -> Iterator[Case]:
    yield from _layout()
    yield from _sheets()


def _layout() -> Iterator[Case]:
    people = [line(p, n=i) for i, p in enumerate(cast.EVERYONE[:4], 1)]
    blank: list[Cell] = [None] * 4
    titled = [
        ["喀什市职业技能培训开班花名册", None, None, None], ["单位(盖章):喀什红柳职业技能培训学校", None, None, "版本号:2026-1"],
        ["填表日期:2026年3月2日", None, None, None], HEAD, *people,
    ]
    merges = ["A1:D1", "A2:C2", "A3:D3"]
    yield Case(
        "roster_title_rows_merged.xlsx", lambda: xlsx([Sheet("花名册", titled, merges)]), range(5, 9), header_row=4,
        covers=["D4"],
    )
    two = [
        ["序号", "学员信息", None, "联系方式"], [None, "姓名", "身份证号", "联系电话"], *people,
    ]
    yield Case(
        "roster_two_line_header.xlsx", lambda: xlsx([Sheet("花名册", two, ["A1:A2", "B1:C1"])]), range(3, 7),
        header_row=2, covers=["D5"],
    )
    foot = [
        *people, ["合计", "4人", None, None], ["填表人:张丽", None, "审核人:", "联系电话:0998-2823456"],
        ["注:本表一式三份", None, None, None],
    ]
    yield Case(
        "roster_footer_rows.xlsx", lambda: book(foot), range(2, 6),
        skipped=[(6, "footer"), (7, "footer"), (8, "footer")], covers=["D6"],
    )
    pages = [*people[:2], blank, list(HEAD), *people[2:]]
    yield Case(
        "roster_header_repeated_on_each_page.xlsx", lambda: book(pages), [2, 3, 6, 7],
        skipped=[(5, "header")], covers=["D7"],
    )
    sample = [["示例", "张三", "11010119900307757X", "13800000000"], *people]
    yield Case("roster_example_row.xlsx", lambda: book(sample), range(3, 7), skipped=[(2, "example")], covers=["D8"])
    yield Case("roster_no_example_row.xlsx", lambda: book(people), range(2, 6), covers=["D8"])
    shifted: list[list[Cell]] = [[], [], [None, None, *HEAD], *[[None, None, *row] for row in people]]
    for name, build in (("xlsx", xlsx), ("xls", xls), ("ods", ods)):
        yield Case(
            f"roster_starts_at_c3.{name}", lambda build=build: build([Sheet("花名册", shifted)]), range(4, 8), header_row=3,
            covers=["D4"],
        )
    filled = [
        line(cast.AYGUL, "农村转移就业劳动者", n=1), line(cast.TURSUN, "同上", n=2), line(cast.WANG, "〃", n=3),
        line(cast.LINA, "两后生", n=4), line(cast.CHEN, "〃", n=5),
    ]
    yield Case(
        "roster_same_as_above.xlsx", lambda: book(filled, head=(*HEAD, "人员类别")), range(2, 7),
        [(r, "人员类别", "CLEANED") for r in (3, 4, 6)], covers=["D18"],
    )
    merged = [[*row, "农村转移就业劳动者" if i == 0 else None] for i, row in enumerate(people)]
    yield Case(
        "roster_merged_cells.xlsx", lambda: book(merged, head=(*HEAD, "人员类别"), merges=["E2:E5"]), range(2, 6),
        [(r, "人员类别", "CLEANED") for r in (3, 4, 5)], covers=["D18"],
    )
    wide = ("序 号", "学 员 姓 名", "公民身份号码", "手机号码", "民族", "政治面貌", "婚姻状况")
    private = [[*row, "某族", "群众", "未婚"] for row in people]
    yield Case(
        "roster_columns_that_must_be_ignored.xlsx", lambda: book(private, head=wide), range(2, 6),
        ignored=["民族", "政治面貌", "婚姻状况"],
    )
    yield Case(
        "roster_old_template.xlsx",
        lambda: book([[1, "阿依古丽", "高中", 33]], head=("序号", "姓名", "学历", "年龄")),
        file_error="COLUMN_MISSING", covers=["D20"],
    )


def _sheets() -> Iterator[Case]:
    people = [line(p, n=i) for i, p in enumerate(cast.EVERYONE[:3], 1)]
    codes = Sheet("代码表", [["代码", "名称"], ["01", "农村转移就业劳动者"]])
    summary = Sheet("汇总", [["乡镇", "人数"], ["色满乡", 3]])
    roster = Sheet("花名册", [HEAD, *people])
    away = Sheet("打印用", [HEAD, *people], hidden=True)
    yield Case(
        "roster_among_many_sheets.xlsx", lambda: xlsx([away, codes, summary, roster]), [2, 3, 4], sheet="花名册",
        covers=["D9"],
    )
    second = Sheet("二班", [HEAD, *[line(p) for p in cast.EVERYONE[3:5]]])
    first = Sheet("一班", [HEAD, *people])
    both = xlsx([first, second])
    yield Case("roster_sheet_ambiguous.xlsx", lambda: both, file_error="SHEET_AMBIGUOUS", covers=["D9"])
    yield Case("roster_two_sheets_one_named.xlsx", lambda: both, [2, 3], sheet="二班", pick="二班", covers=["D9"])
