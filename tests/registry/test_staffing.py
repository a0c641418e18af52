"""Accounts and roles on pages: who makes them, who agrees, what is shown once, and how far each reaches."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import dataclass

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from registry.accounts import factors
from registry.accounts.demo import demo_id_number
from registry.accounts.models import Membership, Role, User
from registry.accounts.scopes import actor_for
from registry.audit.models import Action
from registry.review.models import Case
from registry.staffing.forms import GrantForm
from tests.registry.places import World, make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

SOON = timezone.localdate() + dt.timedelta(days=30)


@dataclass
class Office:
    world: World
    clients: dict[str, Client]
    users: dict[str, User]

    def get(self, who: str, path: str) -> tuple[int, str]:
        answer = self.clients[who].get(path)
        return answer.status_code, answer.content.decode()

    def post(self, who: str, path: str, **data: object) -> tuple[int, str]:
        answer = self.clients[who].post(path, data)
        return answer.status_code, answer.content.decode()


@pytest.fixture
def office() -> Office:
    world = make_world()
    users = {
        "system": make_user("system", Role.SYS),
        "security": make_user("security", Role.SEC),
        "security2": make_user("security2", Role.SEC),
        "principal": make_user("principal", Role.PP, institution=world.school),
        "signer": make_user("signer", Role.ES, institution=world.school),
        "next-door": make_user("next-door", Role.PP, institution=world.school_next_door),
        "auditor": make_user("auditor", Role.AUD),
        "county": make_user("county", Role.C1, region=world.county),
    }
    return Office(world, {name: sign_in(Client(), user) for name, user in users.items()}, users)


def account(n: int, username: str = "fresh") -> dict[str, object]:
    return {"username": username, "display_name": "新来者", "id_number": demo_id_number(n)}


def codes() -> list[str]:
    return list(Action.objects.order_by("id").values_list("code", flat=True))


def test_the_system_administrator_makes_an_account_whose_password_is_shown_once(office: Office) -> None:
    status, page = office.post("system", "/staffing/new/", **account(0))
    assert status == 200
    made = User.objects.get(username="fresh")
    shown = re.search(r'<code class="secret">([^<]+)</code>', page)
    assert shown and made.check_password(shown[1])
    assert made.must_change and made.holder_id and not made.memberships.exists()
    assert shown[1] not in office.get("system", f"/staffing/{made.pk}/")[1]
    assert demo_id_number(0) not in page
    assert codes() == ["accounts.create"]


def test_a_wrong_number_or_a_taken_name_makes_no_account(office: Office) -> None:
    before = User.objects.count()
    number = demo_id_number(0)
    status, page = office.post("system", "/staffing/new/", **{**account(0), "id_number": number[:17] + "0"})
    assert status == 422 and "校验码" in page
    status, page = office.post("system", "/staffing/new/", **account(0, "principal"))
    assert status == 422 and "已有同名账号" in page
    assert User.objects.count() == before


def test_a_role_is_given_when_a_second_security_officer_agrees(office: Office) -> None:
    fresh = make_user("fresh")
    ask = {"role": "C1", "region": "653222", "valid_to": SOON, "reason": "任命文件 12 号"}
    assert office.post("security", f"/staffing/{fresh.pk}/grant/", **ask)[0] == 302
    assert not fresh.memberships.exists()
    assert "等另一人同意" in office.get("security", f"/staffing/{fresh.pk}/")[1]
    case = Case.objects.get()
    decision = {"step": case.step, "version": case.row_version, "outcome": "approve", "reason": ""}
    assert office.post("security", f"/review/{case.pk}/decide/", **decision)[0] in (403, 409)
    assert office.post("system", f"/review/{case.pk}/decide/", **decision)[0] in (403, 404)
    assert "C1" not in str(fresh.memberships.values_list("role"))
    assert office.post("security2", f"/review/{case.pk}/decide/", **decision)[0] == 302
    given = fresh.memberships.get()
    assert (given.role, given.region_id, given.valid_to) == ("C1", "653222", SOON)
    assert (given.granted_by, given.agreed_by) == (office.users["security"], office.users["security2"])
    page = office.get("auditor", "/staffing/roles/")[1]
    assert "security姓名" in page and "security2姓名" in page
    assert "accounts.grant" in codes()


def test_the_last_day_is_offered_as_browsers_read_it() -> None:
    shown = str(GrantForm()["valid_to"])
    assert 'type="date"' in shown and re.search(r'value="\d{4}-\d{2}-\d{2}"', shown)


def test_the_same_role_is_not_asked_for_twice(office: Office) -> None:
    fresh = make_user("fresh")
    ask = {"role": "AUD", "valid_to": SOON, "reason": "任命"}
    assert office.post("security", f"/staffing/{fresh.pk}/grant/", **ask)[0] == 302
    status, page = office.post("security2", f"/staffing/{fresh.pk}/grant/", **ask)
    assert status == 422 and "已在等待" in page
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ({"role": "PC"}, "须指定机构"),
        ({"role": "C1", "region": "999999"}, "没有找到这个区划"),
        ({"role": "PC", "institution": "没有这所学校"}, "没有找到这个机构"),
        ({"role": "AUD", "valid_to": "2099-01-01"}, "任职最长"),
        ({"role": "TRN"}, "TRN"),
        ({"role": "AUD", "reason": ""}, "请写明事由"),
    ],
)
def test_what_cannot_be_given_is_said_before_anybody_is_asked(
    office: Office, ask: dict[str, str], words: str
) -> None:
    fresh = make_user("fresh")
    terms = {"valid_to": SOON, "reason": "任命", **ask}
    status, page = office.post("security", f"/staffing/{fresh.pk}/grant/", **terms)
    assert status == 422 and words in page
    assert not Case.objects.exists()


def test_nobody_asks_for_their_own_role_and_administrators_stay_apart(office: Office) -> None:
    officer, system = office.users["security"], office.users["system"]
    ask = {"role": "SEC", "valid_to": SOON, "reason": "任命"}
    status, page = office.post("security", f"/staffing/{officer.pk}/grant/", **ask)
    assert status == 422 and "不能为自己办理" in page
    status, page = office.post("security", f"/staffing/{system.pk}/grant/", **ask)
    assert status == 422 and "三员须由三人分别担任" in page


def test_a_principal_keeps_the_clerks_of_the_own_school_and_nobody_else(office: Office) -> None:
    new = {**account(1, "clerk"), "valid_to": SOON}
    assert office.post("principal", "/staffing/new/", **new)[0] == 200
    clerk = User.objects.get(username="clerk")
    given = clerk.memberships.get()
    assert (given.role, given.institution) == ("PC", office.world.school)
    assert given.granted_by == office.users["principal"]
    for page in ("", "holder/", "close/", "reset/", "grant/"):
        path = f"/staffing/{clerk.pk}/{page}"
        answer = office.get if page in ("", "grant/") else office.post
        assert answer("next-door", path)[0] == 404, page
        assert answer("county", path)[0] == 403, page
    ending = f"/staffing/roles/{given.pk}/end/"
    assert office.post("next-door", ending, reason="x")[0] == 404
    assert office.post("signer", ending, reason="x")[0] == 404, "a clerk of another kind"
    assert office.post("principal", ending, reason="调离")[0] == 302
    given = Membership.objects.filter(pk=given.pk).first()  # type: ignore[assignment]
    assert given is None or given.valid_to < timezone.localdate()
    assert actor_for(User.objects.get(pk=clerk.pk)).role == ""


def test_a_principal_gives_no_more_than_a_clerks_role(office: Office) -> None:
    clerk = make_user("clerk", Role.PC, institution=office.world.school)
    ask = {"role": "PP", "valid_to": SOON, "reason": "x"}
    assert office.post("principal", f"/staffing/{clerk.pk}/grant/", **ask)[0] == 422
    assert set(clerk.memberships.values_list("role", flat=True)) == {"PC"}


def test_a_clerk_who_works_elsewhere_too_is_not_reset_or_closed_by_a_principal(office: Office) -> None:
    clerk = make_user("clerk", Role.PC, institution=office.world.school)
    assert "重置密码" in office.get("principal", f"/staffing/{clerk.pk}/")[1]
    Membership.objects.create(
        user=clerk, role=Role.C1, region=office.world.county, valid_from=timezone.localdate(), valid_to=SOON
    )
    status, page = office.get("principal", f"/staffing/{clerk.pk}/")
    assert status == 200 and "重置密码" not in page and "县级初审" not in page
    for verb in ("reset", "close", "holder"):
        assert office.post("principal", f"/staffing/{clerk.pk}/{verb}/", reason="x")[0] == 404
    own = office.users["principal"]
    assert office.post("principal", f"/staffing/{own.pk}/close/", reason="x")[0] == 404


def test_closing_and_resetting_need_a_reason_and_never_concern_oneself(office: Office) -> None:
    clerk = make_user("clerk", Role.PC, institution=office.world.school)
    for verb in ("reset", "close"):
        assert office.post("system", f"/staffing/{clerk.pk}/{verb}/", reason="")[0] == 422
        status, page = office.post("system", f"/staffing/{office.users['system'].pk}/{verb}/", reason="x")
        assert status == 422 and "不能为自己办理" in page
    inside = sign_in(Client(), clerk)
    assert inside.get("/").status_code == 200
    status, page = office.post("system", f"/staffing/{clerk.pk}/reset/", reason="忘记密码")
    shown = re.search(r'<code class="secret">([^<]+)</code>', page)
    clerk.refresh_from_db()
    assert status == 200 and shown and clerk.check_password(shown[1]) and clerk.must_change
    assert inside.get("/").status_code == 302, "sessions end"
    assert office.post("system", f"/staffing/{clerk.pk}/close/", reason="离职")[0] == 302
    clerk.refresh_from_db()
    assert not clerk.is_active
    assert {"accounts.reset_password", "accounts.close"} <= set(codes())


def test_a_lost_second_factor_is_taken_away_by_another_than_who_resets_passwords(office: Office) -> None:
    clerk = make_user("clerk", Role.PC, institution=office.world.school)
    factors.give_app(clerk)
    path, reason = f"/staffing/{clerk.pk}/reset-factor/", "手机遗失，已当面核对"
    for who in ("system", "principal", "auditor"):
        assert office.post(who, path, reason=reason)[0] == 403
    own = office.users["security"]
    status, page = office.post("security", f"/staffing/{own.pk}/reset-factor/", reason=reason)
    assert status == 422 and "不能为自己办理" in page
    assert office.post("security", path, reason="")[0] == 422
    assert factors.has_factor(clerk)
    inside = sign_in(Client(), clerk)
    assert office.post("security", path, reason=reason)[0] == 302
    assert not factors.has_factor(clerk)
    assert inside.get("/").status_code == 302, "sessions end"
    assert "accounts.second_factor_reset" in codes()


def test_trainees_are_not_listed(office: Office) -> None:
    make_user("somebody", Role.TRN)
    assert "somebody" not in office.get("system", "/staffing/")[1]
    assert office.get("system", f"/staffing/{User.objects.get(username='somebody').pk}/")[0] == 404


def test_lists_show_what_is_within_reach(office: Office) -> None:
    make_user("clerk", Role.PC, institution=office.world.school)
    everybody = office.get("security", "/staffing/")[1]
    assert all(name in everybody for name in ("clerk", "county", "system"))
    own = office.get("principal", "/staffing/")[1]
    assert "clerk" in own and "county" not in own and "next-door" not in own
    assert "clerk" not in office.get("security", "/staffing/?role=C1")[1]
    assert "还没有到期" not in office.get("security", "/staffing/roles/?ending")[1]
    assert office.get("county", "/staffing/")[0] == 403


# --- one role at a time --------------------------------------------------------------------------------


def test_a_session_goes_on_in_another_role_and_that_is_on_record(office: Office) -> None:
    user = office.users["county"]
    other = Membership.objects.create(
        user=user, role=Role.FM, region=office.world.county, valid_from=timezone.localdate(), valid_to=SOON
    )
    first = actor_for(User.objects.get(pk=user.pk)).membership_id
    assert "切换角色" in office.get("county", "/")[1]
    assert office.post("county", "/staffing/switch/", membership=other.pk)[0] == 302
    assert "财务制单" in office.get("county", "/staffing/switch/")[1]
    assert office.get("county", "/intake/")[0] == 403, "a maker of payments hands in no sheets"
    assert office.post("county", "/staffing/switch/", membership=other.pk)[0] == 302
    assert office.post("county", "/staffing/switch/", membership=first)[0] == 302
    assert office.get("county", "/intake/")[0] == 200
    kept = Action.objects.filter(code="accounts.switch_role").order_by("id")
    assert [(a.before["role"], a.after["role"]) for a in kept] == [("C1", "FM"), ("FM", "C1")]  # type: ignore[index]


def test_nobody_switches_to_a_role_that_is_not_theirs(office: Office) -> None:
    foreign = office.users["auditor"].memberships.get()
    assert office.post("county", "/staffing/switch/", membership=foreign.pk)[0] == 404
    assert office.post("county", "/staffing/switch/", membership="x")[0] == 404
    assert office.get("county", "/staffing/")[0] == 403
    assert not Action.objects.filter(code="accounts.switch_role").exists()


# --- the first officers --------------------------------------------------------------------------------


def appoint(username: str, role: str, n: int) -> str:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(demo_id_number(n) + "\n"))
        call_command("appoint", username, role, until=SOON, stdout=out)
    return out.getvalue()


def test_the_machine_appoints_until_there_are_two_security_officers() -> None:
    said = appoint("one", "SEC", 1)
    assert User.objects.get(username="one").check_password(said.rpartition("：")[2].strip())
    with pytest.raises(CommandError, match="三员须由三人分别担任"):
        appoint("same-person", "SYS", 1)
    appoint("sys", "SYS", 2)
    appoint("two", "SEC", 3)
    with pytest.raises(CommandError, match="已有两名安全管理员"):
        appoint("aad", "AAD", 4)
    assert not User.objects.filter(username__in=("same-person", "aad")).exists()
    assert codes() == ["accounts.create", "accounts.grant"] * 3
