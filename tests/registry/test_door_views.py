"""The trainees' door over HTTP: in with name, number and code; and nothing that tells who is on record."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.accounts import session_keys as keys
from registry.accounts.models import Role, SmsMessage, User
from registry.audit.models import Action
from registry.door.models import Knock
from registry.identity.id_numbers import check_digit
from registry.lib.models import Counter
from registry.people.models import Person
from tests.registry.knocking import (
    NAME,
    NOBODYS_NUMBER,
    PHONE,
    a_day_later,
    add_phone,
    asked_by,
    deliver_all,
    knock,
    last_code,
    messages,
    on_record,
)
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

SAYS = "如信息与登记一致，验证码已发送到登记的手机"
WRONG = "验证码不正确，或已经失效"


@pytest.fixture
def outgoing(tmp_path: Path, settings: Any) -> Path:
    settings.SMS_GATEWAY, settings.SMS_FILE = "file", tmp_path / "sms.jsonl"
    return tmp_path / "sms.jsonl"


@pytest.fixture
def person() -> Person:
    return on_record()


def come_in(client: Client, outgoing: Path) -> Any:
    assert knock(client).status_code == 302
    deliver_all()
    return client.post("/door/code/", {"code": last_code(outgoing)})


def test_a_trainee_comes_in_with_name_number_and_code(client: Client, person: Person, outgoing: Path) -> None:
    answer = knock(client)
    assert (answer.status_code, answer["Location"]) == (302, "/door/code/")
    assert SAYS in client.get("/door/code/").content.decode()
    deliver_all()
    (sent,) = messages(outgoing)
    assert sent["phone"] == PHONE and sent["parameters"]["code"] in sent["text"]
    inside = client.post("/door/code/", {"code": sent["parameters"]["code"]})
    assert (inside.status_code, inside["Location"]) == (302, "/people/me/")
    page = client.get("/people/me/")
    assert page.status_code == 200 and NAME in page.content.decode()
    actor = page.wsgi_request.actor  # type: ignore[attr-defined]
    assert (actor.role, actor.assurance, actor.scope.person_id) == (Role.TRN, 1, person.pk)


def test_the_second_visit_is_to_the_same_account_and_no_record_names_the_trainee(
    client: Client, person: Person, outgoing: Path
) -> None:
    come_in(client, outgoing)
    made = User.objects.get()
    client.post("/accounts/sign-out/")
    a_day_later()
    come_in(client, outgoing)
    assert User.objects.get() == made and not made.has_usable_password()
    assert Action.objects.filter(code="accounts.sign_in", actor_role="TRN").count() == 2
    assert not Action.objects.filter(actor__contains=NAME[0]).exists()


def test_the_session_is_another_one_inside(client: Client, person: Person, outgoing: Path) -> None:
    knock(client)
    outside = client.session.session_key
    deliver_all()
    client.post("/door/code/", {"code": last_code(outgoing)})
    assert client.session.session_key != outside
    assert client.session[keys.ASSURANCE] == 1


@pytest.mark.parametrize(
    ("name", "number"), [(NAME, NOBODYS_NUMBER), ("别人", "11010519491231002X"), ("别人", NOBODYS_NUMBER)]
)
def test_who_is_not_on_record_reads_what_everybody_reads(
    client: Client, person: Person, outgoing: Path, name: str, number: str
) -> None:
    assert knock(client, name, number)["Location"] == "/door/code/"
    assert SAYS in client.get("/door/code/").content.decode()
    deliver_all()
    assert messages(outgoing) == []
    assert WRONG in client.post("/door/code/", {"code": "123456"}).content.decode()


def test_a_code_is_guessed_five_times_and_no_more(client: Client, person: Person, outgoing: Path) -> None:
    knock(client)
    deliver_all()
    right = last_code(outgoing)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _guess in range(5):
        assert WRONG in client.post("/door/code/", {"code": wrong}).content.decode()
    assert WRONG in client.post("/door/code/", {"code": right}).content.decode()
    assert client.get("/people/me/").status_code == 302


def test_a_code_is_good_for_five_minutes_and_once(client: Client, person: Person, outgoing: Path) -> None:
    knock(client)
    deliver_all()
    Knock.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert WRONG in client.post("/door/code/", {"code": last_code(outgoing)}).content.decode()
    Knock.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=5))
    held = dict(client.session)
    assert client.post("/door/code/", {"code": last_code(outgoing)}).status_code == 302
    other = Client()
    session = other.session
    session.update({"knock": held["knock"]})
    session.save()
    other.cookies["sid"] = session.session_key
    assert WRONG in other.post("/door/code/", {"code": last_code(outgoing)}).content.decode()


def test_a_number_is_asked_about_once_a_minute_found_or_not(client: Client, person: Person) -> None:
    for name, number in ((NAME, "11010519491231002X"), (NAME, NOBODYS_NUMBER)):
        assert knock(client, name, number).status_code == 302
        again = knock(client, name, number)
        assert again.status_code == 429 and int(again["Retry-After"]) in range(50, 61)
        assert "请求过于频繁" in again.content.decode()
        assert client.post("/door/again/").status_code == 429


def test_another_code_makes_the_first_one_worthless(client: Client, person: Person, outgoing: Path) -> None:
    knock(client)
    deliver_all()
    a_day_later()
    first = last_code(outgoing)
    assert client.post("/door/again/")["Location"] == "/door/code/"
    deliver_all()
    second = last_code(outgoing)
    old = Knock.objects.exclude(pk=client.session["knock"]).get()
    assert old.expires_at <= timezone.now()
    if first != second:
        assert WRONG in client.post("/door/code/", {"code": first}).content.decode()
    assert client.post("/door/code/", {"code": second}).status_code == 302


def test_without_a_computation_one_waits(client: Client, person: Person, monkeypatch: Any) -> None:
    asked = asked_by(client.get("/door/").content.decode())
    fields = {"name": NAME, "number": NOBODYS_NUMBER, "asked": asked, "answer": ""}
    hasty = client.post("/door/", fields)
    assert "秒后再提交" in hasty.content.decode() and asked in hasty.content.decode()
    now = dt.datetime.now().timestamp()
    monkeypatch.setattr("time.time", lambda: now + 16)
    assert client.post("/door/", fields).status_code == 302
    assert client.post("/door/", {**fields, "number": "11010519491231002X"}).status_code == 200


@pytest.mark.parametrize("answer", ["0", "x", "9" * 30])
def test_a_wrong_computation_and_a_used_one_send_nothing(client: Client, person: Person, answer: str) -> None:
    page = client.get("/door/").content.decode()
    made = client.post(
        "/door/", {"name": NAME, "number": NOBODYS_NUMBER, "asked": asked_by(page), "answer": answer}
    )
    assert made.status_code == 200 and "请再提交一次" in made.content.decode()
    forged = client.post(
        "/door/", {"name": NAME, "number": NOBODYS_NUMBER, "asked": "a:b:c", "answer": answer}
    )
    assert forged.status_code == 200
    assert not SmsMessage.objects.exists()


def test_what_is_mistyped_is_said_without_asking_the_register(
    client: Client, person: Person, django_assert_num_queries: Any
) -> None:
    asked = asked_by(client.get("/door/").content.decode())
    with django_assert_num_queries(0):
        page = client.post(
            "/door/", {"name": "", "number": "110105194912310021", "asked": asked, "answer": "1"}
        )
    assert "请填写姓名" in page.content.decode() and "逐位核对" in page.content.decode()


def test_guessing_whose_record_it_is_ends_in_a_wait_that_grows(client: Client, person: Person) -> None:
    """One name, many numbers, whoever they belong to, from many networks: the eleventh has to wait."""
    answers = [
        knock(client, NAME, _number(turn), REMOTE_ADDR=f"203.0.{turn}.7").status_code for turn in range(11)
    ]
    assert answers == [302] * 10 + [429]


def test_one_network_may_be_wrong_twenty_times_an_hour(client: Client, person: Person) -> None:
    """Other names, other numbers: the same house. What was typed before does not matter."""
    answers = [knock(client, f"某人{turn}", _number(turn)).status_code for turn in range(21)]
    assert answers == [302] * 20 + [429]
    assert knock(client, REMOTE_ADDR="198.51.100.1").status_code == 302


def _number(turn: int) -> str:
    first = f"11010119900307{turn:03d}"
    return first + check_digit(first)


def test_who_comes_in_is_not_counted_against_the_house(
    client: Client, person: Person, outgoing: Path
) -> None:
    come_in(client, outgoing)
    assert sorted(len(counter.hits) for counter in Counter.objects.all()) == [0, 0, 1, 1, 1, 1]


def test_a_telephone_added_lately_gets_no_code_until_it_has_cooled(
    client: Client, person: Person, outgoing: Path
) -> None:
    person.phones.update(created_at=timezone.now() - dt.timedelta(days=30))
    add_phone(person, "13900139000", created_at=timezone.now() - dt.timedelta(days=1))
    knock(client)
    deliver_all()
    assert [each["phone"] for each in messages(outgoing)] == [PHONE]


def test_a_closed_account_and_a_person_without_telephone_read_like_everybody(
    client: Client, outgoing: Path
) -> None:
    on_record(phone=None)
    closed = on_record("已停用", NOBODYS_NUMBER, "13700137000")
    closed.user = make_user("closed", Role.TRN)
    closed.user.is_active = False
    closed.user.save()
    closed.save()
    for name, number in ((NAME, "11010519491231002X"), ("已停用", NOBODYS_NUMBER)):
        assert knock(client, name, number)["Location"] == "/door/code/"
    deliver_all()
    assert messages(outgoing) == []


def test_neither_name_nor_number_nor_code_lies_in_the_clear(
    client: Client, person: Person, outgoing: Path
) -> None:
    knock(client)
    with connection.cursor() as cursor:
        kept = []
        for table in (
            "door_knock",
            "accounts_smsmessage",
            "procrastinate_jobs",
            "lib_counter",
            "django_session",
        ):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            kept.append(str(cursor.fetchone()))
    deliver_all()
    for secret in (NAME, "11010519491231002X", PHONE, last_code(outgoing)):
        assert not any(secret in text or secret.encode().hex() in text for text in kept)
    assert set(SmsMessage.objects.values_list("sealed", flat=True)) == {b""}


def test_staff_see_whose_number_was_tried_with_another_name(client: Client, person: Person) -> None:
    knock(client, "别人")
    staff = Client()
    sign_in(staff, make_user("auditor", Role.AUD))
    page = staff.get("/door/watch/").content.decode()
    assert NAME in page and "别人" not in page
    sign_in(staff, make_user("county", Role.C1, region=make_world().county))
    assert NAME not in staff.get("/door/watch/").content.decode()
