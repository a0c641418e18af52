"""A matter goes from person to person; nobody comes twice, and what was decided is decided once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for
from registry.accounts.services import close_user, create_user
from registry.audit.models import Action
from registry.audit.services import PersonalDataInAction
from registry.audit.verify import verify
from registry.lib.scope import Scope
from registry.review import errors, procedures, queries, services, stages
from registry.review.models import Case, Decision, Outcome
from registry.review.services import Procedure, Step
from tests.registry.places import make_user
from tests.registry.review_town import KIND, STEPS, Town, decide, make_town, registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def town() -> Iterator[Town]:
    made = make_town()
    with registered(made.procedure()):
        yield made


def second_account(of: User, role: Role | None = None, **place: Any) -> User:
    return make_user(f"{of.username}-again", role, holder=of.holder, **place)


# --- the road --------------------------------------------------------------------------------------


def test_a_matter_goes_through_its_steps_and_is_carried_out_once(town: Town) -> None:
    case = town.open()
    assert (case.state, case.step, case.row_version) == ("open", "first", 1)
    case = decide(case, town.first)
    assert (case.state, case.step, case.row_version, town.done) == ("open", "second", 2, [])
    case = decide(case, town.second)
    assert (case.state, case.row_version, town.done) == ("approved", 3, [case.pk])
    assert case.closed_at is not None
    told = [(d.step, d.outcome, d.actor) for d in queries.history(Scope.all(), case)]
    assert told == [("first", "approve", town.first), ("second", "approve", town.second)]


def test_every_act_is_on_record_and_history_commits_to_the_rows(town: Town) -> None:
    case = town.open()
    decide(decide(case, town.first), town.second)
    made = Action.objects.filter(subject_type="review_case", subject_id=str(case.pk)).order_by("id")
    assert [a.code for a in made] == ["review.open", "review.approve", "review.approve"]
    assert [a.actor_id for a in made] == [town.maker.pk, town.first.pk, town.second.pk]
    report = verify(Scope.all(), "review_case")
    assert report.ok and report.manifests == 3
    assert verify(Scope.all(), "review_decision").ok


@pytest.mark.parametrize(("outcome", "state"), [("return", "returned"), ("refuse", "refused")])
def test_a_matter_that_is_not_approved_is_closed_with_a_reason(town: Town, outcome: str, state: str) -> None:
    case = town.open()
    with pytest.raises(errors.ReasonMissing):
        decide(case, town.first, outcome, reason="　 ")
    case = decide(case, town.first, outcome)
    assert (case.state, town.undone, town.done) == (state, [state], [])
    with pytest.raises(errors.AlreadyDecided, match=r"已由first姓名于 .* 处理"):
        decide(case, town.second)


def test_the_maker_takes_back_what_nobody_decided(town: Town) -> None:
    case = town.open()
    with pytest.raises(errors.NotTheMaker):
        services.withdraw(case_id=case.pk, actor=town.first, version=1)
    gone = services.withdraw(case_id=case.pk, actor=second_account(town.maker), version=1)
    assert (gone.state, town.undone) == ("withdrawn", ["withdrawn"])
    with pytest.raises(errors.AlreadyDecided, match="撤回"):
        decide(case, town.first)
    other = town.open()
    decide(other, town.first)
    with pytest.raises(errors.AlreadyDecided):
        services.withdraw(case_id=other.pk, actor=town.maker, version=1)
    other.refresh_from_db()
    with pytest.raises(errors.NotTheMaker):
        services.withdraw(case_id=other.pk, actor=town.maker, version=other.row_version)


def test_the_same_decision_twice_is_once(town: Town) -> None:
    case = town.open()
    once = decide(case, town.first)
    twice = decide(case, town.first)
    assert twice.row_version == once.row_version == 2
    last = decide(twice, town.second)
    assert decide(twice, town.second).state == last.state == "approved"
    assert (Decision.objects.count(), town.done) == (2, [case.pk])
    with pytest.raises(errors.AlreadyDecided):
        decide(case, town.first, "refuse")


def test_what_approval_raises_undoes_the_decision(town: Town) -> None:
    def fail(case: Case, actor: User) -> None:
        raise ValidationError("班次已取消")

    case = decide(town.open(), town.first)
    town.on_approved = fail
    with pytest.raises(ValidationError, match="班次已取消"):
        decide(case, town.second)
    case.refresh_from_db()
    assert (case.state, case.step, Decision.objects.count()) == ("open", "second", 1)
    assert Action.objects.filter(code="review.approve").count() == 1


def test_a_form_of_an_earlier_state_is_told_who_was_faster(town: Town) -> None:
    case = town.open()
    decide(case, town.first)
    with pytest.raises(errors.AlreadyDecided) as caught:
        decide(case, make_user("colleague", Role.C1, region=town.world.county))
    assert (caught.value.who, caught.value.case.row_version) == ("first姓名", 2)
    case.refresh_from_db()
    with pytest.raises(errors.StaleVersion):
        decide(case, town.second, version=7)
    with pytest.raises(errors.StaleVersion):
        decide(case, town.second, step="first")


# --- four eyes -------------------------------------------------------------------------------------


def test_two_accounts_of_one_person_are_one_person_at_every_step(town: Town) -> None:
    maker_in_county = second_account(town.maker, Role.C1, region=town.world.county)
    case = town.open()
    with pytest.raises(errors.SamePerson, match="本人"):
        decide(case, maker_in_county)
    first_above = second_account(town.first, Role.C2, region=town.world.prefecture)
    case = decide(case, town.first)
    with pytest.raises(errors.SamePerson):
        decide(case, first_above)
    maker_above = make_user("maker-above", Role.C2, holder=town.maker.holder, region=town.world.prefecture)
    with pytest.raises(errors.SamePerson):
        decide(case, maker_above)
    assert decide(case, town.second).state == "approved"


def test_an_account_without_a_person_neither_makes_nor_decides(town: Town) -> None:
    nobody = create_user(username="nobody", password=None, actor=None)
    with pytest.raises(errors.PersonUnknown):
        town.open(maker=nobody)
    with pytest.raises(errors.PersonUnknown):
        decide(town.open(), nobody)


def test_another_role_or_place_is_not_ones_turn(town: Town) -> None:
    next_door = make_user("next-door", Role.C1, region=town.world.neighbour)
    case = town.open()
    for actor in (town.second, next_door, make_user("auditor", Role.AUD)):
        with pytest.raises(errors.NotYourTurn):
            decide(case, actor)
    assert issubclass(errors.NotYourTurn, PermissionDenied)


def test_a_closed_account_decides_nothing(town: Town) -> None:
    case = town.open()
    close_user(town.first, reason="离职", actor=None)
    with pytest.raises(errors.NotYourTurn):
        decide(case, town.first)


# --- opening ---------------------------------------------------------------------------------------


def test_one_version_is_under_review_once(town: Town) -> None:
    case = town.open(subject_id=7, version=1)
    with pytest.raises(errors.AlreadyOpen, match="另立新版本"):
        town.open(subject_id=7, version=1)
    decide(case, town.first, "return")
    again = town.open(subject_id=7, version=1)
    decide(decide(again, town.first), town.second)
    with pytest.raises(errors.AlreadyOpen):
        town.open(subject_id=7, version=1)
    assert town.open(subject_id=7, version=2).is_open
    assert queries.approved_version(Scope.all(), "thing", 7) == 1


def test_matters_about_something_without_versions_are_numbered(town: Town) -> None:
    assert [town.open(subject_id="a").version for _ in range(3)] == [1, 2, 3]


def test_a_payload_with_personal_data_is_refused(town: Town) -> None:
    with pytest.raises(PersonalDataInAction):
        town.open(payload={"rows": [{"id_number": "x"}]})
    with pytest.raises(KeyError):
        town.open(kind="test.unknown")
    assert not Case.objects.exists()


def test_a_kind_names_steps_of_the_matrix() -> None:
    with pytest.raises(KeyError):
        services.register(Procedure("x", "x", (Step("a", "no.such"),), lambda case, actor: None))
    with pytest.raises(ValueError, match="at least one step"):
        services.register(Procedure("x", "x", (), lambda case, actor: None))


# --- steps as dated rows ---------------------------------------------------------------------------


def test_changed_steps_reach_only_what_is_opened_afterwards(town: Town) -> None:
    old = town.open()
    today = timezone.localdate()
    known = procedures.procedure(KIND)
    stages.change(known, [STEPS[1]], valid_from=today, actor=None)
    new = town.open()
    assert (old.steps, new.steps) == (["first", "second"], ["second"])
    assert decide(new, town.second).state == "approved"
    assert decide(old, town.first).step == "second"
    assert [s.name for s in stages.in_force(KIND, today - dt.timedelta(days=1))] == ["first", "second"]
    with pytest.raises(ValidationError):
        stages.change(known, [], valid_from=today + dt.timedelta(days=1), actor=None)
    with pytest.raises(ValidationError, match="晚于"):
        stages.change(known, STEPS, valid_from=today, actor=None)


def test_two_reviewers_at_one_step_are_two_persons(town: Town) -> None:
    both = (STEPS[0], STEPS[0])
    with registered(town.procedure(both, "test.pair")):
        case = decide(town.open(kind="test.pair"), town.first)
        assert (case.step, case.row_version) == ("first", 2)
        with pytest.raises(errors.SamePerson):
            decide(case, town.first)
        case = decide(case, make_user("colleague", Role.C1, region=town.world.county))
        assert case.state == "approved"


# --- whose turn ------------------------------------------------------------------------------------


def test_the_queue_holds_what_one_may_decide_oldest_first(town: Town) -> None:
    first, second = town.open(), town.open()
    elsewhere = town.open(region_code=town.world.neighbour.code)
    queue = queries.waiting(actor_for(town.first))
    assert list(queue) == [first, second]
    assert list(queries.waiting(actor_for(town.second))) == []
    decide(first, town.first)
    assert list(queries.waiting(actor_for(town.first))) == [second]
    assert list(queries.waiting(actor_for(town.second))) == [first]
    assert list(queries.made(actor_for(town.maker))) == [elsewhere, second, first]
    assert list(queries.decided(actor_for(town.first))) == [first]
    also_first = second_account(town.first, Role.C2, region=town.world.prefecture)
    assert list(queries.waiting(actor_for(also_first))) == [], "took part with the other account"


def test_who_may_see_a_matter(town: Town) -> None:
    case = town.open()
    next_door = make_user("next-door", Role.C1, region=town.world.neighbour)
    colleague = make_user("colleague", Role.PP, institution=town.world.school)
    may = [town.maker, town.first, town.second, make_user("auditor", Role.AUD)]
    assert all(queries.visible(actor_for(user)).filter(pk=case.pk).exists() for user in may)
    assert not any(queries.visible(actor_for(user)).exists() for user in (next_door, colleague))


def test_who_pays_is_somebody_else(town: Town) -> None:
    case = decide(decide(town.open(version=1), town.first), town.second)
    took_part = queries.people(Scope.all(), "thing", case.subject_id, 1)
    assert took_part == {town.maker.holder_id, town.first.holder_id, town.second.holder_id}
    with pytest.raises(errors.SamePerson):
        services.require_other_person(second_account(town.second), [*took_part])
    services.require_other_person(make_user("payer"), [*took_part])


def test_withdrawing_is_no_way_to_decide(town: Town) -> None:
    with pytest.raises(ValueError, match="withdraw"):
        decide(town.open(), town.first, Outcome.WITHDRAW)
