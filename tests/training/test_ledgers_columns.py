"""The ledger's columns: what each row stages, and what is said of it, from workbook to lines."""

from __future__ import annotations

import pytest

from tests.registry.harvesting import Read, book, harvest
from tests.sheets import cast
from tests.sheets.cells import Broken, Cell
from training.catalogue import codes, words
from training.ledgers.columns import LEDGER

BASE: dict[str, Cell] = {
    "姓名": "李娜", "身份证号": cast.LINA.id_number, "培训工种": "焊工", "培训开始时间": "2024-03-05",
    "培训结束时间": "2024-03-24",
}  # fmt: skip
CERTIFICATE = {"等级": "中级工", "证书编号": "S000065000123244000057", "发证日期": "2024-04-10"}


def ledger(*rows: dict[str, Cell]) -> Read:
    """Each row is the base with what is given; a column of the base set to None in all rows is left out."""
    heads = list(dict.fromkeys(key for row in ({**BASE, **one} for one in rows) for key in row))
    heads = [
        head
        for head in heads
        if any({**BASE, **row}.get(head) is not None for row in rows) or head in rows[0]
    ]
    heads = [head for head in heads if not all(head in row and row[head] is None for row in rows)]
    return harvest(LEDGER, book(heads, *([{**BASE, **row}.get(head) for head in heads] for row in rows)))


def said(read: Read) -> list[tuple[str, str]]:
    return [(column, code) for _, column, code in read.issues]


def test_a_full_row() -> None:
    full: dict[str, Cell] = {
        **CERTIFICATE, "培训项目": "焊工初级技能培训", "班级编号": "KS-2024-07",
        "培训机构": "喀什红柳职业技能培训学校（东校区）",
        "课时": 80, "考核成绩": "85.5分", "考核结果": "合格", "证书名称": "职业技能等级证书", "补贴金额": "1,000.00",
        "资金来源": "就业补助资金", "人员类别": "农民工", "培训类型": "就业技能培训", "证件类型": "居民身份证",
    }  # fmt: skip
    read = ledger(full)
    (row,) = read.rows
    assert not read.issues and row["bad"] == "f"
    expected = {
        "name": "李娜", "doc_kind": "id_card", "birth": "1999-07-12", "sex": "F", "project": "焊工初级技能培训",
        "occupation": "焊工", "starts": "2024-03-05", "ends": "2024-03-24", "class_no": "KS-2024-07",
        "class_key": "KS-2024-07", "provider": "喀什红柳职业技能培训学校（东校区）",
        "provider_key": "喀什红柳职业技能培训学校(东校区)", "level": "3", "hours": "80", "score": "85.5",
        "result": "pass", "cert_name": "职业技能等级证书", "cert_no": "S000065000123244000057",
        "cert_on": "2024-04-10", "cert_verdict": "kept_rule", "cert_family": "skill_level", "amount_fen": "100000",
        "fund": "jiuye", "category": "rural", "training_type": "employment",
    }  # fmt: skip
    assert {key: row[key] for key in expected} == expected


def test_only_what_is_required() -> None:
    read = ledger({})
    assert not read.issues
    assert read.rows[0]["cert_no"] is None and read.rows[0]["amount_fen"] is None
    assert not ledger({"培训工种": None, "培训项目": "焊工初级技能培训"}).issues


def test_neither_project_nor_occupation() -> None:
    assert said(ledger({"培训工种": None}, {})) == [("培训工种", "OCCUPATION_UNKNOWN")]
    assert said(ledger({"培训工种": Broken("#REF!")}, {})) == [("培训工种", "CELL_ERROR")]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"培训结束时间": "2024-03-01"}, [("培训结束时间", "DATE_INVALID")]),
        ({"培训结束时间": "2024-02-30"}, [("培训结束时间", "DATE_INVALID")]),
        ({"培训开始时间": ""}, [("培训开始时间", "DATE_INVALID")]),
        ({"发证日期": "不详"}, [("发证日期", "DATE_INVALID")]),
        ({"课时": "八十"}, [("课时", "NUMBER_INVALID")]),
        ({"补贴金额": "一千"}, [("补贴金额", "NUMBER_INVALID")]),
        ({"补贴金额": Broken("#REF!")}, [("补贴金额", "CELL_ERROR")]),
        ({"等级": "很高"}, [("等级", "LEVEL_UNKNOWN")]),
        ({"资金来源": "张三给的"}, [("资金来源", "CATEGORY_UNKNOWN")]),
        ({"人员类别": "贵宾"}, [("人员类别", "CATEGORY_UNKNOWN")]),
        ({"培训类型": "旅游"}, [("培训类型", "CATEGORY_UNKNOWN")]),
        ({"考核结果": "不知道"}, [("考核结果", "CATEGORY_UNKNOWN")]),
        ({"证件类型": "工作证"}, [("证件类型", "CATEGORY_UNKNOWN")]),
    ],
)
def test_faults(cells: dict[str, Cell], expected: list[tuple[str, str]]) -> None:
    read = ledger(cells)
    assert said(read) == expected and read.bad == [2]


def test_all_faults_of_a_row_in_one_pass() -> None:
    read = ledger(
        {"姓名": "", "身份证号": "123", "等级": "很高", "课时": -1, "补贴金额": "?", "培训结束时间": "x"}
    )
    assert {code for _, code in said(read)} == {
        "NAME_MISSING", "ID_LENGTH", "LEVEL_UNKNOWN", "NUMBER_INVALID", "DATE_INVALID",
    }  # fmt: skip
    assert len(read.issues) == 6


# ---------------------------------------------------------------- certificates


