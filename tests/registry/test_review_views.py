"""The pages and the API of review: whose turn it is, deciding, and being slower than somebody else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from registry.accounts import session_keys
from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for
from registry.config.panels import Waiting
from registry.review.models import Case, Decision
from tests.registry.places import make_user
from tests.registry.review_town import Town, decide, make_town, registered
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    made = make_town()
    with registered(made.procedure()):
        yield made


def at(user: User) -> Client:
    return sign_in(Client(), user)


def say(case: Case, outcome: str = "approve", **given: Any) -> dict[str, Any]:
    return {"step": case.step, "version": case.row_version, "outcome": outcome, "reason": "", **given}


def post(user: User, case: Case, data: dict[str, Any]) -> Any:
    return at(user).post(f"/review/{case.pk}/decide/", data)


def test_the_queue_shows_what_waits_for_me_and_the_menu_counts_it(town: Town) -> None:
    town.open(summary="第一件")
    town.open(summary="第二件")
    page = at(town.first).get("/review/").content.decode()
    assert page.index("第一件") < page.index("第二件")
    assert Waiting(actor_for(town.first))["review"] == 2
    assert Waiting(actor_for(town.second))["review"] == 0
    assert "没有等您办理的事项" in at(town.second).get("/review/").content.decode()
    assert "第一件" in at(town.maker).get("/review/?view=made").content.decode()
    assert "第一件" in at(town.first).get("/").content.decode()


def test_a_matter_shows_what_will_happen_who_asked_and_what_was_decided(town: Town) -> None:
    case = decide(town.open(summary="一批补贴"), town.first, reason="已核对原件")
    page = at(town.second).get(f"/review/{case.pk}/").content.decode()
    for told in (
        "一批补贴",
        "通过后记为完成",
        "maker姓名",
        "first姓名",
        "已核对原件",
        "墨玉县",
        'name="outcome"',
    ):
        assert told in page


def test_deciding_leads_to_the_next_one_that_waits(town: Town) -> None:
    first, second = town.open(), town.open()
    answer = post(town.first, first, say(first))
    assert (answer.status_code, answer.url) == (302, f"/review/{second.pk}/")
    assert post(town.first, second, say(second)).url == "/review/"
    first.refresh_from_db()
    assert (first.step, town.done) == ("second", [])
    post(town.second, first, say(first))
    assert town.done == [first.pk]


def test_a_return_needs_a_reason_and_keeps_what_was_typed(town: Town) -> None:
    case = town.open()
    answer = post(town.first, case, say(case, "return"))
    assert answer.status_code == 422
    assert "退回或不通过须写明理由" in answer.content.decode()
    answer = post(town.first, case, say(case, "", reason="写了一半"))
    assert answer.status_code == 422 and "写了一半" in answer.content.decode()
    assert post(town.first, case, say(case, "return", reason="材料不全")).status_code == 302
    case.refresh_from_db()
    assert case.state == "returned"
    assert "材料不全" in at(town.maker).get(f"/review/{case.pk}/").content.decode()


def test_who_was_slower_is_told_by_whom_and_gets_the_fresh_matter(town: Town) -> None:
    case = town.open()
    colleague = make_user("colleague", Role.C1, region=town.world.county)
    decide(case, town.first)
    answer = post(colleague, case, say(case, "refuse", reason="我的理由"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "已由first姓名于" in page and "（通过）" in page
    assert Decision.objects.count() == 1
    again = post(town.first, case, say(case))
    assert again.status_code == 302, "the same once more is the same"
    assert Decision.objects.count() == 1


def test_the_same_person_and_other_roles_are_refused_with_a_reason(town: Town) -> None:
    case = town.open()
    twin = make_user("twin", Role.C1, holder=town.maker.holder, region=town.world.county)
    answer = post(twin, case, say(case))
    assert answer.status_code == 403 and "由您本人提交或办理过" in answer.content.decode()
    page = at(twin).get(f"/review/{case.pk}/").content.decode()
    assert 'name="outcome"' not in page
    answer = post(town.second, case, say(case))
    assert answer.status_code == 403 and "初审申领" in answer.content.decode()


def test_elsewhere_the_matter_is_not_there(town: Town) -> None:
    case = town.open()
    stranger = at(make_user("next-door", Role.C1, region=town.world.neighbour))
    assert stranger.get(f"/review/{case.pk}/").status_code == 404
    assert stranger.post(f"/review/{case.pk}/decide/", say(case)).status_code == 404
    assert at(make_user("t", Role.TRN)).get("/review/").status_code == 403
    assert at(make_user("a", Role.AUD)).post(f"/review/{case.pk}/decide/", say(case)).status_code == 403


def test_without_a_fresh_proof_of_identity_nothing_is_decided(town: Town) -> None:
    case = town.open()
    client = at(town.first)
    session = client.session
    session[session_keys.CONFIRMED_AT] = 1.0
    session.save()
    page = client.get(f"/review/{case.pk}/").content.decode()
    assert "须再次确认身份" in page and 'name="outcome"' not in page
    client.post(f"/review/{case.pk}/decide/", say(case))
    assert not Decision.objects.exists()


def test_the_maker_withdraws_on_the_page(town: Town) -> None:
    case = town.open()
    client = at(town.maker)
    assert "撤回" in client.get(f"/review/{case.pk}/").content.decode()
    assert client.post(f"/review/{case.pk}/withdraw/", {"version": 1}).status_code == 302
    case.refresh_from_db()
    assert case.state == "withdrawn"
    other = town.open()
    decide(other, town.first)
    assert client.post(f"/review/{other.pk}/withdraw/", {"version": 1}).status_code == 409


def test_what_approval_cannot_do_is_said_and_nothing_is_decided(town: Town) -> None:
    def fail(case: Case, actor: User) -> None:
        raise ValidationError("班次已取消")

    case = decide(town.open(), town.first)
    town.on_approved = fail
    answer = post(town.second, case, say(case))
    assert answer.status_code == 422 and "班次已取消" in answer.content.decode()
    assert Decision.objects.count() == 1


# --- API -------------------------------------------------------------------------------------------


def test_the_api_tells_the_queue_decides_and_answers_who_was_slower(town: Town) -> None:
    case = town.open()
    client = at(town.first)
    (told,) = client.get("/api/review/queue").json()
    assert (told["id"], told["step"], told["version"], told["summary"]) == (
        str(case.pk),
        "first",
        1,
        "一批测试事项",
    )
    url = f"/api/review/cases/{case.pk}/decide"
    body = {"step": "first", "outcome": "return", "version": 1}
    answer = client.post(url, body, content_type="application/json")
    assert answer.status_code == 422
    answer = client.post(url, {**body, "outcome": "approve"}, content_type="application/json")
    assert (answer.status_code, answer.json()["step"]) == (200, "second")
    colleague = at(make_user("colleague", Role.C1, region=town.world.county))
    answer = colleague.post(url, {**body, "outcome": "approve"}, content_type="application/json")
    assert answer.status_code == 409
    assert answer.json()["code"] == "already_decided" and "first姓名" in answer.json()["message"]
    assert answer.json()["case"]["version"] == 2
    stranger = at(make_user("next-door", Role.C1, region=town.world.neighbour))
    assert stranger.post(url, body, content_type="application/json").status_code == 404


# --- what a command does after two persons agreed -------------------------------------------------


def test_a_key_is_changed_on_real_numbers_only_after_two_administrators_agreed(
    settings: Any, tmp_path: Path
) -> None:
    settings.PRODUCTION = True
    asking, agreeing = make_user("security", Role.SEC), make_user("logkeeper", Role.AAD)
    command = ("keys", "rotate", "--purpose", "phone")
    with pytest.raises(CommandError, match="轮换密钥：联系电话”，由另一人同意后 24 小时内"):
        call_command(*command)
    client = at(asking)
    assert "/review/ask/keys-rotate/" in client.get("/review/").content.decode()
    assert client.post("/review/ask/keys-rotate/", {"choice": "phone", "reason": "x"}).status_code == 422
    answer = client.post("/review/ask/keys-rotate/", {"choice": "phone", "reason": "每年例行更换"})
    case = Case.objects.get()
    assert answer.url == f"/review/{case.pk}/" and "每年例行更换" in client.get(answer.url).content.decode()
    assert post(asking, case, say(case)).status_code == 403
    with pytest.raises(CommandError):
        call_command(*command)
    assert post(agreeing, case, say(case)).status_code == 302
    call_command(*command, stdout=io.StringIO())
    with pytest.raises(CommandError, match="证件号码"):
        call_command("keys", "rotate", "--purpose", "idno")
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text('[numbers]\n"review.agreed_hours" = [{ from = 2026-01-01, is = 0 }]\n')
    with pytest.raises(CommandError, match="0 小时内"):
        call_command(*command)


def test_only_administrators_ask_for_what_they_may(town: Town) -> None:
    assert at(town.first).get("/review/ask/keys-rotate/").status_code == 403
    assert at(make_user("security", Role.SEC)).get("/review/ask/test-matter/").status_code == 404
