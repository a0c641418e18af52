"""The way in and out, over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry.accounts import factors
from registry.accounts.models import Role, User
from registry.accounts.services import sign_in_refused
from registry.audit.models import Action
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "一个足够长的密码-42"
SIGN_IN = "/accounts/sign-in/"
WRONG = "用户名或密码不正确"


@pytest.fixture
def clerk() -> User:
    user = make_user("clerk", Role.PC, institution=make_world().school)
    user.set_password(PASSWORD)
    user.save()
    factors.give_app(user)
    return user


def come_in(client: Client, user: User, **more: str) -> Any:
    """Through the whole door: password, then a code of the app."""
    knock(client, user.username, **more)
    code = factors.next_code(user)
    assert code is not None
    return client.post("/accounts/second-step/", {"code": code[0]})


def knock(client: Client, username: str = "clerk", password: str = PASSWORD, **more: str) -> object:
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def codes() -> list[str]:
    return list(
        Action.objects.filter(code__startswith="accounts.").order_by("id").values_list("code", flat=True)
    )


def test_a_stranger_is_led_to_the_door_and_back(client: Client, clerk: User) -> None:
    assert reverse("accounts:sign-in") == SIGN_IN
    away = client.get("/?page=2")
    assert (away.status_code, away["Location"]) == (302, f"{SIGN_IN}?next=/%3Fpage%3D2")
    page = client.get(away["Location"])
    assert page.status_code == 200
    assert "用户名" in page.content.decode() and "/?page=2" in page.content.decode()
    step = knock(client, next="/?page=2")
    assert (step.status_code, step["Location"]) == (302, "/accounts/second-step/")  # type: ignore[attr-defined, index]
    assert client.get("/").status_code == 302, "half a sign-in opens nothing"
    back = come_in(client, clerk, next="/?page=2")
    assert (back.status_code, back["Location"]) == (302, "/?page=2")


def test_the_first_page_knows_who_came(client: Client, clerk: User) -> None:
    come_in(client, clerk)
    page = client.get("/")
    assert page.status_code == 200
    request = page.wsgi_request
    assert request.actor.role == "PC"  # type: ignore[attr-defined]
    assert request.scope.institution_id == clerk.memberships.get().institution_id  # type: ignore[attr-defined]
    assert page["X-Request-ID"] == request.request_id  # type: ignore[attr-defined]


def test_coming_and_going_is_on_record(client: Client, clerk: User) -> None:
    come_in(client, clerk)
    assert client.post("/accounts/sign-out/").status_code == 302
    assert client.get("/").status_code == 302
    assert codes() == ["accounts.second_factor_add", "accounts.sign_in", "accounts.sign_out"]
    assert Action.objects.get(code="accounts.sign_in").after == {"second_factor": "totp"}
    assert set(Action.objects.values_list("actor_id", flat=True)) == {clerk.pk}
    gone = Action.objects.get(code="accounts.sign_out")
    assert gone.actor_role == "PC" and gone.request_id


def test_signing_out_needs_a_post(client: Client, clerk: User) -> None:
    come_in(client, clerk)
    assert client.get("/accounts/sign-out/").status_code == 405
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("username", "password"), [("clerk", "x"), ("nobody", PASSWORD), ("clerk", ""), ("", "")]
)
def test_a_wrong_name_and_a_wrong_password_read_alike(
    client: Client, clerk: User, username: str, password: str
) -> None:
    page = knock(client, username, password)
    text = page.content.decode()  # type: ignore[attr-defined]
    assert page.status_code == 200  # type: ignore[attr-defined]
    assert (WRONG in text) is bool(username and password)
    assert client.get("/").status_code == 302


def test_a_closed_account_stays_outside_and_reads_alike(client: Client, clerk: User) -> None:
    User.objects.update(is_active=False)
    assert WRONG in knock(client).content.decode()  # type: ignore[attr-defined]


def test_an_account_closed_meanwhile_is_put_out_at_the_next_page(client: Client, clerk: User) -> None:
    come_in(client, clerk)
    User.objects.update(is_active=False)
    assert client.get("/").status_code == 302


def test_an_account_without_a_role_is_told_so(client: Client, clerk: User) -> None:
    clerk.memberships.all().delete()
    come_in(client, clerk)
    page = client.get("/")
    assert page.status_code == 403
    assert "没有有效的角色" in page.content.decode()


def test_nobody_is_sent_to_another_site(client: Client, clerk: User) -> None:
    assert come_in(client, clerk, next="https://evil.example/")["Location"] == "/"


def test_the_form_is_guarded_against_other_sites(clerk: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert knock(client).status_code == 403  # type: ignore[attr-defined]


@pytest.fixture
def officer(client: Client) -> User:
    user = make_user("officer", Role.SYS)
    sign_in(client, user)
    return user


def test_the_back_office_shows_business_to_nobody(client: Client, officer: User) -> None:
    assert client.get(reverse("admin:registry_region_changelist")).status_code == 200
    assert client.get(reverse("admin:registry_action_changelist")).status_code == 403
    page = client.get(reverse("admin:index")).content.decode()
    assert not any(f"registry/{name}" in page for name in ("person", "user", "membership"))


def test_no_flag_opens_the_back_office(client: Client) -> None:
    flagged = make_user("flagged", Role.RG, region=make_world().province)
    User.objects.filter(pk=flagged.pk).update(is_staff=True, is_superuser=True)
    sign_in(client, flagged)
    for page in ("admin:index", "admin:registry_action_changelist", "admin:registry_region_changelist"):
        refusal = client.get(reverse(page))
        assert refusal.status_code == 403
        assert "您的角色是自治区监管" in refusal.content.decode()


def test_the_back_office_has_no_door_of_its_own(client: Client, officer: User) -> None:
    client.post(reverse("admin:logout"))
    there = client.get(reverse("admin:index"))["Location"]
    assert client.get(there)["Location"] == f"{SIGN_IN}?next=/admin/"


def test_the_keeper_of_the_record_reads_and_changes_nothing(client: Client) -> None:
    keeper = make_user("keeper", Role.AAD)
    sign_in(client, keeper)
    sign_in_refused("keeper")
    action = Action.objects.get()
    assert client.get(reverse("admin:registry_action_changelist")).status_code == 200
    page = reverse("admin:registry_action_change", args=[action.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"code": "x"}).status_code == 403


def test_a_page_reads_session_and_account_once(
    client: Client, clerk: User, django_assert_num_queries: Any
) -> None:
    sign_in(client, clerk)
    with django_assert_num_queries(2):
        assert client.get("/nowhere/").status_code == 404


def test_a_session_that_is_over_lets_nobody_in(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    assert client.get("/").status_code == 200
    Session.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    assert client.get("/")["Location"].startswith(SIGN_IN)


def test_an_account_closed_meanwhile_is_let_in_no_more(client: Client, clerk: User) -> None:
    sign_in(client, clerk)
    User.objects.filter(pk=clerk.pk).update(is_active=False)
    assert client.get("/")["Location"].startswith(SIGN_IN)
