"""The header is found wherever it stands; columns by synonym, whatever their order, width, case or blanks."""

from __future__ import annotations

import pytest

from registry.intake.header import Dictionary, bare, find, normal
from tests.registry.harvesting import book, harvest
from tests.sheets import cast
from tests.sheets.cells import Row, Sheet
from tests.sheets.plain import delimited
from tests.sheets.xlsx import xlsx
from training.ledgers.columns import LEDGER
from training.rosters.columns import ROSTER

HEAD = ["姓名", "身份证号", "联系电话"]


def line(person: cast.Person, *more: str) -> list[str]:
    return [person.name, person.id_number, person.phone, *more]


PEOPLE: list[Row] = [line(person) for person in cast.EVERYONE[:4]]


# ---------------------------------------------------------------- headings


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("姓 名", "name"),
        ("  学员姓名\n", "name"),
        ("*姓名", "name"),
        ("姓名（必填）", "name"),
        ("公民身份号码", "id_number"),
        ("身份证号码（18位，文本格式）", "id_number"),
        ("身份证件号码：", "id_number"),
        ("ＡＡＣ００２", "id_number"),
        ("联系电话(手机)", "phone"),
        ("手机\u3000号码", "phone"),
        ("身份\u200b证号", "id_number"),
        ("考生来源", "category"),
        ("户口所在地区划", "region"),
        ("银行卡号", "bank_account"),
    ],
)
def test_synonyms(heading: str, key: str) -> None:
    assert Dictionary(ROSTER).key(heading) == key


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("职业（工种）", "occupation"),
        ("职业工种名称", "occupation"),
        ("认定等级", "level"),
        ("培训起止时间", "period"),
        ("培训时间（学时）", "hours"),
        ("补贴金额（万元）", "amount"),
        ("证书版面发证日期", "cert_on"),
        ("承训机构", "provider"),
    ],
)
def test_synonyms_of_the_ledger(heading: str, key: str) -> None:
    assert Dictionary(LEDGER).key(heading) == key


@pytest.mark.parametrize(
    "heading",
    [
        "原证书号",
        "学历证书编号",
        "证书编号（原）",
        "单位",
        "所在单位",
        "补贴标准（元）",
        "时间",
        "监护人姓名",
        "民族",
        "证书领取方式",
    ],
)
def test_what_only_looks_alike_is_not_taken(heading: str) -> None:
    assert Dictionary(LEDGER).key(heading) is None


def test_no_word_stands_for_two_columns() -> None:
    for spec in (ROSTER, LEDGER):
        said = [
            (normal(word), column.key)
            for column in spec.columns
            for word in (column.heading, *column.synonyms)
        ]
        for word, key in said:
            assert Dictionary(spec).keys[word] == key, word
        assert len({column.key for column in spec.columns}) == len(spec.columns)


def test_brackets_that_change_the_meaning_stay() -> None:
    assert bare("补贴金额（元）") == "补贴金额"
    assert bare("证书编号（原）") == "证书编号(原)"


# ---------------------------------------------------------------- where the header is


def test_title_rows_above_and_what_they_say() -> None:
    read = harvest(
        ROSTER,
        book(
            ["喀什市2026年焊工培训班学员花名册"],
            ["单位（盖章）：喀什红柳职业技能培训学校", None, "填表日期：2026-03-01"],
            ["版本号:", "V2.1"],
            ["序号", *HEAD],
            *([n, *row] for n, row in enumerate(PEOPLE, 1)),
            merges=["A1:D1"],
        ),
    )
    assert read.meta["header_row"] == 4
    assert read.numbers == [5, 6, 7, 8]
    assert read.meta["titles"]["title"] == "喀什市2026年焊工培训班学员花名册"
    assert read.meta["titles"]["版本号"] == "V2.1"
    assert "喀什红柳职业技能培训学校" in read.meta["titles"].values()


def test_within_fifteen_rows_and_no_further() -> None:
    titles: list[Row] = [[f"第{n}行说明"] for n in range(14)]
    assert harvest(ROSTER, book(*titles, HEAD, *PEOPLE)).meta["header_row"] == 15
    assert harvest(ROSTER, book(["再一行"], *titles, HEAD, *PEOPLE)).refused == "NO_HEADER"


def test_a_form_above_the_header_is_not_the_header() -> None:
    """联系人 and 联系电话 stand above many rosters, next to what fills them."""
    read = harvest(ROSTER, book(["联系人", "张主任", "联系电话", "0998-2823456"], HEAD, *PEOPLE))
    assert read.meta["header_row"] == 2


def test_column_order_and_ignored_columns() -> None:
    read = harvest(
        ROSTER,
        book(
            ["联系电话", "民 族", "身份证号码", "序号", "学员姓名", "政治面貌", "处理结果", "错误原因"],
            *(
                [p.phone, "维吾尔族", p.id_number, n, p.name, "群众", "", ""]
                for n, p in enumerate(cast.EVERYONE, 1)
            ),
        ),
    )
    assert read.meta["ignored_columns"] == ["民 族", "政治面貌"]
    assert read.meta["mapping"] == {"phone": "联系电话", "id_number": "身份证号码", "name": "学员姓名"}
    assert len(read.rows) == 10 and not read.bad
    stored = " ".join(str(value) for row in read.rows for value in row.values())
    assert "维吾尔族" not in stored and "群众" not in stored


def test_issues_name_the_heading_as_printed() -> None:
    read = harvest(ROSTER, book(["姓  名", "公民身份号码 *"], ["李娜", "650102"], ["", cast.WANG.id_number]))
    assert read.issues == [(2, "公民身份号码 *", "ID_LENGTH"), (3, "姓  名", "NAME_MISSING")]


