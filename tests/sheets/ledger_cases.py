"""实名制台账: a file for each fault of a finished training, its certificate and its payment."""

# ruff: noqa: E501 - a table of Chinese cells, which count double
# fmt: off
from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from . import cast
from .cases import Case, Said
from .cells import Broken, Cell, Formula, Row, Sheet
from .xlsx import xlsx

HEAD: tuple[str, ...] = (
    "姓名", "身份证号", "培训机构", "班级编号", "培训工种", "等级", "培训开始时间", "培训结束时间", "课时", "考核成绩", "考核结果",
    "证书名称", "证书编号", "发证日期", "补贴金额", "资金来源", "人员类别", "培训类型",
)
SCHOOL, OTHER_SCHOOL = "喀什红柳职业技能培训学校", "和田玉泉职业技能培训学校"
SKILL = "职业技能等级证书"


@dataclass(frozen=True)
class Entry:
    """One line of the ledger; ``None`` leaves a cell empty."""

    person: cast.Person
    school: Cell = SCHOOL
    number: Cell = "KS-2024-07"
    trade: Cell = "焊工"
    level: Cell = "五级"
    starts: Cell = "2024-03-05"
    ends: Cell = "2024-03-24"
    hours: Cell = 80
    score: Cell = 85
    result: Cell = "合格"
    certificate: Cell = SKILL
    certificate_number: Cell = None
    issued: Cell = "2024-04-10"
    amount: Cell = 1000
    fund: Cell = "就业补助资金"
    category: Cell = "农村转移就业劳动者"
    kind: Cell = "就业技能培训"

    def cells(self) -> list[Cell]:
        person = [self.person.name, self.person.id_number]
        return [
            *person, self.school, self.number, self.trade, self.level, self.starts, self.ends, self.hours, self.score,
            self.result, self.certificate, self.certificate_number, self.issued, self.amount, self.fund, self.category,
            self.kind,
        ]


def number(serial: int, *, year: str = "24", level: str = "5", site: str = "000123") -> str:
    """A skill-level certificate number (22 characters): third-party body, filed with the province, 新疆."""
    return f"S000065{site}{year}{level}{serial:06d}"


def good(serial: int, person: cast.Person) -> Entry:
    return Entry(person, certificate_number=number(serial))


def book(entries: Sequence[Entry], *, merges: Sequence[str] = ()) -> bytes:
    return xlsx([Sheet("实名制台账", [HEAD, *[e.cells() for e in entries]], merges)])


def spoiled(name: str, serial: int, column: str, code: str, *, covers: Sequence[str] = (), **fields: Cell) -> Case:
    """Rows 2 and 4 are in order; row 3 differs from an orderly one by ``fields``."""
    entries = [
        good(serial, cast.AYGUL),
        replace(good(serial + 1, cast.TURSUN), **fields),  # type: ignore[arg-type]
        good(serial + 2, cast.WANG),
    ]
    says: list[Said] = [(3, column, code)]
    return Case(name, lambda: book(entries), [2, 4], says, covers)


def cases() -> Iterator[Case]:
    yield from _plain()
    yield from _values()
    yield from _certificates()
    yield from _spellings()
    yield from _layout()


def _plain() -> Iterator[Case]:
    entries = [good(i, p) for i, p in enumerate(cast.EVERYONE, 1)]
    yield Case("ledger_plain.xlsx", lambda: book(entries), range(2, 12))
    few = ("姓名", "身份证号", "培训机构", "培训项目", "培训开始时间", "培训结束时间")
    bare = [[p.name, p.id_number, SCHOOL, "焊工", "2023-05-04", "2023-05-20"] for p in cast.EVERYONE[:3]]
    yield Case("ledger_required_columns_only.xlsx", lambda: xlsx([Sheet("台账", [few, *bare])]), [2, 3, 4])


