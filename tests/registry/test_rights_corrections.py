"""Corrections: asked with a due date, answered by somebody else, written into the record with proof."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.accounts.models import Holder, Role
from registry.accounts.scopes import scope_for
from registry.audit.models import Action, Detail
from registry.audit.verify import verify
from registry.identity.current import keyring
from registry.lib.scope import Scope
from registry.people import merging
from registry.people.amending import TakenByOther
from registry.people.models import Document
from registry.rights import corrections, queries
from registry.rights.models import Correction
from tests import town
from tests.registry import rights_world
from tests.registry.places import make_user
from tests.registry.rights_world import RightsWorld

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> RightsWorld:
    return rights_world.build()


def ask(world: RightsWorld, fact: str = "name", proposed: str = "李更正", **more: object) -> Correction:
    return corrections.ask(
        world.person, fact=fact, proposed=proposed, why="身份证如此", actor=world.trainee, **more
    )


def answer(world: RightsWorld, case: Correction, *, approve: bool = True) -> Correction:
    return corrections.answer(
        case.pk, approve=approve, text="已核对", actor=world.county, scope=scope_for(world.county)
    )


def proved() -> None:
    """People are what history says of them."""
    report = verify(Scope.all(), "people_person")
    assert report.manifests and [each for each in report.differences if each.fault != "unlisted"] == []


def test_what_was_said_lies_sealed_and_reads_back(world: RightsWorld) -> None:
    case = ask(world)
    assert "李更正".encode() not in bytes(case.said or b"")
    assert queries.said(case) == {"proposed": "李更正", "why": "身份证如此"}
    assert case.number.startswith(f"GZ{timezone.now():%Y}-")
    assert case.region_code == town.CITY
    assert case.due_on > timezone.localdate() + dt.timedelta(days=18)


def test_a_yes_changes_the_person_and_history_agrees(world: RightsWorld) -> None:
    before = world.person.name
    answer(world, ask(world))
    world.person.refresh_from_db()
    assert (world.person.name, world.person.name_key) == ("李更正", "李更正")
    proved()
    amended = Action.objects.get(code="people.amend")
    assert before not in str(amended.after) and amended.reason.startswith("GZ")
    assert Detail.objects.get(action=amended).detail == {"fact": "name", "before": before, "after": "李更正"}


def test_a_no_changes_nothing_and_the_asker_reads_why(world: RightsWorld) -> None:
    case = answer(world, ask(world), approve=False)
    before = world.person.name
    world.person.refresh_from_db()
    assert world.person.name == before
    assert queries.answered(case) == "已核对"
    assert not Action.objects.filter(code="people.amend").exists()


def test_a_number_is_replaced_and_birthday_and_sex_follow(world: RightsWorld) -> None:
    other = town.person(40)
    answer(world, ask(world, "id_number", other.id_number))
    document = Document.objects.get(person=world.person)
    assert bytes(document.blind_index) == keyring().blind_index(other.id_number, "idno")
    assert keyring().open_(bytes(document.sealed), "idno", document.pk).decode() == other.id_number
    world.person.refresh_from_db()
    assert f"{world.person.birth_date:%Y%m%d}" == other.id_number[6:14]
    proved()


def test_a_number_of_somebody_else_is_refused_and_the_case_stays_open(world: RightsWorld) -> None:
    rights_world.make_person(2, world.town, enrolled=False)
    case = ask(world, "id_number", town.person(2).id_number)
    with pytest.raises(TakenByOther):
        answer(world, case)
    case.refresh_from_db()
    assert case.state == Correction.State.OPEN


@pytest.mark.parametrize(
    ("fact", "proposed"), [("id_number", "11010119900307123X"), ("phone", "12"), ("sex", "是"), ("name", " ")]
)
def test_what_cannot_stand_is_refused_at_once(world: RightsWorld, fact: str, proposed: str) -> None:
    with pytest.raises(ValidationError):
        ask(world, fact, proposed)


def test_a_telephone_becomes_the_only_one(world: RightsWorld) -> None:
    answer(world, ask(world, "phone", "13900001111"))
    (phone,) = world.person.phones.all()
    assert keyring().open_(bytes(phone.sealed), "phone", phone.pk) == b"13900001111"


def test_the_same_fact_is_asked_once_at_a_time(world: RightsWorld) -> None:
    case = ask(world)
    with pytest.raises(corrections.AlreadyAsked):
        ask(world, proposed="王别的")
    answer(world, case, approve=False)
    assert ask(world).pk != case.pk


def test_nobody_answers_their_own_case_from_whichever_account(world: RightsWorld) -> None:
    case = ask(world)
    # This reviewer's account belongs to the very person that the case is about.
    holder = Holder.objects.create(person_index=Document.objects.get(person=world.person).blind_index)
    self_made = make_user("self", Role.C1, holder=holder, region_id=town.CITY)
    with pytest.raises(corrections.SamePerson):
        corrections.answer(case.pk, approve=True, text="-", actor=self_made, scope=scope_for(self_made))
    case.refresh_from_db()
    assert case.state == Correction.State.OPEN


def test_two_accounts_of_one_clerk_are_one_person(world: RightsWorld) -> None:
    second = make_user("second", Role.C1, holder=world.clerk.holder, region_id=town.CITY)
    case = corrections.ask(world.person, fact="name", proposed="李更正", why="-", actor=world.clerk)
    with pytest.raises(corrections.SamePerson):
        corrections.answer(case.pk, approve=True, text="-", actor=second, scope=scope_for(second))


def test_an_answered_case_is_not_answered_again(world: RightsWorld) -> None:
    case = ask(world)
    answer(world, case)
    with pytest.raises(corrections.AlreadyAnswered, match="county"):
        answer(world, case, approve=False)
    with pytest.raises(corrections.AlreadyAnswered):
        corrections.withdraw(case.pk, actor=world.trainee, scope=scope_for(world.trainee))


def test_another_division_neither_sees_nor_answers(world: RightsWorld) -> None:
    case = ask(world)
    away = make_user("away", Role.C1, region_id=town.AWAY)
    assert not queries.waiting(scope_for(away)).exists()
    with pytest.raises(Correction.DoesNotExist):
        corrections.answer(case.pk, approve=True, text="-", actor=away, scope=scope_for(away))


def test_the_overdue_come_first(world: RightsWorld) -> None:
    late = ask(world)
    soon = ask(world, "phone", "13900001111")
    Correction.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - dt.timedelta(days=1))
    scope = scope_for(world.prefecture)
    assert list(queries.waiting(scope)) == [late, soon]
    assert list(queries.overdue(scope, timezone.localdate())) == [late]


def test_merging_takes_cases_along(world: RightsWorld) -> None:
    case = ask(world)
    survivor = rights_world.make_person(3, world.town, enrolled=False)
    merging.merge(survivor_id=survivor.pk, absorbed_id=world.person.pk, reason="-", actor=world.county)
    case.refresh_from_db()
    assert case.person_id == survivor.pk
