"""Guessing at the door: shut after five, for known and unknown names alike, and nothing that was typed is kept."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import Client
from django.utils import timezone

from registry.accounts import factors
from registry.accounts.models import Role, User
from registry.audit.models import Action
from tests.registry.places import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "一个足够长的密码-42"
DOOR = "/accounts/sign-in/"


@pytest.fixture
def officer() -> User:
    user = make_user("officer", Role.SEC)
    user.set_password(PASSWORD)
    user.save()
    factors.give_app(user)
    return user


def knock(username: str, password: str = "wrong", address: str = "203.0.113.7") -> Any:
    return Client(REMOTE_ADDR=address).post(DOOR, {"username": username, "password": password})


def without_tokens(page: Any, *typed: str) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
    for word in typed:
        text = text.replace(f'value="{word}"', 'value=""')
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "MOMENT", text)


def test_the_fifth_failure_shuts_the_door_for_a_quarter_of_an_hour(officer: User) -> None:
    assert [knock("officer").status_code for _ in range(5)] == [200, 200, 200, 200, 429]
    page = knock("officer", PASSWORD)
    assert page.status_code == 429, "the right password as well"
    until = timezone.localtime(AccessAttempt.objects.get().attempt_time + dt.timedelta(minutes=15))
    assert f"{until:%Y-%m-%d %H:%M:%S}" in page.content.decode()
    assert knock("officer", PASSWORD, "203.0.113.8").status_code == 302, "elsewhere it is open"


def test_trying_on_does_not_keep_the_door_shut(officer: User) -> None:
    for _ in range(8):
        knock("officer")
    AccessAttempt.objects.update(attempt_time=timezone.now() - dt.timedelta(minutes=15, seconds=1))
    assert knock("officer", PASSWORD).status_code == 302


def test_a_name_that_nobody_has_reads_and_leaves_the_same(officer: User) -> None:
    for n in range(6):
        hit, miss = knock("officer"), knock("nobody", address="203.0.113.9")
        assert hit.status_code == miss.status_code == (200 if n < 4 else 429)
        assert without_tokens(hit, "officer") == without_tokens(miss, "nobody")
        assert dict(hit.headers).keys() == dict(miss.headers).keys()
    rows = [
        (action.code, bool(action.subject_id))
        for action in Action.objects.filter(code__in=["accounts.sign_in_refused", "accounts.locked_out"])
    ]
    for known in (True, False):
        assert sorted(code for code, has_subject in rows if has_subject is known) == [
            "accounts.locked_out",
            *["accounts.sign_in_refused"] * 4,
        ]


def test_a_closed_account_is_like_a_wrong_password(officer: User) -> None:
    User.objects.update(is_active=False)
    closed, miss = knock("officer", PASSWORD), knock("nobody", PASSWORD, "203.0.113.9")
    assert without_tokens(closed, "officer") == without_tokens(miss, "nobody")


@pytest.mark.parametrize("username", ["officer", "nobody"])
def test_a_password_is_hashed_once_whoever_is_asked_for(
    officer: User, username: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is done as often for a name that nobody has: the slow hash, and as many statements."""
    hashed: list[str] = []
    encode, verify = Argon2PasswordHasher.encode, Argon2PasswordHasher.verify
    monkeypatch.setattr(
        Argon2PasswordHasher, "encode", lambda *a, **k: hashed.append("encode") or encode(*a, **k)
    )
    monkeypatch.setattr(
        Argon2PasswordHasher, "verify", lambda *a, **k: hashed.append("verify") or verify(*a, **k)
    )
    assert knock(username).status_code == 200
    assert len(hashed) == 1


def test_as_many_statements_for_either(officer: User, django_assert_num_queries: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for name in ("officer", "nobody"):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            knock(name)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_what_was_typed_lies_nowhere() -> None:
    typed = "65322219900101007X"
    for _ in range(6):
        Client().post(
            f"{DOOR}?next=/people/%3Fq%3D{typed}", {"username": typed, "password": typed, "next": typed}
        )
    assert not AccessLog.objects.exists() and not AccessFailureLog.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{typed}%"])
            assert cursor.fetchone() == (0,), table


def test_many_names_from_one_address_are_capped(officer: User) -> None:
    answers = [knock(f"name{n}").status_code for n in range(41)]
    assert answers[:39] == [200] * 39 and answers[39:] == [429, 429]
    assert knock("officer", PASSWORD).status_code == 429
    assert knock("officer", PASSWORD, "203.0.113.8").status_code == 302


def test_many_addresses_on_one_name_are_capped(officer: User) -> None:
    answers = [knock("officer", address=f"198.51.100.{n}").status_code for n in range(21)]
    assert answers[:19] == [200] * 19 and answers[19:] == [429, 429]
    assert knock("officer", PASSWORD, "203.0.113.8").status_code == 429


def test_coming_in_forgets_what_was_mistyped(officer: User) -> None:
    client = Client(REMOTE_ADDR="203.0.113.7")
    for _ in range(4):
        knock("officer")
    client.post(DOOR, {"username": "officer", "password": PASSWORD})
    code = factors.next_code(officer)
    assert code is not None
    client.post("/accounts/second-step/", {"code": code[0]})
    assert client.get("/").status_code == 200
    assert [knock("officer").status_code for _ in range(4)] == [200] * 4


def test_the_password_alone_forgets_nothing(officer: User) -> None:
    for _ in range(4):
        knock("officer")
    assert knock("officer", PASSWORD).status_code == 302
    assert knock("officer").status_code == 429
