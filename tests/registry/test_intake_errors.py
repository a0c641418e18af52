"""The error workbook and the blank one, as a clerk meets them: opened, corrected, handed in again."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from registry.intake import errors, kinds, services, store, template
from registry.intake.models import Batch
from tests import town as towns
from tests.sheets import ledger_cases, roster_cases
from tests.sheets.cells import Broken, Formula, Sheet
from tests.sheets.xlsx import xlsx
from tests.town import State, Town, counts, entry, ledger, load, loaded, people, person, roster, said
from training.enrolments.models import Enrolment

ID, NAME = "身份证号", "姓名"


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def workbook(batch: Batch, **options: Any) -> tuple[Workbook, Worksheet]:
    out = io.BytesIO()
    errors.write(batch, out, **options)
    book = load_workbook(out)
    assert book.active is not None
    return book, book.active  # type: ignore[return-value]


def bytes_of(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def written(batch: Batch, **options: Any) -> bytes:
    out = io.BytesIO()
    errors.write(batch, out, **options)
    return out.getvalue()


def at(sheet: Worksheet, heading: str, row: int, header: int = 1) -> Any:
    headings = [cell.value for cell in sheet[header]]
    return sheet.cell(row, headings.index(heading) + 1)


def faulty(town: Town) -> Batch:
    """Six rows: in order, a wrong number, a repeated row, unreadable hours, an unknown trade, in order."""
    who = people(5)
    spoilt = who[1].numbered(towns.cast.wrong_check(who[1].id_number))
    rows = [
        entry(who[0], 1),
        entry(spoilt, 2),
        entry(who[0], 3),
        entry(who[2], 4, hours="八十"),
        entry(who[3], 5, trade="星际领航员"),
        entry(who[4], 6),
    ]
    return load(town, "ledger", ledger_cases.book(rows), name="台账.xlsx")


def test_rows_stand_at_their_places_with_faults_coloured_and_explained(town: Town) -> None:
    batch = faulty(town)
    assert batch.state == State.REVIEW
    _book, sheet = workbook(batch)
    headings = [cell.value for cell in sheet[1]]
    assert headings == [*ledger_cases.HEAD, "处理结果", "错误原因"]
    assert [sheet.cell(n, 1).value for n in range(2, 8)] == [people(5)[n].name for n in (0, 1, 0, 2, 3, 4)]
    outcomes = [at(sheet, "处理结果", n).value for n in range(2, 8)]
    assert outcomes == ["通过", "未通过", "未通过", "未通过", "未通过", "通过"]
    for row, heading in ((3, ID), (4, ID), (5, "课时"), (6, "培训工种")):
        cell = at(sheet, heading, row)
        assert cell.fill.fgColor.rgb == "FFF8D7DA", (row, heading)
        assert cell.comment and any("\u4e00" <= c <= "\u9fff" for c in cell.comment.text)
        assert heading in at(sheet, "错误原因", row).value
    coloured = [c.coordinate for line in sheet.iter_rows(2) for c in line if c.fill.fgColor.rgb == "FFF8D7DA"]
    assert len(coloured) == 4
    assert not at(sheet, ID, 2).comment
    assert not [c for line in sheet.iter_rows() for c in line if c.data_type == "f"]


def test_handed_in_again_as_it_is_it_gets_the_same_verdicts(town: Town) -> None:
    batch = faulty(town)
    again = load(town, "ledger", written(batch), name="错误明细.xlsx")
    assert (again.state, said(again), counts(again)) == (State.REVIEW, said(batch), counts(batch))
    assert not again.sheet["ignored_columns"]
    third = load(town, "ledger", written(again), name="错误明细 错误明细.xlsx")
    assert said(third) == said(batch)
    _book, sheet = workbook(third)
    assert [cell.value for cell in sheet[1]] == [*ledger_cases.HEAD, "处理结果", "错误原因"]


def test_corrected_in_place_it_is_accepted_and_what_was_registered_stays(town: Town) -> None:
    batch = services.load(faulty(town).pk, valid_rows_only=True)
    assert counts(batch) == (6, 2, 4, 0)
    before = list(Enrolment.objects.order_by("pk").values())
    book, sheet = workbook(batch)
    at(sheet, ID, 3).value = person(1).id_number
    at(sheet, "班级编号", 4).value = "KS-2024-08"
    at(sheet, "课时", 5).value = 80
    at(sheet, "培训工种", 6).value = "焊工"
    again = loaded(town, "ledger", bytes_of(book), name="改好.xlsx")
    assert counts(again) == (6, 4, 0, 2)
    assert (
        list(Enrolment.objects.filter(pk__in=[row["id"] for row in before]).order_by("pk").values()) == before
    )
    assert Enrolment.objects.count() == 6
    towns.proved()


def test_only_the_faulty_rows_when_asked(town: Town) -> None:
    batch = faulty(town)
    _book, sheet = workbook(batch, faulty_only=True)
    assert [sheet.cell(n, 1).value for n in range(2, 6)] == [people(5)[n].name for n in (1, 0, 2, 3)]
    assert sheet.max_row == 5


# What a spreadsheet did to a cell must not heal on the way out and back.
DAMAGED = {
    "a number of eighteen digits": (ID, 653101198503071232, "ID_TRUNCATED"),
    "a number of fifteen digits": (ID, 650102680101123, "ID_TRUNCATED"),
    "a formula that was never computed": ("补贴金额", Formula("O2+1"), "CELL_ERROR"),
    "an error": ("补贴金额", Broken("#REF!"), "CELL_ERROR"),
    "an error for a name": (NAME, Broken("#N/A"), "CELL_ERROR"),
    "a certificate as a number": ("证书编号", 1.2345678e21, "CERTIFICATE_NUMBER_FORMAT"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damage_stays_damage(town: Town, damage: str) -> None:
    heading, cell, code = DAMAGED[damage]
    rows = [entry(person(1), 1).cells(), entry(person(2), 2).cells()]
    rows[1][ledger_cases.HEAD.index(heading)] = cell
    batch = load(town, "ledger", xlsx([Sheet("台账", [ledger_cases.HEAD, *rows])]), name="台账.xlsx")
    assert said(batch) == [(3, code)]
    assert said(load(town, "ledger", written(batch), name="错误明细.xlsx")) == [(3, code)]


def test_what_stood_for_the_cell_above_is_written_out(town: Town) -> None:
    """A merge does not survive, and of a long sheet the row above may be missing."""
    who = people(4)
    rows = [entry(each, n) for n, each in enumerate(who)]
    rows[1] = replace(rows[1], school=None, number=None)
    rows[2] = replace(rows[2], school="同上", number="〃", hours="八十")
    data = ledger_cases.book(rows, merges=["C2:C3", "D2:D3"])
    batch = load(town, "ledger", data, name="台账.xlsx")
    assert said(batch) == [(4, "NUMBER_INVALID")]
    everything: list[dict[str, Any]] = [{}, {"faulty_only": True}]
    for options in everything:
        book, sheet = workbook(batch, **options)
        row = next(n for n in range(2, 6) if sheet.cell(n, 1).value == who[2].name)
        assert at(sheet, "培训机构", row).value == towns.SCHOOL
        assert at(sheet, "班级编号", row).value == "KS-2024-07"
        at(sheet, "课时", row).value = "80"
        again = towns.check(town, "ledger", bytes_of(book), name="改好.xlsx")
        assert (said(again), again.counts["accepted"]) == ([], sheet.max_row - 1)
        services.cancel(again.pk, actor=None)


def test_titles_headers_of_two_lines_and_footers_keep_their_places(town: Town) -> None:
    who = people(3)
    spoilt = who[1].numbered(towns.cast.wrong_check(who[1].id_number))
    two_lines = [
        ["2024年台账", *[None] * 17],
        ["基本信息", None, "培训情况", *[None] * 8, "证书", None, None, "补贴", *[None] * 3],
        list(ledger_cases.HEAD),
        entry(who[0], 1).cells(),
        entry(spoilt, 2).cells(),
        [None] * 18,
        entry(who[2], 3).cells(),
        ["合计", "3人"],
    ]
    merges = ["A1:R1", "A2:B2", "C2:K2", "L2:N2", "O2:R2"]
    batch = load(town, "ledger", xlsx([Sheet("台账", two_lines, merges)]), name="台账.xlsx")
    assert (said(batch), batch.sheet["header_row"]) == ([(5, "ID_CHECK_DIGIT")], 3)
    _book, sheet = workbook(batch)
    assert sheet.cell(1, 1).value == "2024年台账"
    assert sheet.cell(3, 19).value == "处理结果"
    assert (sheet.cell(8, 1).value, sheet.cell(8, 19).value) == ("合计", None)
    assert at(sheet, "处理结果", 6, header=3).value is None, "nothing became of an empty row"
    again = load(town, "ledger", written(batch), name="错误明细.xlsx")
    assert (said(again), again.counts, again.sheet["ignored_columns"]) == (said(batch), batch.counts, [])


def test_a_sheet_may_be_called_what_no_workbook_allows(town: Town) -> None:
    batch = load(town, "ledger", ledger([entry(person(1).called(""), 1)]))
    for name in ("2024[一]/二?", "'引号'", "名" * 40, ""):
        batch.sheet["name"] = name
        out = io.BytesIO()
        paper = errors._tab(name)
        assert 0 < len(paper) <= 31
        xlsxwriter.Workbook(out).add_worksheet(paper)


def test_without_the_original_there_is_no_error_workbook(town: Town, tmp_path: Path) -> None:
    refused = towns.check(town, "ledger", b"nothing of use")
    with pytest.raises(store.FileGone):
        errors.write(refused, tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()
    with pytest.raises(CommandError, match="指纹"):
        call_command("sheet", "errors", str(refused.pk), str(tmp_path / "out.xlsx"))


# --- the blank workbook


@pytest.mark.parametrize("kind", ["roster", "ledger"])
def test_the_blank_workbook_has_headings_and_drop_downs(kind: str, tmp_path: Path) -> None:
    spec = kinds.get(kind).spec
    template.write(spec, tmp_path / "模板.xlsx")
    book = load_workbook(tmp_path / "模板.xlsx")
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    assert headings == [column.heading for column in spec.offered]
    lists = {str(rule.sqref).split(":")[0] for rule in sheet.data_validations.dataValidation}
    with_choices = [
        column for column in spec.offered if column.choices and len(",".join(column.choices)) <= 255
    ]
    assert len(lists) == len(with_choices) > 0
    identity = at(sheet, "身份证号", 1).column_letter
    assert sheet.column_dimensions[identity].number_format == "@"


@pytest.mark.parametrize("kind", ["roster", "ledger"])
def test_the_blank_workbook_filled_in_is_accepted(town: Town, kind: str) -> None:
    out = io.BytesIO()
    template.write(kinds.get(kind).spec, out)
    book = load_workbook(out)
    sheet = book.worksheets[0]
    for n in (1, 2):
        values: dict[str, Any] = (
            dict(zip(ledger_cases.HEAD, entry(person(n), n).cells(), strict=True))
            if kind == "ledger"
            else {NAME: person(n).name, ID: person(n).id_number, "联系电话": person(n).phone}
        )
        for column in kinds.get(kind).spec.offered:
            chosen = column.choices[0] if column.choices else None
            value = values.get(column.heading, chosen)
            if value is not None:
                at(sheet, column.heading, n + 1).value = value
    batch = loaded(town, kind, bytes_of(book), name="模板.xlsx")
    assert (counts(batch), said(batch), said(batch, "warning")) == ((2, 2, 0, 0), [], [])


def test_a_roster_takes_the_same_road(town: Town) -> None:
    who = people(2)
    data = roster_cases.book([roster_cases.line(who[0]), roster_cases.line(who[1].called(""))])
    batch = load(town, "roster", data, name="花名册.xlsx")
    assert said(batch) == [(3, "NAME_MISSING")]
    book, sheet = workbook(batch)
    at(sheet, NAME, 3).value = who[1].name
    assert loaded(town, "roster", bytes_of(book), name="改好.xlsx").created == {"persons": 2, "enrolments": 2}
    assert roster(who)
