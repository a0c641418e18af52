"""The roster's columns, from workbook to lines."""

from __future__ import annotations

from tests.registry.harvesting import RING, book, harvest
from tests.sheets import cast
from training.rosters.columns import ROSTER

HEAD = [
    "姓名",
    "身份证号",
    "证件类型",
    "联系电话",
    "人员类别",
    "文化程度",
    "户籍地区划",
    "开户银行",
    "银行户名",
    "银行账号",
]


def opened(text: str | None, purpose: str, row_id: str | None) -> str:
    assert text is not None and row_id is not None
    return RING.open_(bytes.fromhex(text.removeprefix("\\x")), purpose, row_id).decode()


def test_a_full_row() -> None:
    line = [
        "李娜", cast.LINA.id_number, "居民身份证", "139-0998-0003", "企业职工", "高中", "喀什地区喀什市",
        "示例银行喀什支行", "李娜", "6200001390998000172",
    ]  # fmt: skip
    read = harvest(ROSTER, book(HEAD, line))
    (row,) = read.rows
    assert read.issues == [(2, "联系电话", "CLEANED")]
    assert (row["category"], row["education"], row["region"]) == ("employee", "高中", "喀什地区喀什市")
    assert (row["phone_mask"], row["bank_mask"]) == ("139****0003", "****0172")
    assert opened(row["sealed"], "idno", row["person_uuid"]) == cast.LINA.id_number
    assert opened(row["phone_sealed"], "phone", row["person_uuid"]) == "13909980003"
    assert opened(row["bank_sealed"], "bank", row["person_uuid"]) == "6200001390998000172"
    assert row["bidx"] == "\\x" + RING.blind_index(cast.LINA.id_number, "idno").hex()


def test_nothing_in_clear_is_staged() -> None:
    read = harvest(ROSTER, book(HEAD[:4], ["李娜", cast.LINA.id_number, None, "13909980003"]))
    staged = " ".join(str(value) for value in read.rows[0].values())
    assert cast.LINA.id_number not in staged and "13909980003" not in staged


def test_every_person_has_an_id_of_their_own_in_order() -> None:
    read = harvest(ROSTER, book(HEAD[:2], *([p.name, p.id_number] for p in cast.EVERYONE)), chunk_rows=3)
    ids = read.staged("person_uuid")
    assert ids == sorted(set(map(str, ids))) and len(ids) == 10
    assert all(str(one)[14] == "7" for one in ids)


def test_a_kind_of_document_that_the_number_is_not() -> None:
    head = ["证件类型", "姓名", "身份证号"]
    rows = [
        ["护照", "安娜", "E12345678"],
        ["居民身份证", "安娜", "E12345678"],
        ["", "安娜", "E12345678"],
        ["工作证", "李娜", cast.LINA.id_number],
    ]
    read = harvest(ROSTER, book(head, *rows))
    assert read.staged("doc_kind") == ["passport", None, None, "id_card"]
    assert read.issues == [
        (3, "身份证号", "ID_LENGTH"), (4, "身份证号", "ID_LENGTH"), (5, "证件类型", "CATEGORY_UNKNOWN"),
    ]  # fmt: skip


def test_the_answer_names_cleaned_names_by_row() -> None:
    read = harvest(ROSTER, book(HEAD[:2], ["李  娜", cast.LINA.id_number], ["", cast.WANG.id_number]))
    assert read.end["cleaned"] == {"2": "李娜"}
    assert (read.end["read"], read.end["bad"]) == (2, 1)


def test_the_template_offers_what_the_contract_lists() -> None:
    assert [column.heading for column in ROSTER.offered] == HEAD
    assert [column.heading for column in ROSTER.columns if ROSTER.is_required(column.key)] == [
        "姓名",
        "身份证号",
    ]
