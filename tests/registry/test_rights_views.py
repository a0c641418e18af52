"""Pages of rights: the trainee's own, the school's and the desk's."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.accounts.models import Role
from registry.audit.models import Action
from registry.rights.models import Correction
from tests import town
from tests.registry import rights_world
from tests.registry.places import make_user
from tests.registry.rights_world import RightsWorld

pytestmark = pytest.mark.django_db

ASKED = {"fact": "name", "proposed": "李更正", "why": "身份证如此"}


@pytest.fixture
def world() -> RightsWorld:
    return rights_world.build()


def test_a_trainee_asks_and_reads_the_answer(world: RightsWorld) -> None:
    own, desk = world.client(world.trainee), world.client(world.county)
    assert "申请更正" in own.get("/people/me/").content.decode()
    answer = own.post("/rights/corrections/new/", ASKED, follow=True)
    case = Correction.objects.get()
    assert case.number in answer.content.decode() and "还有" in answer.content.decode()
    assert f'<span class="count">{1}</span>' in desk.get("/rights/corrections/").content.decode()
    page = desk.get(f"/rights/corrections/{case.pk}/").content.decode()
    assert "李更正" in page and "同意更正" in page
    desk.post(f"/rights/corrections/{case.pk}/answer/", {"outcome": "approve", "text": "已按身份证更正"})
    page = own.get("/rights/").content.decode()
    assert "已按身份证更正" in page and "已更正" in page and "按期答复" in page
    assert "李更正" in own.get("/people/me/").content.decode()


def test_opening_a_case_is_seen_by_the_person(world: RightsWorld) -> None:
    world.client(world.trainee).post("/rights/corrections/new/", ASKED)
    world.client(world.county).get(f"/rights/corrections/{Correction.objects.get().pk}/")
    assert Action.objects.filter(code="people.read", actor_id=world.county.pk).count() == 1


def test_a_school_asks_for_its_trainee_and_for_nobody_elses(world: RightsWorld) -> None:
    school = world.client(world.clerk)
    school.post(f"/rights/corrections/new/{world.person.pk}/", ASKED)
    assert Correction.objects.get().institution_id == world.town.school.pk
    stranger = rights_world.make_person(5, world.town, enrolled=False)
    assert school.post(f"/rights/corrections/new/{stranger.pk}/", ASKED).status_code == 404
    assert school.post(f"/rights/corrections/{Correction.objects.get().pk}/answer/", {}).status_code == 403


def test_what_is_wrong_is_said_on_the_form(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    answer = own.post("/rights/corrections/new/", {**ASKED, "fact": "phone", "proposed": "123"})
    assert answer.status_code == 422 and "11 位手机号码" in answer.content.decode()


def test_a_training_can_be_named(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    page = own.get("/rights/corrections/new/").content.decode()
    assert "T-01 焊工" in page
    enrolment = world.person.enrolments.get()  # type: ignore[attr-defined]
    asked = {
        "fact": "training",
        "record": f"enrolment:{enrolment.pk}",
        "proposed": "没有参加",
        "why": "在外地",
    }
    assert "T-01 焊工" in own.post("/rights/corrections/new/", asked, follow=True).content.decode()
    asked["record"] = "enrolment:999999"
    assert own.post("/rights/corrections/new/", asked).status_code == 422


def test_overdue_is_said_in_words_and_first(world: RightsWorld) -> None:
    world.client(world.trainee).post("/rights/corrections/new/", ASKED)
    Correction.objects.update(due_on=timezone.localdate() - dt.timedelta(days=3))
    desk = world.client(world.county)
    assert "已逾期 3 天" in desk.get("/rights/corrections/").content.decode()
    assert "1 件更正申请已逾期" in desk.get("/").content.decode()


@pytest.mark.parametrize(
    ("role", "place", "status"),
    [(Role.C1, {"region_id": town.AWAY}, 404), (Role.SYS, {}, 403), (Role.AUD, {}, 200)],
)
def test_who_may_open_a_case(world: RightsWorld, role: Role, place: dict[str, str], status: int) -> None:
    world.client(world.trainee).post("/rights/corrections/new/", ASKED)
    reader = world.client(make_user("reader", role, **place))
    assert reader.get(f"/rights/corrections/{Correction.objects.get().pk}/").status_code == status


def test_a_trainee_sees_nobody_elses_case(world: RightsWorld) -> None:
    world.client(world.trainee).post("/rights/corrections/new/", ASKED)
    other = make_user("other", Role.TRN)
    person = rights_world.make_person(7, world.town)
    person.user = other
    person.save()
    case = Correction.objects.get()
    stranger = world.client(other)
    assert stranger.get(f"/rights/corrections/{case.pk}/").status_code == 404
    assert stranger.post(f"/rights/corrections/{case.pk}/withdraw/").status_code == 404
    assert case.number not in stranger.get("/rights/").content.decode()


def test_taking_a_case_back(world: RightsWorld) -> None:
    own = world.client(world.trainee)
    own.post("/rights/corrections/new/", ASKED)
    case = Correction.objects.get()
    assert "已撤回" in own.post(f"/rights/corrections/{case.pk}/withdraw/", follow=True).content.decode()
    answer = world.client(world.county).post(
        f"/rights/corrections/{case.pk}/answer/", {"outcome": "approve", "text": "-"}
    )
    assert answer.status_code == 409
