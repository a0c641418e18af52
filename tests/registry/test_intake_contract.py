"""Every sheet of tests/data through the command line, on PostgreSQL, against the table of expectations."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from tests import world
from tests.sheets import cast
from tests.sheets.cases import WARNINGS, every
from tests.sheets.packed import same

DATA = Path(__file__).resolve().parents[1] / "data"
EXPECTED: dict[str, dict[str, Any]] = tomllib.loads((DATA / "expectations.toml").read_text("utf-8"))

# The rows of the contract's tables that these two kinds of sheet can meet.
# fmt: off
FILE_ERRORS = {
    "FILE_TYPE", "FILE_UNREADABLE", "FILE_TOO_LARGE", "ARCHIVE_BOMB", "EMPTY", "NO_HEADER", "COLUMN_MISSING",
    "SHEET_AMBIGUOUS", "ENCODING",
}
ERRORS = {
    "NAME_MISSING", "ID_MISSING", "ID_TRUNCATED", "ID_LENGTH", "ID_CHARACTER", "ID_BIRTH_DATE",
    "ID_CHECK_DIGIT", "ID_DUPLICATE_IN_FILE", "ID_NAME_CONFLICT", "AGE_OUT_OF_RANGE", "CLASS_FULL",
    "CLASS_CLOSED", "SCOPE_EXCEEDED", "SESSION_OVERLAP", "DATE_INVALID", "NUMBER_INVALID", "LEVEL_UNKNOWN",
    "OCCUPATION_UNKNOWN", "CATEGORY_UNKNOWN", "INSTITUTION_UNKNOWN", "CELL_ERROR",
    "CERTIFICATE_NUMBER_FORMAT", "CERTIFICATE_NUMBER_TAKEN", "CERTIFICATE_MISMATCH", "ALREADY_REGISTERED",
}
# fmt: on
HEAVY = {case.name: case for case in every() if case.heavy}


@pytest.fixture(scope="module")
def registry(django_db_setup: None, django_db_blocker: Any) -> Iterator[world.World]:
    """The world once for all files; each file is checked inside a savepoint, and the whole is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = world.build()
        # Fired now: every savepoint rolled back would bring tens of thousands of checks back.
        connection.check_constraints()
        yield made
        transaction.set_rollback(True)


def sheet_check(path: Path, expected: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of ``manage.py sheet check``."""
    out = io.StringIO()
    arguments = ["sheet", "check", expected["kind"], str(path), "--json"]
    arguments += ["--class", expected["to_class"]] if "to_class" in expected else []
    arguments += ["--sheet", expected["pick"]] if "pick" in expected else []
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def said(found: dict[str, Any]) -> list[tuple[int, str, str]]:
    return sorted((issue["row"], issue["column"], issue["code"]) for issue in found["issues"])


@pytest.mark.parametrize("name", [*EXPECTED, *HEAVY])
@pytest.mark.django_db
def test_sheet_meets_what_the_contract_says(
    name: str, registry: world.World, tmp_path: Path, settings: Any
) -> None:
    path = DATA / name
    if name in HEAVY:
        path = tmp_path / name
        path.write_bytes(HEAVY[name].build())
    expected = EXPECTED[name] if name in EXPECTED else tomllib.loads("\n".join(HEAVY[name].toml()))[name]
    settings.INTAKE_CLI_MAX_BYTES = expected.get("limit", settings.INTAKE_CLI_MAX_BYTES)
    code, found = sheet_check(path, expected)

    refusal = found["file_error"]["code"] if found["file_error"] else ""
    assert refusal == expected.get("file_error", ""), found["file_error"]
    assert said(found) == sorted(map(tuple, expected.get("issues", [])))
    assert code == expected["exit"]
    assert found["file"]["name"] == name
    hides_people(found, name)
    if refusal:
        assert any("\u4e00" <= c <= "\u9fff" for c in found["file_error"]["message"])
        return
    compare_rows(found, expected)
    compare_sheet(found, expected)


def hides_people(found: dict[str, Any], file_name: str) -> None:
    """No name, number or phone of the cast outside ``cleaned``, which is asked for."""
    text = json.dumps([found["issues"], found["sheet"], found["file_error"]], ensure_ascii=False)
    for person in (*cast.EVERYONE, cast.ON_RECORD_AS_OTHER, cast.TOO_YOUNG):
        for secret in (person.name, person.id_number, person.phone):
            assert secret not in text.replace(file_name, "")


def compare_rows(found: dict[str, Any], expected: dict[str, Any]) -> None:
    rejected = sorted({issue["row"] for issue in found["issues"] if issue["severity"] == "error"})
    assert rejected == expected["rejected"]
    assert found["accepted_rows"] == expected["accepted"]
    counts = found["counts"]
    assert counts["rejected"] == len(rejected)
    assert counts["accepted"] + counts["unchanged"] == len(expected["accepted"])
    assert counts["read"] == counts["accepted"] + counts["rejected"] + counts["unchanged"]
    for row, name in expected.get("names", {}).items():
        assert found["cleaned"][row] == name


def compare_sheet(found: dict[str, Any], expected: dict[str, Any]) -> None:
    sheet = found["sheet"]
    assert sheet["header_row"] == expected["header_row"]
    skipped = [[skip["row"], skip["why"]] for skip in sheet["skipped_rows"]]
    assert skipped == expected.get("skipped", [])
    assert sheet["ignored_columns"] == expected.get("ignored", [])
    if "sheet" in expected:
        assert sheet["name"] == expected["sheet"]
    for key in ("format", "encoding"):
        if key in expected:
            assert found["file"][key] == expected[key]


def test_every_code_of_the_contract_has_a_sheet() -> None:
    codes = {code for e in EXPECTED.values() for _row, _column, code in e.get("issues", [])}
    assert codes >= ERRORS | WARNINGS
    assert {e["file_error"] for e in EXPECTED.values() if "file_error" in e} >= FILE_ERRORS


def test_every_row_of_the_dirty_data_catalogue_has_a_sheet() -> None:
    covered = {d for case in every() for d in case.covers}
    assert covered == {f"D{n}" for n in range(1, 21)}


def test_sheets_on_disk_are_those_of_the_builder() -> None:
    """``scripts/sheets --check``, from inside."""
    for case in every():
        if not case.heavy:
            assert same((DATA / case.name).read_bytes(), case.build()), case.name
    assert {path.name for path in DATA.iterdir()} == {*EXPECTED, "expectations.toml"}