def _values() -> Iterator[Case]:
    yield spoiled("ledger_date_invalid.xlsx", 11, "培训结束时间", "DATE_INVALID", ends="2024-02-30", covers=["D11"])
    yield spoiled("ledger_date_end_before_start.xlsx", 21, "培训结束时间", "DATE_INVALID", ends="2024-03-01")
    yield spoiled("ledger_number_invalid.xlsx", 31, "课时", "NUMBER_INVALID", hours="八十")
    yield spoiled("ledger_amount_invalid.xlsx", 41, "补贴金额", "NUMBER_INVALID", amount="一千", covers=["D16"])
    yield spoiled("ledger_level_unknown.xlsx", 51, "等级", "LEVEL_UNKNOWN", level="九级", covers=["D15"])
    yield spoiled(
        "ledger_occupation_unknown.xlsx", 61, "培训工种", "OCCUPATION_UNKNOWN", trade="星际领航员", covers=["D15"]
    )
    yield spoiled("ledger_category_unknown.xlsx", 71, "人员类别", "CATEGORY_UNKNOWN", category="热心群众")
    yield spoiled("ledger_institution_unknown.xlsx", 81, "培训机构", "INSTITUTION_UNKNOWN", school="查无此校")
    yield spoiled("ledger_cell_error.xlsx", 91, "补贴金额", "CELL_ERROR", amount=Broken("#REF!"), covers=["D16"])
    yield spoiled(
        "ledger_formula_without_value.xlsx", 101, "培训结束时间", "CELL_ERROR", ends=Formula("G3+19"), covers=["D16"]
    )
    t = cast.TURSUN
    cut = t.numbered(cast.CUT_BY_EXCEL)
    yield spoiled("ledger_id_truncated.xlsx", 111, "身份证号", "ID_TRUNCATED", person=cut, covers=["D1"])  # type: ignore[arg-type]
    yield spoiled(
        "ledger_id_check_digit.xlsx", 121, "身份证号", "ID_CHECK_DIGIT",
        person=t.numbered(cast.wrong_check(t.id_number)),  # type: ignore[arg-type]
    )
    yield spoiled("ledger_age_out_of_range.xlsx", 131, "身份证号", "AGE_OUT_OF_RANGE", person=cast.TOO_YOUNG)  # type: ignore[arg-type]
    yield spoiled(
        "ledger_id_name_conflict.xlsx", 141, "姓名", "ID_NAME_CONFLICT", person=cast.ON_RECORD_AS_OTHER  # type: ignore[arg-type]
    )
    twice = [good(151, cast.AYGUL), good(152, cast.WANG), replace(good(153, cast.AYGUL), score=90)]
    yield Case(
        "ledger_id_duplicate_in_file.xlsx", lambda: book(twice), [2, 3], [(4, "身份证号", "ID_DUPLICATE_IN_FILE")],
        covers=["D10"],
    )
    again = [
        good(161, cast.AYGUL),
        replace(
            good(162, cast.AYGUL), number="KS-2024-19", trade="中式烹调师", starts="2024-06-03", ends="2024-06-20",
            issued="2024-07-01",
        ),
    ]
    yield Case("ledger_one_person_two_classes.xlsx", lambda: book(again), [2, 3])
    both = [again[0], replace(again[1], certificate_number=number(163), starts="2024-03-11", ends="2024-03-29")]
    yield Case(
        "ledger_overlapping_class.xlsx", lambda: book(both), [2, 3],
        [(3, "培训开始时间", "OVERLAPPING_CLASS")],
    )


def _certificates() -> Iterator[Case]:
    column = "证书编号"
    yield spoiled(
        "ledger_certificate_number_format.xlsx", 201, column, "CERTIFICATE_NUMBER_FORMAT",
        certificate_number="S00006500012324500020",
    )
    yield spoiled(
        "ledger_certificate_taken_in_file.xlsx", 211, column, "CERTIFICATE_NUMBER_TAKEN",
        certificate_number=number(211),
    )
    yield spoiled(
        "ledger_certificate_taken_in_registry.xlsx", 221, column, "CERTIFICATE_NUMBER_TAKEN",
        certificate_number=number(999_999),
    )
    yield spoiled(
        "ledger_certificate_year_disagrees.xlsx", 231, column, "CERTIFICATE_MISMATCH",
        certificate_number=number(232, year="23"),
    )
    yield spoiled(
        "ledger_certificate_level_disagrees.xlsx", 241, column, "CERTIFICATE_MISMATCH",
        certificate_number=number(242, level="4"),
    )
    undated = [replace(good(251 + i, person), issued=None) for i, person in enumerate(cast.EVERYONE[:3])]
    yield Case("ledger_certificate_without_date.xlsx", lambda: book(undated), [2, 3, 4])


