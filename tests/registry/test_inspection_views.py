"""The auditor's pages: the log's state, the record, the archive that is checked elsewhere, and the comparison."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.audit.services import record
from registry.exports.models import ReadingLimit
from registry.inspection import services
from registry.inspection.models import Check
from tests.logbook import SCRIPT, verify
from tests.logged import Log
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> Client:
    return sign_in(client, make_user("auditor", Role.AUD))


@pytest.fixture
def log(auditor: Client) -> Log:
    for n in range(3):
        record(
            code="people.read",
            actor=User.objects.get(username="auditor"),
            subject_type="person",
            subject_id=n,
            personal={"name": "张三"},
        )
    log = Log()
    log.settle()
    return log


def test_the_page_says_how_far_the_log_is(auditor: Client, log: Log) -> None:
    record(code="test.waits", actor=None, subject_type="thing")
    page = auditor.get("/inspection/").content.decode()
    assert "已签名" in page and log.signer.verifier.name in page
    assert "日志核验" in page and "导出日志" in page


def test_without_a_checkpoint_it_says_so(auditor: Client) -> None:
    assert "还没有签名的检查点" in auditor.get("/inspection/").content.decode()
    answer = auditor.post("/inspection/export.zip", follow=True)
    assert "日志还没有检查点" in answer.content.decode()


def test_the_archive_passes_the_verifier_and_holds_nothing_personal(
    auditor: Client, log: Log, tmp_path: Path
) -> None:
    answer = auditor.post("/inspection/export.zip")
    data = b"".join(answer.streaming_content)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(tmp_path)
    assert (tmp_path / SCRIPT.name).read_bytes() == SCRIPT.read_bytes()
    said = verify(tmp_path, "--key", log.vkey)
    assert said.ok and "3 份详情" in said.told
    assert "张三" not in (tmp_path / "details.jsonl").read_text("utf-8")
    assert Action.objects.filter(code="audit.export", actor_id__isnull=False).count() == 1


def test_the_record_is_listed_with_a_filter_and_without_details(auditor: Client, log: Log) -> None:
    page = auditor.get("/inspection/acts/").content.decode()
    assert page.count("people.read") == 3 and "张三" not in page
    assert auditor.get("/inspection/acts/?code=people.&subject=1").content.decode().count("people.read") == 1
    assert "没有符合条件的记录" in auditor.get("/inspection/acts/?actor=nobody").content.decode()
    assert "people.read" in auditor.get("/inspection/acts/?since=2020-01-01").content.decode()
    assert "没有符合条件的记录" in auditor.get("/inspection/acts/?until=2020-01-01").content.decode()


def test_a_comparison_runs_in_the_background_and_names_the_rows(auditor: Client, log: Log) -> None:
    answer = auditor.post("/inspection/checks/")
    check = Check.objects.get()
    assert answer.headers["Location"] == f"/inspection/checks/{check.pk}/"
    assert "等待后台处理" in auditor.get(f"/inspection/checks/{check.pk}/").content.decode()
    again = auditor.post("/inspection/checks/")
    assert again.headers["Location"] == answer.headers["Location"] and Check.objects.count() == 1
    done = services.run(check.pk)
    assert done.state == Check.State.SAME and done.done == done.total > 10, done.findings
    page = auditor.get(f"/inspection/checks/{check.pk}/").content.decode()
    assert "每一行都与日志一致" in page and "hx-get" not in page


def test_what_differs_is_listed_by_row(auditor: Client, log: Log) -> None:
    from django.db import connection

    limit = ReadingLimit.objects.create(code="x", value=1, valid_from="2026-01-01")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE exports_readinglimit SET value = 999 WHERE id = %s", [limit.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
    check, _new = services.ask(User.objects.get(username="auditor"))
    done = services.run(check.pk)
    assert (done.state, done.found) == (Check.State.DIFFERS, 1)
    page = auditor.get(f"/inspection/checks/{check.pk}/").content.decode()
    assert "内容与最后一次记录不同" in page and f">{limit.pk}</td>" in page


@pytest.mark.parametrize(
    ("role", "may_verify", "may_read"),
    [(Role.AUD, True, True), (Role.AAD, True, True), (Role.C1, False, True), (Role.SYS, False, False)],
)
def test_who_may(client: Client, role: Role, may_verify: bool, may_read: bool) -> None:
    world = make_world()
    place = {"region": world.county} if role == Role.C1 else {}
    sign_in(client, make_user("somebody", role, **place))
    assert (client.get("/inspection/").status_code == 200) == may_verify
    assert (client.post("/inspection/checks/").status_code == 302) == may_verify
    assert (client.get("/inspection/acts/").status_code == 200) == may_read


def test_a_county_reads_what_was_done_in_it_alone(client: Client) -> None:
    world = make_world()
    for code, region in (("here", world.county), ("there", world.neighbour)):
        Action.objects.create(code=f"test.{code}", subject_type="thing", region_code=region.pk)
    sign_in(client, make_user("somebody", Role.C1, region=world.county))
    page = client.get("/inspection/acts/").content.decode()
    assert "test.here" in page and "test.there" not in page


def test_the_verifier_itself_can_be_taken(auditor: Client) -> None:
    answer = auditor.get("/inspection/verify_registry.py")
    assert answer.content == SCRIPT.read_bytes()
