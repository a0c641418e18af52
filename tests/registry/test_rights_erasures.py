"""Asking to be erased: restricted while a period runs, otherwise two persons; and what the command brings about."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from registry.accounts.models import Holder, Role, User
from registry.accounts.scopes import scope_for
from registry.audit.models import Action
from registry.config import roles
from registry.lib.scope import Scope
from registry.people import queries
from registry.people.models import Document, Person
from registry.review import services as review
from registry.review.errors import SamePerson as SameInReview
from registry.review.models import Case
from registry.rights import applying, corrections, defaults, erasures
from registry.rights.corrections import SamePerson
from registry.rights.models import Correction, Erasure, RetentionRule
from tests import town
from tests.registry import rights_world
from tests.registry.places import make_user
from tests.registry.rights_world import RightsWorld
from training.enrolments.models import Enrolment

pytestmark = pytest.mark.django_db

LONG_AGO = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def world() -> RightsWorld:
    made = rights_world.build()
    defaults.load()
    return made


@pytest.fixture
def supervisors() -> tuple[User, User]:
    return (
        make_user("first-rg", Role.RG, region_id=town.PROVINCE),
        make_user("second-rg", Role.RG, region_id=town.PROVINCE),
    )


def forgotten_by_all(person: Person) -> Person:
    """Nothing about the person must be kept any more."""
    Enrolment.objects.filter(person=person).delete()
    Person.objects.filter(pk=person.pk).update(created_at=LONG_AGO, region_code=town.CITY)
    person.refresh_from_db()
    return person


def agree(case: Erasure, first: User, second: User) -> None:
    erasures.propose(case.pk, actor=first, scope=scope_for(first))
    opened = Case.objects.get()
    review.decide(
        case_id=opened.pk, step=opened.step, outcome="approve", actor=second, version=opened.row_version
    )


def test_while_a_period_runs_the_record_is_only_kept(world: RightsWorld) -> None:
    person, desk = world.person, scope_for(world.county)
    case = erasures.ask(person, actor=world.trainee)
    assert case.state == Erasure.State.RESTRICTED and case.kept_until == dt.date(2031, 3, 20)
    assert queries.person(desk, person.pk) is None
    assert (
        not queries.search(desk, person.name).exists()
        and not queries.search(desk, town.person(1).id_number).exists()
    )
    for scope in (Scope.own(person.pk), Scope.all()):
        assert queries.person(scope, person.pk) == person
    listed = world.client(world.county).get("/enrolments/").content.decode()
    assert person.name not in listed and "（已限制处理）" in listed
    assert person.name in world.client(world.trainee).get("/people/me/").content.decode()


def test_asking_twice_is_refused_and_taking_back_makes_the_record_usable(world: RightsWorld) -> None:
    case = erasures.ask(world.person, actor=world.trainee)
    with pytest.raises(erasures.AlreadyAsked):
        erasures.ask(world.person, actor=world.trainee)
    erasures.take_back(case.pk, actor=world.trainee, scope=scope_for(world.trainee))
    assert queries.person(scope_for(world.county), world.person.pk) == world.person
    assert erasures.ask(world.person, actor=world.trainee).pk != case.pk


def test_two_persons_agree_and_then_the_command_erases(
    world: RightsWorld, supervisors: tuple[User, User]
) -> None:
    person = forgotten_by_all(world.person)
    case = erasures.ask(person, actor=world.trainee)
    assert case.state == Erasure.State.WAITING
    applying.apply()
    person.refresh_from_db()
    assert person.state == Person.State.ACTIVE, "nobody agreed yet"
    agree(case, *supervisors)
    assert applying.apply().erased == 1
    person.refresh_from_db()
    case.refresh_from_db()
    assert (person.state, case.state) == (Person.State.ERASED, Erasure.State.ERASED)
    assert applying.apply().erased == 0


def test_one_person_alone_never_suffices(world: RightsWorld, supervisors: tuple[User, User]) -> None:
    case = erasures.ask(forgotten_by_all(world.person), actor=world.trainee)
    twin = make_user("twin", Role.RG, holder=supervisors[0].holder, region_id=town.PROVINCE)
    for second in (supervisors[0], twin):
        with pytest.raises(SameInReview):
            if not Case.objects.exists():
                erasures.propose(case.pk, actor=supervisors[0], scope=scope_for(supervisors[0]))
            opened = Case.objects.get()
            review.decide(case_id=opened.pk, step=opened.step, outcome="approve", actor=second, version=1)
    assert applying.apply().erased == 0


def test_the_person_in_question_is_neither_of_the_two(
    world: RightsWorld, supervisors: tuple[User, User]
) -> None:
    person = forgotten_by_all(world.person)
    holder = Holder.objects.create(person_index=Document.objects.get(person=person).blind_index)
    myself = make_user("myself", Role.RG, holder=holder, region_id=town.PROVINCE)
    case = erasures.ask(person, actor=world.trainee)
    with pytest.raises(SamePerson):
        erasures.propose(case.pk, actor=myself, scope=scope_for(myself))
    with pytest.raises(SamePerson):
        agree(case, supervisors[0], myself)
    assert applying.apply().erased == 0


def test_a_refusal_says_why_and_lifts_the_restriction(
    world: RightsWorld, supervisors: tuple[User, User]
) -> None:
    case = erasures.ask(forgotten_by_all(world.person), actor=world.trainee)
    erasures.propose(case.pk, actor=supervisors[0], scope=scope_for(supervisors[0]))
    opened = Case.objects.get()
    review.decide(
        case_id=opened.pk,
        step=opened.step,
        outcome="refuse",
        actor=supervisors[1],
        version=1,
        reason="尚有追回款项",
    )
    case.refresh_from_db()
    world.person.refresh_from_db()
    assert (case.state, case.answer) == (Erasure.State.REFUSED, "尚有追回款项")
    assert world.person.restricted_at is None


def test_a_held_record_is_not_put_up_and_not_erased(
    world: RightsWorld, supervisors: tuple[User, User]
) -> None:
    person = forgotten_by_all(world.person)
    case = erasures.ask(person, actor=world.trainee)
    agree(case, *supervisors)
    hold = erasures.place_hold(person, reason="审计〔2026〕1号", actor=supervisors[0])
    done = applying.apply()
    assert (done.erased, done.left) == (0, {"held": 1})
    erasures.lift_hold(hold.pk, actor=supervisors[1])
    assert applying.apply().erased == 1


def test_a_restricted_record_whose_time_is_over_waits_for_two_persons(world: RightsWorld) -> None:
    case = erasures.ask(world.person, actor=world.trainee)
    later = dt.date(2031, 3, 21)
    assert applying.apply(today=later).asked == 1
    case.refresh_from_db()
    assert case.state == Erasure.State.WAITING


def test_what_nobody_confirmed_restricts_and_what_is_confirmed_erases(world: RightsWorld) -> None:
    other = rights_world.make_person(2, world.town)
    person = forgotten_by_all(world.person)
    assert applying.apply(dry_run=True).restricted == 1
    person.refresh_from_db()
    assert person.restricted_at is None, "a dry run does nothing"
    done = applying.apply()
    assert (done.restricted, done.erased) == (1, 0)
    RetentionRule.objects.filter(code="person").update(confirmed=True)
    assert applying.apply(dry_run=True).erased == 1
    assert applying.apply().erased == 1
    assert Erasure.objects.get(person=person).basis == Erasure.Basis.RETENTION
    other.refresh_from_db()
    assert other.state == Person.State.ACTIVE and other.restricted_at is None


def test_many_are_done_in_several_transactions(world: RightsWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.rights.erasing.CHUNK_PEOPLE", 2)
    monkeypatch.setattr("registry.rights.applying.SCANNED", 3)
    people = [forgotten_by_all(rights_world.make_person(n, world.town)) for n in range(10, 15)]
    RetentionRule.objects.filter(code="person").update(confirmed=True)
    assert applying.apply().erased == 5
    assert Person.objects.filter(pk__in=[p.pk for p in people], state="erased").count() == 5
    assert sorted(Action.objects.filter(code="rights.erase").values_list("n", flat=True)) == [1, 2, 2]


def test_what_old_cases_say_is_destroyed(world: RightsWorld) -> None:
    case = corrections.ask(world.person, fact="name", proposed="李更正", why="-", actor=world.trainee)
    corrections.answer(case.pk, approve=False, text="否", actor=world.county, scope=scope_for(world.county))
    assert applying.apply().cases_emptied == 0
    Correction.objects.update(answered_at=timezone.now() - dt.timedelta(days=3 * 366 + 2))
    assert applying.apply().cases_emptied == 1
    case.refresh_from_db()
    assert (case.said, case.answer, case.state) == (None, None, "refused")


def test_the_command_says_what_it_did(world: RightsWorld) -> None:
    forgotten_by_all(world.person)
    out = io.StringIO()
    call_command("retention", "apply", "--dry-run", "--json", stdout=out)
    assert json.loads(out.getvalue())["restricted"] == 1


def test_only_the_process_for_it_may_erase_in_the_database(
    world: RightsWorld, supervisors: tuple[User, User]
) -> None:
    agree(erasures.ask(forgotten_by_all(world.person), actor=world.trainee), *supervisors)
    roles.apply(ddl_events=False)
    for role, erased in (("jiangce_app", 0), ("jiangce_worker", 0), ("jiangce_retention", 1)):
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {role}")
        try:
            assert (applying.may_erase(), applying.apply().erased) == (bool(erased), erased), role
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
