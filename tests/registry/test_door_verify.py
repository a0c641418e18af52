"""Proved before a clerk: who may note it, what it raises, for how long, and for which telephone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from registry.accounts.models import Role
from registry.audit.models import Action
from registry.door import services
from registry.door.models import Verification
from registry.people.models import Person
from tests.registry.knocking import (
    NAME,
    PHONE,
    a_day_later,
    add_phone,
    deliver_all,
    knock,
    last_code,
    messages,
    on_record,
)
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def outgoing(tmp_path: Path, settings: Any) -> Path:
    settings.SMS_GATEWAY, settings.SMS_FILE = "file", tmp_path / "sms.jsonl"
    return tmp_path / "sms.jsonl"


@pytest.fixture
def person() -> Person:
    return on_record()


@pytest.fixture
def clerk(monkeypatch: Any) -> Client:
    """A reviewer in whose division the person was trained."""
    client = Client()
    world = make_world()
    sign_in(client, make_user("clerk", Role.C1, region=world.county))
    everybody = Person.objects.prefetch_related("documents")
    monkeypatch.setattr("registry.people.queries.people", lambda scope: everybody.all())
    return client


def come_in(outgoing: Path) -> Client:
    client = Client()
    a_day_later()
    knock(client)
    deliver_all()
    assert client.post("/door/code/", {"code": last_code(outgoing)}).status_code == 302
    return client


def level_of(client: Client) -> int:
    return int(client.get("/people/me/").wsgi_request.actor.assurance)  # type: ignore[attr-defined]


def test_a_telephone_confirmed_before_a_clerk_raises_later_sign_ins(
    clerk: Client, person: Person, outgoing: Path
) -> None:
    assert level_of(come_in(outgoing)) == 1
    phone = person.phones.get()
    page = f"/door/verify/{person.pk}/"
    assert phone.mask in clerk.get(page).content.decode()
    assert clerk.post(page, {"seen": "on", "phone": str(phone.pk)}).status_code == 302
    assert level_of(come_in(outgoing)) == 2
    noted = Action.objects.get(code="door.verify")
    assert noted.actor_role == "C1" and noted.after is not None and noted.after["raises_codes"]
    Verification.objects.update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    assert level_of(come_in(outgoing)) == 1


def test_the_document_must_have_been_seen_and_the_telephone_be_theirs(clerk: Client, person: Person) -> None:
    page = f"/door/verify/{person.pk}/"
    assert "须当面查验" in clerk.post(page, {"phone": ""}).content.decode()
    other = on_record("别人", "110101199003077571", "13900139000")
    answer = clerk.post(page, {"seen": "on", "phone": str(other.phones.get().pk)})
    assert answer.status_code == 200 and not Verification.objects.exists()


def test_only_the_confirmed_telephone_is_raised_and_it_needs_no_cooling(
    clerk: Client, person: Person, outgoing: Path
) -> None:
    person.phones.update(created_at=timezone.now() - dt.timedelta(days=30))
    new = add_phone(person, "13900139000")
    assert level_of(come_in(outgoing)) == 1
    clerk.post(f"/door/verify/{person.pk}/", {"seen": "on", "phone": str(new.pk)})
    client = come_in(outgoing)
    assert level_of(client) == 2
    assert "13900139000" in outgoing.read_text("utf-8").splitlines()[-1]


def test_who_lacks_the_level_is_shown_the_ways_to_it(person: Person) -> None:
    person.user = make_user("trainee", Role.TRN)
    person.save()
    client = Client()
    sign_in(client, person.user, assurance=1)
    refused = client.post(f"/people/{person.pk}/reveal/", {"field": "id"})
    assert (refused.status_code, refused["Location"]) == (302, "/door/level/")
    page = client.get("/door/level/").content.decode()
    assert "现场核验" in page and "1 级" in page
    assert NAME not in page


@pytest.mark.parametrize("role", [Role.RG, Role.AUD, Role.SEC])
def test_who_is_not_a_reviewer_there_notes_nothing(person: Person, role: Role) -> None:
    client = Client()
    place = {"region": make_world().province} if role == Role.RG else {}
    sign_in(client, make_user("someone", role, **place))
    answer = client.post(f"/door/verify/{person.pk}/", {"seen": "on", "phone": ""})
    assert answer.status_code == (404 if role == Role.RG else 403)
    assert not Verification.objects.exists()


def test_a_clerk_whose_own_proof_is_old_is_asked_anew(person: Person) -> None:
    client = Client()
    sign_in(client, make_user("clerk", Role.C1, region=make_world().county), second_factor=False)
    answer = client.get(f"/door/verify/{person.pk}/")
    assert answer.status_code == 302 and not Verification.objects.exists()


def test_a_new_telephone_before_a_clerk_is_good_at_once_and_the_old_one_is_told(
    clerk: Client, person: Person, outgoing: Path
) -> None:
    page = f"/door/verify/{person.pk}/"
    assert "11 位" in clerk.post(page, {"seen": "on", "new_phone": "0991-123"}).content.decode()
    clerk.post(page, {"seen": "on", "new_phone": "139 0013 9000"})
    deliver_all()
    (told,) = messages(outgoing)
    assert (told["phone"], told["template"]) == (PHONE, "phone_added")
    assert "尾号9000" in told["text"] and "13900139000" not in told["text"]
    assert level_of(come_in(outgoing)) == 2
    assert messages(outgoing)[-1]["phone"] == "13900139000"
    assert Action.objects.filter(code="people.add_phone", subject_id=str(person.pk)).exists()


def test_of_a_telephone_out_of_a_sheet_whoever_signed_in_before_is_told(
    person: Person, outgoing: Path
) -> None:
    now = timezone.now()
    person.phones.update(created_at=now - dt.timedelta(days=30))
    stranger = on_record("别人", "110101199003077571", "13700137000")
    stranger.phones.update(created_at=now - dt.timedelta(days=30))
    for one, number in ((person, "13900139000"), (stranger, "13900139001")):
        add_phone(one, number, created_at=now - dt.timedelta(hours=3))
    person.user = make_user("trainee", Role.TRN)
    person.save()
    assert services.tell_of_added(now - dt.timedelta(days=1), now) == 1
    deliver_all()
    assert [each["phone"] for each in messages(outgoing)] == [PHONE]
