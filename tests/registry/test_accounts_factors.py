"""The second factor: compulsory for staff, a code is good once, guesses are capped, secrets lie sealed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from registry.accounts import factors, sessions
from registry.accounts import session_keys as keys
from registry.accounts.adapters import secrets_of
from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Role, User
from registry.audit.models import Action
from registry.identity.keyring import Tampered
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

PASSWORD = "一个足够长的密码-42"
STEP = "/accounts/second-step/"


@pytest.fixture
def officer() -> User:
    user = make_user("officer", Role.SEC)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def with_app(officer: User) -> User:
    factors.give_app(officer)
    return officer


def knock(client: Client) -> Any:
    return client.post("/accounts/sign-in/", {"username": "officer", "password": PASSWORD})


def code_of(user: User) -> str:
    found = factors.next_code(user)
    assert found is not None
    return found[0]


def set_up(client: Client) -> Any:
    """Through the page: its secret into an app, and a code of the app back."""
    page = client.get("/accounts/second-factor/app/")
    secret = page.context["secret"]
    step = int(time.time()) // 30
    return client.post("/accounts/second-factor/app/", {"code": format_hotp_value(hotp_value(secret, step))})


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PUB, Role.TRN)])
def test_without_a_second_factor_staff_reach_only_its_setting_up(client: Client, role: Role) -> None:
    world = make_world()
    place: dict[str, Any] = {}
    if role in INSTITUTION_ROLES:
        place = {"institution": world.school}
    elif role in REGION_ROLES:
        place = {"region": world.county}
    sign_in(client, make_user("somebody", role, **place), second_factor=False)
    for path in ("/", "/people/", "/admin/", "/accounts/sessions/", "/accounts/confirm/"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/accounts/second-factor/"), path
    assert client.get("/accounts/second-factor/").status_code == 200
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"] == "/accounts/second-factor/"
    operation = client.get("/api/intake/batches")
    assert (operation.status_code, operation.json()["code"]) == (403, "factor")
    assert client.get("/nowhere/").status_code == 404
    assert client.post("/accounts/sign-out/").status_code == 302


def test_a_trainee_needs_none(client: Client) -> None:
    sign_in(client, make_user("trainee", Role.TRN))
    assert client.get("/")["Location"] == "/people/me/"


def test_setting_up_opens_the_house_and_shows_ten_codes_once(client: Client, officer: User) -> None:
    knock(client)
    assert client.get("/")["Location"] == "/accounts/second-factor/"
    before = client.session.session_key
    page = set_up(client)
    assert page.status_code == 200 and len(page.context["codes"]) == 10
    assert client.session.session_key != before, "who may do more has another key"
    assert client.get("/").status_code == 200
    assert page.context["codes"][0] not in client.get("/accounts/second-factor/").content.decode()
    assert [a.after for a in Action.objects.filter(code="accounts.second_factor_add")] == [
        {"type": "totp", "replaced": False}
    ]


def test_what_was_half_in_elsewhere_is_out_once_a_factor_is_set_up(officer: User) -> None:
    here, there = Client(), Client()
    knock(here), knock(there)
    set_up(here)
    assert there.get("/accounts/second-factor/")["Location"].startswith("/accounts/sign-in/")


def test_half_a_session_cannot_add_a_factor_to_an_account_that_has_one(
    client: Client, with_app: User
) -> None:
    sign_in(client, with_app, second_factor=False)
    assert client.get("/accounts/second-factor/app/").status_code == 302
    assert client.get("/accounts/second-factor/")["Location"] == "/accounts/sign-in/"
    assert client.get("/")["Location"].startswith("/accounts/sign-in/")


def test_a_code_is_good_once(with_app: User) -> None:
    code = code_of(with_app)
    answers = []
    for _ in range(2):
        client = Client()
        knock(client)
        answers.append(client.post(STEP, {"code": code}).status_code)
    assert answers == [302, 200]


def test_an_older_code_than_the_last_one_is_worth_nothing(with_app: User) -> None:
    with secrets_of(with_app):
        secret = factors.get_adapter().decrypt(Authenticator.objects.get().data["secret"])
    now = int(time.time()) // 30
    assert factors.prove_by_code(with_app, format_hotp_value(hotp_value(secret, now))) is not None
    assert factors.prove_by_code(with_app, format_hotp_value(hotp_value(secret, now - 1))) is None


def test_the_sixth_guess_within_five_minutes_is_not_taken(with_app: User) -> None:
    client = Client()
    knock(client)
    assert [client.post(STEP, {"code": "000000"}).status_code for _ in range(5)] == [200] * 5
    page = client.post(STEP, {"code": code_of(with_app)})
    assert page.status_code == 429 and "请在此时间之后再试" in page.content.decode()
    other = Client(REMOTE_ADDR="203.0.113.5")
    knock(other)
    assert other.post(STEP, {"code": code_of(with_app)}).status_code == 429, "the account, not the address"
    assert Action.objects.filter(code="accounts.second_factor_refused").count() == 5


def test_a_recovery_code_stands_in_once(with_app: User) -> None:
    codes = factors.new_recovery_codes(with_app)
    for expected in (302, 200):
        client = Client()
        knock(client)
        assert client.post(STEP, {"code": codes[3]}).status_code == expected
    assert factors.recovery_codes_left(with_app) == 9
    assert Action.objects.get(code="accounts.sign_in").after == {"second_factor": "recovery_codes"}


def test_secrets_lie_sealed_and_bound_to_their_account(with_app: User) -> None:
    factors.new_recovery_codes(with_app)
    for held in Authenticator.objects.all():
        sealed = held.data.get("secret") or held.data["seed"]
        with secrets_of(with_app):
            assert factors.get_adapter().decrypt(sealed) not in str(held.data)
        with secrets_of(make_user(f"thief{held.pk}")), pytest.raises(Tampered):
            factors.get_adapter().decrypt(sealed)


def test_the_secret_that_is_being_set_up_lies_sealed_in_the_session(client: Client, officer: User) -> None:
    knock(client)
    secret = client.get("/accounts/second-factor/app/").context["secret"]
    assert secret not in str(dict(client.session))


def test_the_last_factor_stays(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    only = factors.factors_of(with_app).get()
    client.post(f"/accounts/second-factor/{only.pk}/remove/")
    assert factors.has_factor(with_app)


def test_changing_a_factor_asks_for_a_fresh_proof(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    assert client.get("/accounts/second-factor/app/").status_code == 200
    age(client, keys.CONFIRMED_AT, 601)
    for path in ("/accounts/second-factor/app/", "/accounts/second-factor/passkey/"):
        assert client.get(path)["Location"].startswith("/accounts/confirm/?next=")


def test_a_replaced_app_is_replaced(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    old = Authenticator.objects.get(type="totp").pk
    set_up(client)
    assert Authenticator.objects.get(type="totp").pk != old
    assert Action.objects.latest("id").code in {"accounts.recovery_codes", "accounts.second_factor_add"}


def test_taking_all_away_ends_the_sessions(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    factors.remove_all(with_app, reason="手机遗失，已核验本人", actor=None)
    assert client.get("/")["Location"].startswith("/accounts/sign-in/")
    assert not sessions.sessions_of(with_app).exists()


# --- proving anew ---------------------------------------------------------------------------------------


def age(client: Client, key: str, seconds: float) -> None:
    session = client.session
    session[key] = time.time() - seconds
    session.save()


def test_confirming_makes_the_proof_fresh_and_leads_back(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    age(client, keys.CONFIRMED_AT, 3600)
    answer = client.post(
        "/accounts/confirm/", {"password": PASSWORD, "code": code_of(with_app), "next": "/accounts/sessions/"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/sessions/")
    assert client.session[keys.CONFIRMED_AT] > time.time() - 5
    assert Action.objects.filter(code="accounts.confirm").count() == 1


@pytest.mark.parametrize("wrong", ["password", "code"])
def test_confirming_needs_both_and_says_not_which_was_wrong(
    client: Client, with_app: User, wrong: str
) -> None:
    sign_in(client, with_app)
    age(client, keys.CONFIRMED_AT, 3600)
    given = {"password": PASSWORD, "code": code_of(with_app)} | {wrong: "000000"}
    page = client.post("/accounts/confirm/", given)
    assert page.status_code == 200 and "密码或验证码不正确" in page.content.decode()
    assert client.session[keys.CONFIRMED_AT] < time.time() - 3000


def test_guesses_at_confirming_are_capped_as_well(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    for _ in range(5):
        client.post("/accounts/confirm/", {"password": "x", "code": "000000"})
    assert client.post("/accounts/confirm/", {"password": "x", "code": "000000"}).status_code == 429


def test_confirming_leads_to_no_other_site(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    given = {"password": PASSWORD, "code": code_of(with_app), "next": "https://evil.example/"}
    assert client.post("/accounts/confirm/", given)["Location"] == "/"


def test_what_was_sent_without_a_fresh_proof_is_not_typed_again(client: Client, with_app: User) -> None:
    """A refused form is kept sealed, shown back after the proof, and done only when its sender sends it again."""
    clerk = make_user("clerk", Role.PC, institution=make_world().school)
    factors.give_app(clerk)
    sign_in(client, with_app)
    age(client, keys.CONFIRMED_AT, 3600)
    path, reason = f"/staffing/{clerk.pk}/reset-factor/", "手机遗失，已当面核对"
    page = f"http://testserver/staffing/{clerk.pk}/"
    refused = client.post(path, {"reason": reason}, headers={"Referer": page})
    assert refused["Location"] == f"/accounts/confirm/?next=%2Fstaffing%2F{clerk.pk}%2F"
    assert reason not in str(dict(client.session))
    shown = client.post(
        "/accounts/confirm/",
        {"password": PASSWORD, "code": code_of(with_app), "next": f"/staffing/{clerk.pk}/"},
    )
    assert (shown.context["held"].path, shown.context["held"].fields) == (path, [("reason", reason)])
    assert factors.has_factor(clerk), "nothing is done on its own"
    assert client.post(path, dict(shown.context["held"].fields)).status_code == 302
    assert not factors.has_factor(clerk)


def test_a_part_of_a_page_and_the_api_are_told_in_their_own_way(client: Client, with_app: User) -> None:
    sign_in(client, with_app)
    age(client, keys.CONFIRMED_AT, 3600)
    answer = client.get(
        "/accounts/second-factor/app/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/accounts/second-factor/"},
    )
    assert answer["HX-Redirect"] == "/accounts/confirm/?next=%2Faccounts%2Fsecond-factor%2F"