def _spellings() -> Iterator[Case]:
    days: list[Cell] = [
        "2024.3.5", "2024-03-05", "2024/3/5", "20240305", "2024年3月5日", dt.date(2024, 3, 5), 45356, "45356", "24.3.5",
        " 2024-03-05 ",
    ]
    entries = [
        replace(good(300 + i, person), starts=day, ends="2024-03-24")
        for i, (person, day) in enumerate(zip(cast.EVERYONE, days, strict=True), 1)
    ]
    yield Case("ledger_date_spellings.xlsx", lambda: book(entries), range(2, 12), covers=["D11"])
    levels: list[Cell] = ["5", 5, "5级", "五级", "初级", "初级工", "五级/初级工", " 五级 ", "５级", "五级（初级工）"]
    graded = [
        replace(good(320 + i, person), level=level)
        for i, (person, level) in enumerate(zip(cast.EVERYONE, levels, strict=True), 1)
    ]
    yield Case("ledger_level_words.xlsx", lambda: book(graded), range(2, 12), covers=["D15"])
    amounts: list[Cell] = ["1,000.00", "1000元", "0.1万元", "￥1000", 1000.0, "1 000", "1000.00元", Formula("50*20", 1000.0)]
    paid = [
        replace(good(340 + i, person), amount=amount)
        for i, (person, amount) in enumerate(zip(cast.EVERYONE, amounts, strict=False), 1)
    ]
    yield Case("ledger_amount_spellings.xlsx", lambda: book(paid), range(2, 10), covers=["D16"])
    head = ("姓名", "身份证号", "培训机构", "培训工种", "培训起止时间", "课时")
    spans = ["2024.3.5-2024.3.24", "2024年3月5日至2024年3月24日", "2024-03-05~2024-03-24", "2024.3.5—3.24"]
    ranged = [
        [p.name, p.id_number, SCHOOL, "焊工", span, 80] for p, span in zip(cast.EVERYONE, spans, strict=False)
    ]
    yield Case("ledger_start_and_end_in_one_cell.xlsx", lambda: xlsx([Sheet("台账", [head, *ranged])]), range(2, 6), covers=["D11"])


def _layout() -> Iterator[Case]:
    head = [
        ["序号", "姓名", "身份证号码", "培训机构", "培训工种", "培训时间", None, "成绩", None, "证书", None, None],
        [None, None, None, None, None, "开始时间", "结束时间", "考核成绩", "考核结果", "证书名称", "证书编号", "发证日期"],
    ]
    lines = [
        [i, p.name, p.id_number, SCHOOL, "焊工", "2024-03-05", "2024-03-24", 85, "合格", SKILL, number(400 + i), "2024-04-10"]
        for i, p in enumerate(cast.EVERYONE[:4], 1)
    ]
    merges = [f"{c}1:{c}2" for c in "ABCDE"] + ["F1:G1", "H1:I1", "J1:L1"]
    yield Case(
        "ledger_two_line_header.xlsx", lambda: xlsx([Sheet("台账", [*head, *lines], merges)]), range(3, 7),
        header_row=2, covers=["D5"],
    )
    first, *rest = [good(420 + i, p) for i, p in enumerate(cast.EVERYONE[:5])]
    empty: dict[str, Cell] = {"school": None, "number": None, "trade": None, "starts": None, "ends": None}
    under = [replace(entry, **empty) for entry in rest]  # type: ignore[arg-type]
    columns = [("C", "培训机构"), ("D", "班级编号"), ("E", "培训工种"), ("G", "培训开始时间"), ("H", "培训结束时间")]
    yield Case(
        "ledger_merged_cells.xlsx", lambda: book([first, *under], merges=[f"{c}2:{c}6" for c, _ in columns]),
        range(2, 7), [(row, name, "CLEANED") for row in range(3, 7) for _, name in columns], covers=["D18"],
    )
    ditto = [replace(entry, school="同上", number="〃", trade="同上") for entry in rest]
    yield Case(
        "ledger_same_as_above.xlsx", lambda: book([first, *ditto]), range(2, 7),
        [(row, name, "CLEANED") for row in range(3, 7) for _, name in columns[:3]], covers=["D18"],
    )
    rows: list[Row] = [
        ["2024年职业技能培训实名制台账"], ["填报单位(盖章):喀什市人力资源和社会保障局"], list(HEAD),
        *[good(440 + i, p).cells() for i, p in enumerate(cast.EVERYONE[:3])],
        [None] * 18, ["合计", "3人"], ["填表人:李丽", None, "审核人:张强"],
    ]
    yield Case(
        "ledger_title_and_footer.xlsx", lambda: xlsx([Sheet("台账", rows, ["A1:R1", "A2:R2"])]), range(4, 7),
        header_row=3, skipped=[(8, "footer"), (9, "footer")], covers=["D4", "D6"],
    )
    yield Case(
        "ledger_other_system_template.xlsx",
        lambda: xlsx([Sheet("Sheet1", [["姓名", "身份证号", "备注"], [cast.AYGUL.name, cast.AYGUL.id_number, None]])]),
        file_error="COLUMN_MISSING", covers=["D20"],
    )
