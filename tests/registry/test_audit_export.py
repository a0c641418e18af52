"""The log as files: an honest export passes the offline verifier, and what was done to the tables shows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from registry.audit import export
from registry.audit.services import erase, manifest_rows, record
from registry.lib.scope import Scope
from tests.logbook import SCRIPT, lines, read_lines, verify
from tests.logged import Log
from tests.registry.places import make_world
from tests.registry.test_audit_verify import CANON, FORM, TABLE

pytestmark = pytest.mark.django_db

PERSON = uuid4()


@pytest.fixture
def log() -> Iterator[Log]:
    """Five acts, two with a detail and one with a manifest, all in the log."""
    with connection.cursor() as cursor:
        cursor.execute(FORM)
    school = make_world().school
    for n in range(4):
        action = record(
            code="test.act", actor=None, subject_type="thing", subject_id=n, reason="换行\n|竖线\u2028"
        )
    manifest_rows(action, TABLE, CANON, [school.pk])
    record(code="test.a", actor=None, subject_type="thing", personal={"name": "张三"}, person_id=PERSON)
    record(code="test.b", actor=None, subject_type="thing", personal={"名": "李\u2028四", "n": [1, None]})
    log = Log()
    log.settle()
    yield log


def test_an_honest_export_passes(log: Log, tmp_path: Path) -> None:
    written = export.write(Scope.all(), tmp_path / "out", with_details=True)
    assert written == {"checkpoint": 1, "entries.jsonl": 9, "details.jsonl": 2, "manifests.jsonl": 1}
    said = verify(tmp_path / "out", "--key", log.vkey)
    assert said.ok, said.problems
    assert "0 份详情已抹除或未随附" in said.told
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_it_stops_at_the_checkpoint_whatever_came_after(log: Log, tmp_path: Path) -> None:
    record(code="test.later", actor=None, subject_type="thing")
    assert export.write(Scope.all(), tmp_path / "out", with_details=True)["entries.jsonl"] == 9
    assert verify(tmp_path / "out", "--key", log.vkey).ok
    old = tmp_path / "old"
    old.write_text(log.note, "utf-8")
    log.settle()
    assert export.write(Scope.all(), tmp_path / "new", with_details=True)["entries.jsonl"] == 10
    assert verify(tmp_path / "new", "--key", log.vkey, "--old", old).ok


def test_without_details_no_personal_data_leaves_and_it_passes(log: Log, tmp_path: Path) -> None:
    export.write(Scope.all(), tmp_path / "out", with_details=False)
    for file in (tmp_path / "out").iterdir():
        assert "张三" not in file.read_text("utf-8")
    said = verify(tmp_path / "out", "--key", log.vkey)
    assert said.ok and "2 份详情已抹除或未随附" in said.told


def test_erased_details_leave_their_commitments_and_it_passes(log: Log, tmp_path: Path) -> None:
    assert erase(None, PERSON, reason="本人申请") == 1
    log.settle()
    export.write(Scope.all(), tmp_path / "out", with_details=True)
    assert [row.get("erased") for row in read_lines(tmp_path / "out" / "details.jsonl")] == [True, None]
    assert verify(tmp_path / "out", "--key", log.vkey).ok


def test_a_forged_line_fails(log: Log, tmp_path: Path) -> None:
    export.write(Scope.all(), tmp_path / "out", with_details=True)
    rows = read_lines(tmp_path / "out" / "details.jsonl")
    rows[0]["detail"] = rows[0]["detail"].replace("张三", "张山")
    lines(tmp_path / "out" / "details.jsonl", rows)
    said = verify(tmp_path / "out", "--key", log.vkey)
    assert said.code == 1 and "details.jsonl" in said.problems[0]


def test_the_archive_holds_the_same_files(log: Log, tmp_path: Path) -> None:
    data = b"".join(export.zipped(Scope.all(), with_details=False, extra=(SCRIPT,)))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "zip")
    export.write(Scope.all(), tmp_path / "out", with_details=False)
    for file in (tmp_path / "out").iterdir():
        assert (tmp_path / "zip" / file.name).read_bytes() == file.read_bytes()
    assert (tmp_path / "zip" / SCRIPT.name).read_bytes() == SCRIPT.read_bytes()


def test_the_command_writes_a_new_folder_only(log: Log, tmp_path: Path) -> None:
    out = StringIO()
    call_command("audit", "export", str(tmp_path / "out"), stdout=out)
    assert "entries.jsonl: 9" in out.getvalue()
    with pytest.raises(CommandError, match="exists"):
        call_command("audit", "export", str(tmp_path / "out"))
    with pytest.raises(CommandError, match="name a folder"):
        call_command("audit", "export")


def test_without_a_checkpoint_there_is_nothing_to_export(tmp_path: Path) -> None:
    with pytest.raises(export.NothingToExport):
        export.write(Scope.all(), tmp_path / "out", with_details=False)


def test_only_who_sees_everything_may_export(log: Log) -> None:
    with pytest.raises(PermissionError):
        list(export.members(Scope.region("650000"), with_details=False))


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_one_state_is_read_and_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="read-only transaction"), export.snapshot():
        record(code="test.act", actor=None, subject_type="thing")
