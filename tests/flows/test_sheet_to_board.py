"""The main job: a ledger comes in, is reviewed and committed; account, provenance and board show it."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import openpyxl

from registry.intake.models import Batch
from registry.people.models import Person
from tests.flows.conftest import Desk
from tests.sheets import cast
from tests.sheets.cells import Sheet
from tests.sheets.ledger_cases import book, good, number
from tests.sheets.xlsx import xlsx
from training.enrolments.models import Enrolment

DATA = Path(__file__).resolve().parents[1] / "data"
STATES = Batch.State


def held(batch: Batch) -> int:
    return Enrolment.objects.filter(batch_id=batch.pk).count()


def test_a_ledger_goes_from_upload_to_account_and_board(desk: Desk) -> None:
    batch = desk.hand_in("ledger_level_unknown.xlsx", (DATA / "ledger_level_unknown.xlsx").read_bytes())
    assert (batch.state, batch.counts["accepted"], batch.counts["rejected"]) == (STATES.REVIEW, 2, 1)
    review = desk.page(f"/intake/{batch.pk}/")
    assert "等级" in review and cast.TURSUN.id_number not in review
    assert held(batch) == 0

    assert desk.commit(batch).state == STATES.COMMITTED
    assert batch.created == {"persons": 2, "classes": 1, "enrolments": 2, "certificates": 2, "payments": 2}
    person = Person.objects.get(name=cast.AYGUL.name)
    account = desk.page(f"/people/{person.pk}/")
    for shown in ("焊工", number(51), "KS-2024-07", "合格"):
        assert shown in account
    assert cast.AYGUL.id_number not in account

    row = Enrolment.objects.get(person=person)
    origin = desk.page(f"/enrolments/{row.pk}/")
    assert "ledger_level_unknown.xlsx" in origin and batch.file_sha256 in origin
    assert {"实名制台账", "2"} <= set(re.sub(r"<[^>]+>", " ", origin).split())
    cells = desk.page(f"/enrolments/{row.pk}/cells/")
    assert "焊工" in cells and cast.AYGUL.id_number not in cells
    board_counts(desk, 3)


def board_counts(desk: Desk, done: int) -> None:
    """The board holds the two rows and the one that was there, and its figure leads to just these rows."""
    board = desk.page("/targets/XJ/?region=653101")
    links = [url.replace("&amp;", "&") for url in re.findall(r'href="(/targets/XJ/rows/\?[^"]+)"', board)]
    assert links
    shown = [desk.page(url) for url in dict.fromkeys(links)]
    assert any(str(done) in re.sub(r"<[^>]+>", " ", page).split() for page in shown)


def test_the_same_file_twice_has_one_effect(desk: Desk) -> None:
    data = (DATA / "ledger_plain.xlsx").read_bytes()
    first = desk.commit(desk.hand_in("台账.xlsx", data))
    second = desk.hand_in("台账.xlsx", data)
    assert second.pk != first.pk
    assert second.counts["unchanged"] == 10 and second.counts["accepted"] == 0
    desk.client.post(f"/intake/{second.pk}/commit/")
    assert held(second) == 0 and held(first) == 10


def test_a_missing_column_is_named_and_may_be_mapped(desk: Desk) -> None:
    head = ("姓名", "号码(证)", "培训机构", "培训工种", "培训开始时间", "培训结束时间")
    entry = good(1, cast.AYGUL)
    data = xlsx([Sheet("台账", [head, [*entry.cells()[:3], "焊工", entry.starts, entry.ends]])])
    refused = desk.hand_in("台账.xlsx", data)
    assert refused.state == STATES.REFUSED and refused.file_error["code"] == "COLUMN_MISSING"
    assert "号码(证)" in desk.page(f"/intake/{refused.pk}/")
    mapped = desk.hand_in("台账.xlsx", data, **{"map.id_number": "号码(证)"})
    assert mapped.counts["accepted"] == 1


def test_the_error_workbook_comes_back_corrected(desk: Desk) -> None:
    first = desk.hand_in("台账.xlsx", (DATA / "ledger_level_unknown.xlsx").read_bytes())
    found = desk.client.get(f"/intake/{first.pk}/errors.xlsx")
    paper = openpyxl.load_workbook(io.BytesIO(found.getvalue()))
    sheet = paper.active
    headings = {cell.value: cell.column for cell in sheet[1]}
    assert {"处理结果", "错误原因"} <= set(headings)
    faulty = sheet.cell(3, headings["等级"])
    assert faulty.comment is not None and faulty.fill.fgColor.rgb != "00000000"

    same = desk.hand_in("原样.xlsx", found.getvalue())
    assert same.counts == first.counts
    faulty.value = "五级"
    out = io.BytesIO()
    paper.save(out)
    corrected = desk.hand_in("更正.xlsx", out.getvalue())
    assert (corrected.counts["accepted"], corrected.counts["rejected"]) == (3, 0)
    assert desk.commit(corrected).state == STATES.COMMITTED


def test_the_error_workbook_of_merged_cells_loses_nothing(desk: Desk) -> None:
    entries = [good(600 + i, person) for i, person in enumerate(cast.EVERYONE[:4])]
    under = [replace(e, school=None, number=None, starts=None, ends=None) for e in entries[1:]]
    under[1] = replace(under[1], level="优秀")
    data = book([entries[0], *under], merges=[f"{c}2:{c}5" for c in "CDGH"])
    first = desk.hand_in("台账.xlsx", data)
    assert (first.counts["accepted"], first.counts["rejected"]) == (3, 1)
    paper = openpyxl.load_workbook(io.BytesIO(desk.client.get(f"/intake/{first.pk}/errors.xlsx").getvalue()))
    paper.active["F4"].value = "五级"
    out = io.BytesIO()
    paper.save(out)
    corrected = desk.hand_in("更正.xlsx", out.getvalue())
    assert (corrected.counts["accepted"], corrected.counts["rejected"]) == (4, 0)
