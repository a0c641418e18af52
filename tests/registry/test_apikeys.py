"""Keys of institutions' systems over HTTP: what they open and what not, their end, and calls with one effect."""

from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from registry.accounts.models import Role, User
from registry.apikeys import calls, services
from registry.apikeys.models import ApiKey, IdempotentCall
from registry.audit.models import Action
from registry.config.endpoints import endpoints
from registry.intake.models import Batch
from registry.lib.models import Counter
from tests.registry.places import World, make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

SHEET = "姓名,身份证号\n张伟,11010519491231002X\n".encode()


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def principal(world: World) -> User:
    return make_user("principal", Role.PP, institution=world.school)


def issue(principal: User, **more: Any) -> services.Issued:
    place = principal.memberships.get().institution_id
    return services.issue(
        **{
            "institution_id": place or 0,
            "issuer_role": Role.PP,
            "purpose": "教务系统",
            "scopes": ["roster:write"],
            "actor": principal,
            **more,
        }
    )


def bearing(issued: services.Issued, **more: Any) -> Client:
    return Client(headers={"Authorization": f"Bearer {issued.token}"}, **more)


def hand_in(client: Client, key: str | None = "call-1", data: bytes = SHEET, **fields: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    file = SimpleUploadedFile("名册.csv", data, content_type="text/csv")
    return client.post("/api/intake/batches", {"kind": "roster", "file": file, **fields}, headers=headers)


def test_a_principal_issues_a_key_and_sees_it_once(principal: User) -> None:
    client = Client()
    sign_in(client, principal)
    asked = {
        "purpose": "教务系统",
        "scopes": ["roster:write", "status:read"],
        "networks": "10.1.0.0/16",
        "days": 30,
    }
    page = client.post("/apikeys/new/", asked).content.decode()
    shown = re.search(r"zj_[a-z0-9]{8}_[0-9A-Za-z]{43}", page)
    assert shown
    key = ApiKey.objects.get()
    assert key.networks == ["10.1.0.0/16"] and (key.valid_to - key.valid_from).days == 29
    for later in ("/apikeys/", "/apikeys/new/"):
        assert shown[0] not in client.get(later).content.decode()
    secret = shown[0].rsplit("_", 1)[1]
    with connection.cursor() as cursor:
        for table in ("apikeys_apikey", "audit_action", "accounts_user"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert secret not in str(cursor.fetchone())
    assert Action.objects.filter(code="apikeys.issue", subject_id=key.kid, actor_id=principal.pk).exists()


def test_a_key_does_what_its_scopes_say_in_its_institution_and_is_on_record(principal: User) -> None:
    issued = issue(principal)
    taken = hand_in(bearing(issued))
    assert taken.status_code == 202, taken.content
    batch = Batch.objects.get()
    assert batch.institution_id == principal.memberships.get().institution_id
    assert batch.uploaded_by == issued.key.account
    done = Action.objects.filter(actor_id=issued.key.account_id).latest("id")
    assert issued.key.kid in done.actor and done.actor_role == "PC"
    assert done.institution_id == batch.institution_id
    assert bearing(issued).get(f"/api/intake/batches/{batch.pk}").status_code == 200


def test_what_its_scopes_do_not_name_is_refused(principal: User) -> None:
    client = bearing(issue(principal, scopes=["status:read"]))
    assert client.get("/api/intake/kinds").status_code == 200
    refused = hand_in(client)
    assert refused.status_code == 403 and not Batch.objects.exists()


def test_the_school_next_door_is_out_of_its_reach(world: World, principal: User) -> None:
    batch = hand_in(bearing(issue(principal))).json()["batch"]
    other = issue(make_user("other", Role.PP, institution=world.school_next_door))
    assert bearing(other).get(f"/api/intake/batches/{batch}").status_code == 404


@pytest.mark.parametrize("token", ["zj_", "zj_abcdefgh_" + "A" * 43, "nonsense", ""])
def test_what_is_no_key_opens_nothing_even_with_a_session(principal: User, token: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {token}"})
    sign_in(client, principal)
    assert client.get("/api/intake/kinds").status_code == 401


def test_a_right_number_with_a_wrong_secret_is_no_key(principal: User) -> None:
    issued = issue(principal)
    wrong = issued.token[:-1] + ("a" if issued.token[-1] != "a" else "b")
    assert Client(headers={"Authorization": f"Bearer {wrong}"}).get("/api/intake/kinds").status_code == 401


def test_a_key_is_for_the_api_alone(principal: User) -> None:
    assert bearing(issue(principal)).get("/").status_code == 302


def test_a_session_beside_a_key_adds_nothing(principal: User) -> None:
    client = bearing(issue(principal, scopes=["status:read"]))
    sign_in(client, principal)
    assert hand_in(client).status_code == 403


def test_a_key_ends_with_its_day_its_revocation_and_its_addresses(principal: User) -> None:
    here = issue(principal, networks=["203.0.113.0/24"])
    assert bearing(here).get("/api/intake/kinds").status_code == 401
    client = bearing(here, REMOTE_ADDR="203.0.113.9")
    assert client.get("/api/intake/kinds").status_code == 200
    ApiKey.objects.update(valid_to=timezone.localdate() - dt.timedelta(days=1), valid_from="2026-01-01")
    assert client.get("/api/intake/kinds").status_code == 401
    ApiKey.objects.update(valid_to=timezone.localdate())
    assert client.get("/api/intake/kinds").status_code == 200
    boss = Client()
    sign_in(boss, principal)
    assert boss.post(f"/apikeys/{here.key.kid}/revoke/", {"reason": ""}).status_code == 302
    assert client.get("/api/intake/kinds").status_code == 200
    boss.post(f"/apikeys/{here.key.kid}/revoke/", {"reason": "人员离职"})
    assert client.get("/api/intake/kinds").status_code == 401
    assert Action.objects.get(code="apikeys.revoke").reason == "人员离职"


def test_who_revokes_is_the_institution_or_the_security_officer(world: World, principal: User) -> None:
    issued = issue(principal)
    outcome = {}
    for role, place in (
        (Role.PP, {"institution": world.school_next_door}),
        (Role.PC, {"institution": world.school}),
        (Role.AUD, {}),
        (Role.SEC, {}),
    ):
        client = Client()
        sign_in(client, make_user(f"some-{role}", role, **place))
        outcome[role] = client.post(f"/apikeys/{issued.key.kid}/revoke/", {"reason": "x"}).status_code
    assert outcome == {Role.PP: 404, Role.PC: 403, Role.AUD: 403, Role.SEC: 302}
    issued.key.refresh_from_db()
    assert issued.key.revoked_at is not None


def test_two_of_a_purpose_for_changing_over_and_no_third(principal: User) -> None:
    first, second = issue(principal), issue(principal)
    with pytest.raises(ValidationError, match="最多有两把"):
        issue(principal)
    issue(principal, purpose="考勤机")
    services.revoke(first.key, reason="换用新的", actor=principal)
    third = issue(principal)
    ApiKey.objects.filter(pk=second.key.pk).update(
        valid_from="2026-01-01", valid_to=timezone.localdate() - dt.timedelta(days=1)
    )
    issue(principal)
    assert bearing(third).get("/api/intake/kinds").status_code == 200


@pytest.mark.parametrize(
    "asked", [{"days": 91}, {"days": 0}, {"scopes": []}, {"scopes": ["all"]}, {"networks": ["10.0.0.256"]}]
)
def test_no_key_is_wider_or_longer_than_allowed(principal: User, asked: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        issue(principal, **asked)
    assert not ApiKey.objects.exists()


def test_keys_are_counted_and_so_are_guesses(principal: User, settings: Any, tmp_path: Any) -> None:
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text(
        '[limits]\n"apikey.use" = [{ from = 2026-01-01, most = ["2/1m"] }]\n'
        '"apikey.miss" = [{ from = 2026-01-01, most = ["1/1m"] }]\n',
        "utf-8",
    )
    client = bearing(issue(principal))
    assert [client.get("/api/intake/kinds").status_code for _each in range(3)] == [200, 200, 429]
    guess = Client(headers={"Authorization": "Bearer zj_guess"})
    assert [guess.get("/api/intake/kinds").status_code for _each in range(2)] == [401, 429]


def test_use_is_noted_once_a_minute(principal: User) -> None:
    issued = issue(principal)
    client = bearing(issued)
    client.get("/api/intake/kinds")
    first = ApiKey.objects.get().used_at
    client.get("/api/intake/kinds")
    assert first is not None and ApiKey.objects.get().used_at == first
    ApiKey.objects.update(used_at=first - dt.timedelta(minutes=2))
    client.get("/api/intake/kinds")
    assert ApiKey.objects.get().used_at > first  # type: ignore[operator]


# --- one effect -------------------------------------------------------------------------------------


def test_every_operation_that_writes_is_made_once() -> None:
    careless = [
        each.route
        for each in endpoints()
        if each.source == "api"
        for view in each.views
        if set(each.actions) - {"GET"}
        and not getattr(view, "once", set(each.actions) == {"GET"})
        and not getattr(view, "asks", False)
    ]
    assert careless == []


def test_a_key_must_name_its_call(principal: User) -> None:
    client = bearing(issue(principal))
    for bad in (None, "", "mit Leerzeichen", "x" * 201):
        refused = hand_in(client, bad)
        assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key")
    assert not Batch.objects.exists()


def test_the_same_call_again_has_no_second_effect_and_the_same_answer(principal: User) -> None:
    client = bearing(issue(principal))
    first = hand_in(client)
    Batch.objects.update(
        state=Batch.State.CANCELLED
    )  # handing the same file in anew would now make another batch
    again = hand_in(client)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert Batch.objects.count() == 1
    assert hand_in(client, "call-2").json()["batch"] != first.json()["batch"]


def test_the_same_name_for_another_call_is_refused(principal: User) -> None:
    client = bearing(issue(principal))
    hand_in(client)
    for other in ({"data": SHEET + b"x"}, {"sheet": "另一张"}):
        refused = hand_in(client, **other)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert Batch.objects.count() == 1


def test_two_keys_do_not_share_names_of_calls(world: World, principal: User) -> None:
    hand_in(bearing(issue(principal)))
    other = issue(make_user("other", Role.PP, institution=world.school_next_door))
    assert hand_in(bearing(other)).status_code == 202
    assert Batch.objects.count() == 2


def test_a_session_may_name_its_calls_and_need_not(world: World) -> None:
    client = Client()
    sign_in(client, make_user("clerk", Role.PC, institution=world.school))
    assert hand_in(client, None).status_code == 202
    assert not IdempotentCall.objects.exists()
    assert hand_in(client, "call-1").status_code == 202
    assert IdempotentCall.objects.count() == 1


def test_a_call_that_failed_is_made_when_it_comes_again(principal: User) -> None:
    client = bearing(issue(principal))
    assert hand_in(client, kind="novel").status_code == 422
    assert not IdempotentCall.objects.exists()
    assert hand_in(client).status_code == 202


def test_what_is_remembered_is_sealed_and_forgotten_after_a_day(principal: User) -> None:
    answer = hand_in(bearing(issue(principal)))
    row = IdempotentCall.objects.get()
    assert answer.json()["batch"].encode() not in bytes(row.answer or b"")
    assert calls.prune() == 0
    IdempotentCall.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    assert calls.prune() == 1


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_have_one_effect(world: World, principal: User) -> None:
    issued = issue(principal)
    gate = Barrier(16)

    def ask(_number: int) -> tuple[int, bytes]:
        gate.wait()
        try:
            answer = hand_in(bearing(issued))
            return answer.status_code, answer.content
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(16)))
    assert Batch.objects.count() == 1
    done = {answer for answer in answers if answer[0] == 202}
    assert len(done) == 1 and {status for status, _text in answers} <= {202, 409}
    assert Counter.objects.exists()