# ---------------------------------------------------------------- two lines


def test_two_lines_with_merged_cells() -> None:
    head = [
        ["序号", "姓名", "身份证号", "培训时间", None, "成绩", None, "培训工种"],
        [None, None, None, "开始", "结束", "考核成绩", "考核结果", None],
    ]
    row = [1, "李娜", cast.LINA.id_number, "2024-03-05", "2024-03-24", 85, "合格", "焊工"]
    merges = ["A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:G1", "H1:H2"]
    read = harvest(LEDGER, book(*head, row, merges=merges))
    assert read.meta["header_row"] == 2
    assert read.meta["mapping"]["starts"] == "培训时间开始"
    assert read.meta["mapping"]["score"] == "考核成绩"
    assert read.staged("ends") == ["2024-03-24"] and not read.issues


def test_two_lines_in_text_where_nothing_is_merged() -> None:
    rows: list[Row] = [
        ["姓名", "身份证号", "培训工种", "培训时间", "", "成绩", ""],
        ["", "", "", "开始时间", "结束时间", "考核成绩", "考核结果"],
        ["李娜", cast.LINA.id_number, "焊工", "2024-03-05", "2024-03-24", "85", "合格"],
    ]
    read = harvest(LEDGER, delimited(rows))
    assert read.meta["header_row"] == 2
    assert (read.staged("starts"), read.staged("score")) == (["2024-03-05"], ["85"])


def test_group_titles_above_the_headings() -> None:
    rows: list[Row] = [["学员信息", None, "联系方式"], HEAD, *PEOPLE]
    read = harvest(ROSTER, book(*rows, merges=["A1:B1"]))
    assert read.meta["header_row"] == 2 and len(read.rows) == 4


def test_a_person_without_name_and_number_is_no_second_line() -> None:
    read = harvest(ROSTER, book(HEAD, [None, None, "13900000000"], *PEOPLE))
    assert read.meta["header_row"] == 1
    assert read.codes(2) == {"NAME_MISSING", "ID_MISSING"}


# ---------------------------------------------------------------- headings of two meanings


@pytest.mark.parametrize(
    ("cell", "key"), [("2024.3.5-2024.3.24", "period"), ("80", "hours"), (80, "hours"), ("80学时", "hours")]
)
def test_training_time_is_told_by_its_cells(cell: str | int, key: str) -> None:
    rows = [[p.name, p.id_number, "焊工", cell] for p in cast.EVERYONE[:3]]
    read = harvest(LEDGER, book(["姓名", "身份证号", "工种", "培训时间"], *rows))
    if key == "period":
        assert read.meta["mapping"]["period"] == "培训时间"
        assert read.staged("starts") == ["2024-03-05"] * 3
    else:
        assert read.refused == "COLUMN_MISSING"
        assert read.details["mapping"]["hours"] == "培训时间"


# ---------------------------------------------------------------- what lacks


def test_a_missing_column_is_named_and_candidates_are_offered() -> None:
    """The wrong version of a template is no reason to say that the format does not match (D20)."""
    read = harvest(ROSTER, book(["姓名", "公民身份证编号码", "联系电话"], *PEOPLE))
    assert read.refused == "COLUMN_MISSING"
    assert "身份证号" in read.message
    (missing,) = read.details["missing"]
    assert missing["key"] == "id_number"
    assert missing["candidates"][0] == "公民身份证编号码"
    again = harvest(
        ROSTER,
        book(["姓名", "公民身份证编号码", "联系电话"], *PEOPLE),
        mapping={"id_number": "公民身份证编号码"},
    )
    assert not again.refused and len(again.rows) == 4


def test_every_missing_column_is_named_at_once() -> None:
    read = harvest(LEDGER, book(HEAD, *PEOPLE))
    assert [one["key"] for one in read.details["missing"]] == ["project", "starts", "ends"]
    assert "“培训项目”或“培训工种”" in read.message


def test_no_header_at_all() -> None:
    read = harvest(ROSTER, book(*PEOPLE))
    assert read.refused == "NO_HEADER"
    assert "姓名" in read.message and "李娜" not in read.message


def test_a_header_without_people_is_empty() -> None:
    assert harvest(ROSTER, book(HEAD)).refused == "EMPTY"
    assert harvest(ROSTER, book(HEAD, ["合计", "0人"])).refused == "EMPTY"
    assert harvest(ROSTER, book()).refused == "EMPTY"


# ---------------------------------------------------------------- which sheet


def roster_sheet(name: str, *, hidden: bool = False) -> Sheet:
    return Sheet(name, [HEAD, *PEOPLE], hidden=hidden)


def test_the_only_sheet_that_is_one() -> None:
    other = [
        Sheet("代码表", [["代码", "名称"], ["01", "男"]]),
        Sheet("汇总", [["人员类别", "培训工种", "等级", "人数"]]),
    ]
    read = harvest(ROSTER, xlsx([*other, roster_sheet("打印用", hidden=True), roster_sheet("名单")]))
    assert read.meta["sheet"] == "名单"


def test_two_sheets_that_could_be_it_are_put_to_the_person() -> None:
    data = xlsx([roster_sheet("一班"), roster_sheet("二班")])
    read = harvest(ROSTER, data)
    assert read.refused == "SHEET_AMBIGUOUS"
    assert [(one["name"], one["rows"]) for one in read.details["sheets"]] == [("一班", 5), ("二班", 5)]
    assert "一班" in read.message and "二班" in read.message
    assert harvest(ROSTER, data, sheet="二班").meta["sheet"] == "二班"
    assert harvest(ROSTER, data, sheet="三班").refused == "SHEET_AMBIGUOUS"


def test_find_without_rows() -> None:
    assert find([], [], ROSTER) is None
