"""A trainee keeps a receipt of what was registered about them, and checks it without us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from certificates.issuance.models import Certificate
from registry.accounts.models import Membership, Role, User
from registry.audit import receipts
from registry.audit.models import Checkpoint
from registry.audit.notary import leaves_of
from registry.audit.publishing import Published
from registry.audit.services import manifest_rows, record
from registry.people.models import Person
from tests import town as towns
from tests.logbook import PYTHONS, verify
from tests.logged import Log
from tests.signing import sign_in
from tests.town import ALWAYS, Town, entry, ledger, loaded, people, person
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Town:
    """A ledger of three hundred rows is registered and in the log, among other acts."""
    town = towns.build()
    loaded(town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(300), 1)]))
    return town


@pytest.fixture
def log(town: Town) -> Log:
    log = Log()
    log.settle()
    for n in range(5):
        record(code="test.act", actor=None, subject_type="thing", subject_id=n)
    log.settle()
    return log


def own(row: Enrolment) -> Client:
    user = User.objects.create(username=f"trainee-{row.pk}")
    Membership.objects.create(user=user, role=Role.TRN, valid_from=ALWAYS)
    Person.objects.filter(pk=row.person_id).update(user=user)
    return sign_in(Client(), user)


def last_row() -> Enrolment:
    return Enrolment.objects.order_by("-id")[0]


def saved(client: Client, address: str, folder: Path) -> Path:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    path = folder / "receipt.json"
    path.write_bytes(answer.content)
    return path


def test_a_trainee_takes_the_receipt_home_and_it_holds(town: Town, log: Log, tmp_path: Path) -> None:
    row = last_row()
    client = own(row)
    page = client.get(f"/enrolments/{row.pk}/receipt/").content.decode()
    assert "下载回执" in page and "verify_registry.py" in page
    assert f"<dt>记录编号</dt><dd>{row.pk}</dd>" in page and "registration_v1|" in page
    assert f"<dt>开始日期</dt><dd>{row.started_on}</dd>" in page and "<dt>考核结果</dt><dd>合格</dd>" in page
    path = saved(client, f"/enrolments/{row.pk}/receipt.json", tmp_path)
    for python in PYTHONS:
        said = verify("--receipt", path, "--key", log.vkey, python=python)
        assert said.ok, said.problems
        assert f"registration_v1|{row.pk}|{row.person_id}" in said.told
    receipt = json.loads(path.read_text("utf-8"))
    assert row.person.name not in path.read_text("utf-8")
    receipt["row"]["text"] = receipt["row"]["text"].replace("|pass|", "|fail|")
    path.write_text(json.dumps(receipt), "utf-8")
    assert verify("--receipt", path, "--key", log.vkey).code == 1


def test_a_certificate_of_the_same_row_stands_in_the_same_receipt(
    town: Town, log: Log, tmp_path: Path
) -> None:
    row = last_row()
    certificate = Certificate.objects.get(enrolment_id=row.pk)
    client = own(row)
    assert f"/certificates/{certificate.pk}/receipt/" in client.get("/people/me/").content.decode()
    path = saved(client, f"/certificates/{certificate.pk}/receipt.json", tmp_path)
    said = verify("--receipt", path, "--key", log.vkey)
    assert said.ok and certificate.number in said.told
    assert "证书编号" in client.get(f"/certificates/{certificate.pk}/receipt/").content.decode()


def test_later_acts_make_a_later_receipt(town: Town, log: Log, tmp_path: Path) -> None:
    row = last_row()
    certificate = Certificate.objects.get(enrolment_id=row.pk)
    action = record(code="certificates.correct", actor=None, subject_type="certificate")
    manifest_rows(action, "issuance_certificate", "certificate_v1", [certificate.pk])
    client = own(row)
    assert "等待下一个检查点" in client.get(f"/certificates/{certificate.pk}/receipt/").content.decode()
    assert client.get(f"/certificates/{certificate.pk}/receipt.json").status_code == 404
    log.settle()
    path = saved(client, f"/certificates/{certificate.pk}/receipt.json", tmp_path)
    said = verify("--receipt", path, "--key", log.vkey)
    assert said.ok and "certificate_v1|" in said.told


def test_a_row_that_was_changed_behind_the_record_gets_no_receipt(town: Town, log: Log) -> None:
    row = last_row()
    Enrolment.objects.filter(pk=row.pk).update(score=1)
    client = own(row)
    page = client.get(f"/enrolments/{row.pk}/receipt/").content.decode()
    assert "与操作记录中的存证不一致" in page and "下载回执" not in page
    assert client.get(f"/enrolments/{row.pk}/receipt.json").status_code == 404


def test_a_row_that_no_action_entered_gets_none(town: Town, log: Log) -> None:
    row = last_row()
    number = Enrolment.objects.create(
        person=row.person,
        klass=towns.make_class(town.school, "KS-9"),
        region_code=row.region_code,
        started_on=ALWAYS,
    ).pk
    assert "没有回执" in own(row).get(f"/enrolments/{number}/receipt/").content.decode()


def test_nobody_elses_receipt(town: Town, log: Log) -> None:
    row, other = Enrolment.objects.order_by("-id")[:2]
    client = own(row)
    for address in ("receipt/", "receipt.json"):
        assert client.get(f"/enrolments/{other.pk}/{address}").status_code == 404
        number = Certificate.objects.get(enrolment_id=other.pk).pk
        assert client.get(f"/certificates/{number}/{address}").status_code == 404


def test_every_row_of_a_manifest_can_be_proved(town: Town, log: Log, tmp_path: Path) -> None:
    for n, row in enumerate(Enrolment.objects.order_by("id")):
        if n % 50 in (0, 49) or n in (255, 256, 257):
            path = tmp_path / f"{n}.json"
            path.write_text(json.dumps(receipts.receipt([("enrolments_enrolment", row.pk)])), "utf-8")
            assert verify("--receipt", path, "--key", log.vkey).ok


def test_a_person_may_be_proved_too(town: Town, log: Log, tmp_path: Path) -> None:
    """By uuid; the text holds the sealed number, so the page does not offer it."""
    someone = Person.objects.get(name=person(1).name)
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipts.receipt([("people_person", someone.pk)])), "utf-8")
    assert verify("--receipt", path, "--key", log.vkey).ok


def test_the_proof_comes_from_the_published_tiles_and_is_checked_before_it_is_handed_out(
    town: Town, log: Log, tmp_path: Path, settings: Settings, django_assert_max_num_queries: Any
) -> None:
    settings.LOG_DIR, settings.LOG_COPY = tmp_path / "log", tmp_path / "copy"
    size = Checkpoint.objects.latest("size").size
    published = Published(settings.LOG_DIR, settings.LOG_COPY)
    published.publish(log.note, size, 0, leaves_of, log.signer.verifier)
    path = tmp_path / "receipt.json"

    def holds() -> bool:
        path.write_text(json.dumps(receipts.receipt([("enrolments_enrolment", last_row().pk)])), "utf-8")
        return verify("--receipt", path, "--key", log.vkey).ok

    with django_assert_max_num_queries(6):
        assert holds()
    for tile in settings.LOG_DIR.glob("tile/0/**/*"):
        if tile.is_file():
            tile.chmod(0o644)
            tile.write_bytes(bytes(tile.stat().st_size))
    assert holds()


def test_texts_are_cut_into_their_fields() -> None:
    assert receipts.fields("a_v1|3|5:b|c:d|~|0:|12|") == ["a_v1", "3", "b|c:d", "~", "", "12"]