def test_certificates_agree_with_their_row() -> None:
    assert not ledger(CERTIFICATE).issues


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"证书编号": "S00006500012324400005"}, [("证书编号", "CERTIFICATE_NUMBER_FORMAT")]),
        ({"证书编号": 1831000000300123.0}, [("证书编号", "CERTIFICATE_NUMBER_FORMAT")]),
        ({"证书编号": "？？"}, [("证书编号", "CERTIFICATE_NUMBER_FORMAT")]),
        ({"证书编号": "1" * 41}, [("证书编号", "CERTIFICATE_NUMBER_FORMAT")]),
        ({"证书编号": "兵_农#2024、7"}, []),
        ({"发证日期": "2025-01-10"}, [("证书编号", "CERTIFICATE_MISMATCH")]),
        ({"等级": "高级工"}, [("证书编号", "CERTIFICATE_MISMATCH")]),
        ({"等级": "高级工", "发证日期": "2025-01-10"}, [("证书编号", "CERTIFICATE_MISMATCH")] * 2),
        ({"证书编号": "Q000065000123244000057"}, []),
        ({"证书编号": "新培合字〔2024〕第0012号"}, []),
        ({"证书编号": "无"}, []),
        ({"证书编号": None, "发证日期": None, "等级": "高级工"}, []),
    ],
)
def test_certificate_numbers(cells: dict[str, Cell], expected: list[tuple[str, str]]) -> None:
    read = ledger({**CERTIFICATE, **cells}, CERTIFICATE)
    assert [(column, code) for row, column, code in read.issues if row == 2] == expected


@pytest.mark.parametrize(
    ("name", "number", "family"),
    [
        ("职业技能等级证书", "S000065000123244000057", "skill_level"),
        ("", "S000065000123244000057", "skill_level"),
        ("职业资格证书", "1831000000300123", "qualification"),
        ("专项职业能力证书", "1831000000300123", "special"),
        ("培训合格证书", "KS-2024-0012", "completion"),
        ("结业证", "KS-2024-0012", "completion"),
        ("1+X 证书", "KS-2024-0012", "x"),
        ("特种作业操作证", "T65010219990712224X", "other"),
    ],
)
def test_family(name: str, number: str, family: str) -> None:
    assert ledger({"证书编号": number, "证书名称": name}).staged("cert_family") == [family]


@pytest.mark.parametrize(
    ("score", "result", "staged"),
    [
        ("85", None, ("85", None)),
        ("合格", None, (None, "pass")),
        ("缺考", None, (None, "fail")),
        ("不合格", "合格", (None, "pass")),
        ("免考", None, (None, None)),
        ("1", None, ("1", None)),
    ],
)
def test_words_in_place_of_scores(
    score: str, result: str | None, staged: tuple[str | None, str | None]
) -> None:
    (row,) = ledger({"考核成绩": score, "考核结果": result} if result else {"考核成绩": score}).rows
    assert (row["score"], row["result"]) == staged


# ---------------------------------------------------------------- classes, periods, amounts


def test_classes_without_a_number_get_the_same_one_for_the_same_training() -> None:
    read = ledger({}, {"姓名": "王建国"}, {"培训工种": "电工"}, {"等级": "中级工"}, {"班级编号": "KS-1"})
    keys = read.staged("class_key")
    assert keys[0] == keys[1] and len(set(keys)) == 4
    assert str(keys[0]).startswith("台账-") and keys[4] == "KS-1"
    assert ledger({}).staged("class_key") == keys[:1]


@pytest.mark.parametrize("cell", ["2024.3.5-2024.3.24", "2024年3月5日至3月24日", "2024-03-05～2024-03-24"])
def test_start_and_end_in_one_cell(cell: str) -> None:
    read = ledger({"培训开始时间": None, "培训结束时间": None, "培训起止时间": cell})
    assert (read.staged("starts"), read.staged("ends")) == (["2024-03-05"], ["2024-03-24"])
    assert not read.issues


def test_start_and_end_in_one_cell_the_wrong_way_round() -> None:
    read = ledger({"培训开始时间": None, "培训结束时间": None, "培训起止时间": "2024.3.24-2024.3.5"})
    assert said(read) == [("培训起止时间", "DATE_INVALID")]


def test_amounts_in_ten_thousands_by_the_heading() -> None:
    read = ledger({"补贴金额（万元）": 0.1})
    assert read.staged("amount_fen") == ["100000"]


@pytest.mark.parametrize(
    ("table", "list_", "offered"),
    [
        (words.CATEGORY, codes.PersonCategory, words.CATEGORY_OFFERED),
        (words.FUND, codes.FundSource, words.FUND_OFFERED),
        (words.TRAINING_TYPE, codes.TrainingType, words.TRAINING_TYPE_OFFERED),
    ],
)
def test_words_lead_to_every_code_and_to_no_other(
    table: dict[str, str], list_: type[codes.TrainingType], offered: tuple[str, ...]
) -> None:
    assert set(table.values()) == set(list_.values)
    assert [table[word] for word in offered] == list(list_.values)
    for code, label in list_.choices:
        assert table[str(label).replace("（", "(").replace("）", ")")] == code


def test_the_result_words() -> None:
    assert set(words.RESULT.values()) == {"pass", "fail"}


def test_staged_columns_have_types_and_no_name_twice() -> None:
    names = [name for name, _ in LEDGER.staged]
    assert len(set(names)) == len(names)
    assert dict(LEDGER.staged)["amount_fen"] == "bigint"
    assert names[:4] == ["row", "bad", "reader_bad", "person_uuid"]
