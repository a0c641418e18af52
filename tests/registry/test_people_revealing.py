"""A whole number is shown once, to whoever may, with a reason, within the quota; written down before it is shown."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.accounts import session_keys
from registry.accounts.models import Role, User
from registry.audit.models import Action, Detail
from registry.exports.models import ReadingLimit, ReadingReason
from registry.identity import keyring as keys
from registry.people import revealing
from registry.people.models import Document, Person
from tests.registry.places import World, make_user, make_world
from tests.registry.sealed import Numbers, enrol, make_person
from tests.signing import sign_in

pytestmark = pytest.mark.django_db
SINCE = dt.date(2020, 1, 1)
GOOD = {"field": "", "reason_code": "identity", "note": "证书编号与台账不一致，核对"}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def known(world: World) -> tuple[Person, Numbers]:
    person, numbers = make_person("古丽·买买提", 7)
    enrol(person, world.school, "MY-01")
    return person, numbers


def client_of(user: User) -> Client:
    return sign_in(Client(), user)


def ask(client: Client, person: Person, number: str = "id_number", **changed: str) -> Any:
    key = next(each.key for each in revealing.hidden(person) if each.field == number)
    return client.post(f"/people/{person.pk}/reveal/", {**GOOD, "field": key, **changed})


def written(code: str) -> list[Action]:
    return list(Action.objects.filter(code=code).order_by("id"))


@pytest.mark.parametrize("field", ["id_number", "phone", "bank_account"])
def test_a_reviewer_sees_the_number_asked_for_and_no_other(
    world: World, known: tuple[Person, Numbers], field: str
) -> None:
    person, numbers = known
    reader = make_user("reviewer", Role.C1, region=world.county)
    answer = ask(client_of(reader), person, field)
    page = answer.content.decode()
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert [value for value in numbers if value in page] == [getattr(numbers, field)]
    (action,) = written("people.reveal")
    assert (action.subject_id, action.reason, action.actor_id) == (str(person.pk), "identity", reader.pk)
    assert action.after["field"] == field
    detail = Detail.objects.get(action=action)
    assert (detail.subject_person, detail.detail) == (person.pk, {"note": GOOD["note"]})


def test_what_stands_in_the_record_holds_neither_number_nor_note(
    world: World, known: tuple[Person, Numbers]
) -> None:
    person, numbers = known
    ask(client_of(make_user("reviewer", Role.C1, region=world.county)), person)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, ' ') FROM audit_action a")
        (text,) = cursor.fetchone()
    assert [value for value in (*numbers, GOOD["note"], person.name) if value in text] == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"reason_code": ""}, "请选择查看事由"),
        ({"reason_code": "curiosity"}, "请从所列事由中选择"),
        ({"note": ""}, "请写明具体说明"),
        ({"note": "  看看  "}, "至少写 6 个字"),
        ({"field": "id_number:00000000-0000-0000-0000-000000000000"}, "没有这个号码"),
    ],
)
def test_without_a_reason_nothing_is_shown_and_the_try_is_written_down(
    world: World, known: tuple[Person, Numbers], changed: dict[str, str], told: str
) -> None:
    person, numbers = known
    answer = ask(client_of(make_user("reviewer", Role.C1, region=world.county)), person, **changed)
    page = answer.content.decode()
    assert answer.status_code == 400 and told in page
    assert not any(value in page for value in numbers)
    assert written("people.reveal") == []
    assert [action.after["why"] for action in written("people.reveal_refused")] == ["reason"]


def test_a_reason_that_has_ended_is_no_reason(world: World, known: tuple[Person, Numbers]) -> None:
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    for code, until in (("identity", yesterday), ("contact", None)):
        ReadingReason.objects.create(code=code, label=code, for_reveal=True, valid_from=SINCE, valid_to=until)
    client = client_of(make_user("reviewer", Role.C1, region=world.county))
    assert ask(client, known[0]).status_code == 400
    assert ask(client, known[0], reason_code="contact").status_code == 200


def test_the_quota_of_an_hour_says_when_it_is_over(world: World, known: tuple[Person, Numbers]) -> None:
    ReadingLimit.objects.create(code="reveal_per_hour", value=2, valid_from=SINCE)
    person, numbers = known
    reader = make_user("reviewer", Role.C1, region=world.county)
    client = client_of(reader)
    assert [ask(client, person).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(client, person)
    page = refused.content.decode()
    free_at = written("people.reveal")[0].at + dt.timedelta(hours=1)
    assert (timezone.localtime(free_at) + dt.timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M") in page
    assert 3_500 < int(refused.headers["Retry-After"]) <= 3_600
    assert not any(value in page for value in numbers)
    assert [action.after["why"] for action in written("people.reveal_refused")] == ["quota"] * 2
    # An hour later the same reader may again; another reader could all the time.
    assert revealing.wait(reader, free_at - dt.timedelta(seconds=1)) == free_at
    assert revealing.wait(reader, written("people.reveal")[1].at + dt.timedelta(hours=1)) is None
    assert ask(client_of(make_user("other", Role.C1, region=world.county)), person).status_code == 200


def test_the_quota_of_a_day_outlasts_that_of_an_hour(world: World, known: tuple[Person, Numbers]) -> None:
    for code in ("reveal_per_hour", "reveal_per_day"):
        ReadingLimit.objects.create(code=code, value=1, valid_from=SINCE)
    reader = make_user("reviewer", Role.C1, region=world.county)
    assert ask(client_of(reader), known[0]).status_code == 200
    (done,) = written("people.reveal")
    assert revealing.wait(reader, timezone.now()) == done.at + dt.timedelta(days=1)


def test_beyond_the_scope_there_is_nobody_and_the_try_is_written_down(
    world: World, known: tuple[Person, Numbers]
) -> None:
    neighbour = client_of(make_user("neighbour", Role.C1, region=world.neighbour))
    assert neighbour.get(f"/people/{known[0].pk}/reveal/").status_code == 404
    assert ask(neighbour, known[0]).status_code == 404
    assert [action.after["why"] for action in written("people.reveal_refused")] == ["scope"]


@pytest.mark.parametrize("role", [Role.FM, Role.FP])
def test_a_role_without_the_right_is_told_so(world: World, known: tuple[Person, Numbers], role: Role) -> None:
    answer = ask(client_of(make_user("payer", role, region=world.county)), known[0])
    assert answer.status_code == 403 and "您的角色是" in answer.content.decode()
    assert [action.after["why"] for action in written("people.reveal_refused")] == ["role"]


def test_a_clerk_sees_numbers_of_people_in_running_classes_only(
    world: World, known: tuple[Person, Numbers]
) -> None:
    clerk = client_of(make_user("clerk", Role.PC, institution=world.school))
    principal = client_of(make_user("principal", Role.PP, institution=world.school))
    gone, _ = make_person("早已结业", 8)
    enrol(gone, world.school, "MY-00", state="finished", ended=True)
    enrol(gone, world.school_next_door, "PS-01")  # a running class, but not of theirs
    assert [ask(clerk, known[0]).status_code, ask(clerk, gone).status_code] == [200, 403]
    assert "在办班级" in ask(clerk, gone).content.decode()
    assert ask(principal, gone).status_code == 200


def test_a_proof_of_identity_that_is_old_is_asked_for_again(
    world: World, known: tuple[Person, Numbers]
) -> None:
    client = client_of(make_user("reviewer", Role.C1, region=world.county))
    session = client.session
    session[session_keys.CONFIRMED_AT] = session[session_keys.CONFIRMED_AT] - 3_600
    session.save()
    answer = ask(client, known[0])
    assert answer.status_code in (302, 403)
    assert not any(value in answer.content.decode() for value in known[1])
    # To be asked who one is, is not to be refused.
    assert written("people.reveal") == written("people.reveal_refused") == []


def test_a_trainee_sees_their_own_number_and_nobody_elses(known: tuple[Person, Numbers]) -> None:
    person, numbers = known
    person.user = make_user("owner", Role.TRN)
    person.save()
    other, _ = make_person("别人", 9)
    client = client_of(person.user)
    key = revealing.hidden(person)[0].key
    page = client.post(f"/people/{person.pk}/reveal/", {"field": key}).content.decode()
    assert numbers.id_number in page
    assert written("people.reveal")[0].reason == "self"
    assert ask(client, other).status_code == 404


def test_a_trainee_signed_in_by_a_code_alone_sees_masks(known: tuple[Person, Numbers]) -> None:
    person, numbers = known
    person.user = make_user("owner", Role.TRN)
    person.save()
    client = client_of(person.user)
    session = client.session
    session[session_keys.ASSURANCE] = 1
    session.save()
    answer = ask(client, person)
    assert answer.status_code in (302, 403)
    assert not any(value in answer.content.decode() for value in numbers)


def test_a_number_that_cannot_be_opened_leaks_nothing(
    world: World, known: tuple[Person, Numbers], caplog: pytest.LogCaptureFixture
) -> None:
    person, numbers = known
    Document.objects.filter(person=person).update(sealed=b"\x01\x01k1" + b"x" * 60)
    answer = ask(client_of(make_user("reviewer", Role.C1, region=world.county)), person)
    page = answer.content.decode()
    assert answer.status_code == 500 and "未能解开" in page
    assert not any(value in page + caplog.text for value in numbers)
    assert len(written("people.reveal")) == len(written("people.reveal_failed")) == 1


@pytest.mark.django_db(transaction=True)
def test_the_action_is_committed_before_the_number_is_opened(
    world: World, known: tuple[Person, Numbers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the process die between the two, the record has it."""
    seen: list[tuple[bool, int]] = []

    def dies(*_: Any) -> bytes:
        seen.append((connection.in_atomic_block, Action.objects.filter(code="people.reveal").count()))
        raise KeyboardInterrupt

    monkeypatch.setattr(keys.Keyring, "open_", dies)
    with pytest.raises(KeyboardInterrupt):
        ask(client_of(make_user("reviewer", Role.C1, region=world.county)), known[0])
    assert seen == [(False, 1)] and len(written("people.reveal")) == 1


@pytest.mark.django_db(transaction=True)
def test_many_windows_at_once_take_no_more_than_the_quota(
    world: World, known: tuple[Person, Numbers]
) -> None:
    ReadingLimit.objects.create(code="reveal_per_hour", value=3, valid_from=SINCE)
    reader = make_user("reviewer", Role.C1, region=world.county)
    clients = [client_of(reader) for _ in range(8)]
    key = revealing.hidden(known[0])[0].key

    def window(client: Client) -> int:
        try:
            return client.post(f"/people/{known[0].pk}/reveal/", {**GOOD, "field": key}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(window, clients))
    assert sorted(statuses) == [200] * 3 + [429] * 5
    assert (len(written("people.reveal")), len(written("people.reveal_refused"))) == (3, 5)
