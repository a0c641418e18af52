"""Sessions end: unused, too long, revoked, with the account, the role or the password; and reading writes none."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client

from registry.accounts import passwords, services
from registry.accounts import session_keys as keys
from registry.accounts.models import Role, User
from registry.audit.models import Action
from tests.registry.places import World, make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "一个足够长的登录密码-42"
NEW = "另一个足够长的登录密码-43"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def clerk(world: World) -> User:
    user = make_user("clerk", Role.PC, institution=world.school)
    user.set_password(PASSWORD)
    user.save()
    return user


def age(client: Client, **seconds: float) -> None:
    session = client.session
    for key, each in seconds.items():
        session[key] = time.time() - each
    session.save()


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("role", "idle", "alive"),
    [
        (Role.C1, 29 * 60, True),
        (Role.C1, 31 * 60, False),
        (Role.FM, 14 * 60, True),
        (Role.FM, 16 * 60, False),
        (Role.FP, 16 * 60, False),
    ],
)
def test_an_unused_session_ends(client: Client, world: World, role: Role, idle: int, alive: bool) -> None:
    sign_in(client, make_user("somebody", role, region=world.county))
    age(client, **{keys.SEEN_AT: idle})
    assert is_in(client) is alive
    if not alive:
        page = client.get("/", follow=True)
        assert "已自动退出" in page.content.decode()
        assert Action.objects.latest("id").reason == "idle"
        assert not UserSession.objects.exists()


def test_a_session_in_use_ends_after_eight_hours(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    age(client, **{keys.BEGUN_AT: 8 * 3600 - 60, keys.SEEN_AT: 5})
    assert is_in(client)
    age(client, **{keys.BEGUN_AT: 8 * 3600 + 1, keys.SEEN_AT: 5})
    assert not is_in(client)
    assert Action.objects.latest("id").reason == "long"


def test_reading_writes_the_session_once_a_minute_at_most(
    client: Client, clerk: User, django_assert_num_queries: Any
) -> None:
    sign_in(client, clerk)
    with django_assert_num_queries(2):
        client.get("/accounts/second-step/")
    age(client, **{keys.SEEN_AT: 61})
    client.get("/accounts/second-step/")
    assert client.session[keys.SEEN_AT] > time.time() - 5


def test_the_list_shows_where_one_is_and_ends_the_others(clerk: User) -> None:
    here, there, further = (sign_in(Client(), clerk) for _ in range(3))
    page = here.get("/accounts/sessions/")
    assert [row["here"] for row in page.context["rows"]].count(True) == 1 and len(page.context["rows"]) == 3
    assert "Chrome · Windows" in page.content.decode()
    other = next(
        row["session"]
        for row in page.context["rows"]
        if row["session"].session_key == there.session.session_key
    )
    here.post("/accounts/sessions/end/", {"session": other.pk})
    assert (is_in(here), is_in(there), is_in(further)) == (True, False, True)
    here.post("/accounts/sessions/end/")
    assert (is_in(here), is_in(further)) == (True, False)
    assert Action.objects.filter(code="accounts.revoke_session").count() == 2


def test_nobody_ends_the_session_of_another(clerk: User, world: World) -> None:
    mine, other = (
        sign_in(Client(), clerk),
        sign_in(Client(), make_user("other", Role.PC, institution=world.school)),
    )
    theirs = UserSession.objects.get(session_key=other.session.session_key)
    mine.post("/accounts/sessions/end/", {"session": theirs.pk})
    assert is_in(other)


def test_who_releases_payments_is_in_at_one_place_only(world: World) -> None:
    payer = make_user("payer", Role.FP, region=world.county)
    first, second = sign_in(Client(), payer), sign_in(Client(), payer)
    assert (is_in(first), is_in(second)) == (False, True)


def test_closing_an_account_ends_its_sessions(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    services.close_user(clerk, reason="离职", actor=None)
    assert not Session.objects.exists() and not is_in(client)


def test_ending_a_role_ends_the_sessions(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    services.end_membership(clerk.memberships.get(), reason="调岗", actor=None)
    assert not Session.objects.exists() and not is_in(client)


def test_another_password_ends_all_sessions_but_this(clerk: User) -> None:
    here, there = sign_in(Client(), clerk), sign_in(Client(), clerk)
    answer = here.post(
        "/accounts/password/", {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    )
    assert answer.status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert UserSession.objects.get().session_key == here.session.session_key
    assert Action.objects.filter(code="accounts.change_password").count() == 1


# --- passwords ------------------------------------------------------------------------------------------


def change(client: Client, new: str, old: str = PASSWORD) -> str:
    page = client.post(
        "/accounts/password/", {"old_password": old, "new_password1": new, "new_password2": new}
    )
    return "" if page.status_code == 302 else page.content.decode()


@pytest.mark.parametrize("weak", ["short-one-1", "clerk姓名-clerk", "123456789012", "qwerty123456", PASSWORD])
def test_passwords_that_may_not_be(client: Client, clerk: User, weak: str) -> None:
    sign_in(client, clerk)
    assert change(client, weak)
    clerk.refresh_from_db()
    assert clerk.check_password(PASSWORD)


def test_none_of_the_last_five_again(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    chosen = [PASSWORD, *(f"一个足够长的登录密码-{n}" for n in range(50, 55))]
    for old, new in pairwise(chosen):
        assert not change(client, new, old)
    assert "最近 5 次" in change(client, chosen[1], chosen[-1])
    assert not change(client, chosen[0], chosen[-1]), "the sixth back is free again"
    assert clerk.former_passwords.count() == 5


def test_a_password_that_somebody_else_set_opens_only_its_change(client: Client, clerk: User) -> None:
    passwords.reset(clerk, "临时密码-请立即更改-1", reason="忘记密码", actor=None)
    sign_in(client, clerk)
    assert client.get("/")["Location"] == "/accounts/password/"
    assert client.get("/accounts/second-factor/").status_code == 302
    assert "他人为您设定" in client.get("/accounts/password/").content.decode()
    assert not change(client, NEW, "临时密码-请立即更改-1")
    assert is_in(client)


def test_an_account_that_an_administrator_opened_begins_with_a_change(client: Client) -> None:
    user = services.create_user(username="fresh", password="临时密码-请立即更改-1", actor=None)
    assert user.must_change


def test_passwords_age_where_the_house_wants_it(client: Client, clerk: User, settings: Any) -> None:
    sign_in(client, clerk)
    User.objects.update(password_set_at="2026-01-01T00:00:00Z")
    assert is_in(client)
    settings.PASSWORD_MAX_DAYS = 90
    assert client.get("/")["Location"] == "/accounts/password/"
    assert "已到期" in client.get("/accounts/password/").content.decode()
    assert not change(client, NEW)
    assert is_in(client)


def test_passwords_are_hashed_with_argon2id(clerk: User) -> None:
    assert clerk.password.startswith("argon2$argon2id$")
