"""Each role sees its own part of the register, and who has no valid role sees nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from registry.accounts import queries
from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, UNPLACED_ROLES, Membership, Role, User
from registry.accounts.scopes import PRIORITY, account, actor_for, choose, scope_for, within
from registry.audit.services import record
from registry.institutions.models import Institution
from registry.lib.scope import Actor, Scope
from registry.people.models import Person
from registry.regions.models import Region
from tests.registry.places import SINCE, UNTIL, World, make_user, make_world
from tests.signing import sign_in

TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


# --- the box ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "own"},
        {"kind": "all", "region_code": "65"},
        {"kind": "none", "person_id": UUID(int=1)},
        {"kind": "institution", "institution_id": 1, "region_code": "65"},
    ],
)
def test_a_scope_whose_fields_do_not_fit_its_kind_cannot_be_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Scope(**wrong)  # type: ignore[arg-type]


def test_a_region_scope_without_a_code_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="needs a code"):
        Scope.region("")


def test_every_role_has_one_kind_of_place_and_one_rank() -> None:
    placed = [*INSTITUTION_ROLES, *REGION_ROLES, *UNPLACED_ROLES]
    assert sorted(placed) == sorted(set(Role) - {Role.PUB})
    assert sorted(PRIORITY) == sorted(placed)


# --- what each role sees ---------------------------------------------------------------------------


@pytest.mark.parametrize("role", INSTITUTION_ROLES)
def test_staff_of_an_institution_see_the_institution(world: World, role: Role) -> None:
    user = make_user("u", role, institution=world.school)
    assesses = role in (Role.EB, Role.ES)
    assert scope_for(user) == Scope.institution(world.school.pk, assesses=assesses)
    assert actor_for(user).place_name == world.school.name


@pytest.mark.parametrize("role", REGION_ROLES)
def test_staff_of_a_region_see_the_region(world: World, role: Role) -> None:
    user = make_user("u", role, region=world.prefecture)
    assert scope_for(user) == Scope.region("653200")


@pytest.mark.parametrize(
    ("role", "scope"),
    [(Role.AUD, Scope.all()), (Role.SYS, Scope.none()), (Role.SEC, Scope.none()), (Role.AAD, Scope.none())],
)
def test_auditors_see_all_and_administrators_no_business(db: None, role: Role, scope: Scope) -> None:
    assert scope_for(make_user("u", role)) == scope


def test_a_trainee_sees_the_person_they_are(db: None) -> None:
    user = make_user("u", Role.TRN)
    assert scope_for(user) == Scope.none()
    person = Person.objects.create(name="张三", name_key="张三", user=user)
    user.refresh_from_db()
    assert scope_for(user) == Scope.own(person.pk)


def test_a_trainee_whose_record_was_merged_sees_the_one_that_stayed(db: None) -> None:
    stayed = Person.objects.create(name="张三", name_key="张三")
    user = make_user("u", Role.TRN)
    Person.objects.create(name="张三", name_key="张三", user=user, state="merged", merged_into=stayed)
    assert scope_for(user) == Scope.own(stayed.pk)


def test_nobody_and_the_superuser_without_a_role_see_nothing(db: None) -> None:
    superuser = User.objects.create(username="root", is_superuser=True, is_staff=True)
    assert scope_for(superuser) == Scope.none()
    assert actor_for(AnonymousUser()) == Actor()


def test_a_closed_account_sees_nothing(db: None) -> None:
    user = make_user("u", Role.AUD)
    user.is_active = False
    assert actor_for(user) == Actor()


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "counts"),
    [
        (TODAY, UNTIL, True),
        (TODAY, TODAY, True),
        (TODAY - DAY, TODAY - DAY, False),
        (TODAY + DAY, UNTIL, False),
    ],
)
def test_a_membership_counts_from_its_first_to_its_last_day(
    db: None, valid_from: dt.date, valid_to: dt.date | None, counts: bool
) -> None:
    user = make_user("u")
    Membership.objects.create(user=user, role=Role.AUD, valid_from=valid_from, valid_to=valid_to)
    assert (scope_for(user) == Scope.all()) is counts


def test_an_account_comes_with_its_capacities(world: World, django_assert_num_queries: Any) -> None:
    user = make_user("u", Role.RG, region=world.province)
    Membership.objects.create(
        user=user, role=Role.PC, institution=world.school, valid_from=SINCE, valid_to=UNTIL
    )
    Membership.objects.create(user=user, role=Role.AUD, valid_from=SINCE, valid_to=TODAY - DAY)
    with django_assert_num_queries(1):
        found = account(user.pk)
        assert found is not None
        actor = actor_for(found)
    assert found == user and found.username == "u" and found.created_at == user.created_at
    assert (actor.role, actor.place_name) == (Role.PC, world.school.name)
    assert actor == actor_for(user)
    assert account(user.pk + 1) is None


def test_an_account_without_any_role_is_found(db: None) -> None:
    found = account(User.objects.create(username="u").pk)
    assert found is not None and actor_for(found) == Actor(user_id=found.pk, name="u")


def test_with_several_roles_the_narrower_work_goes_first(world: World) -> None:
    user = make_user("u", Role.RG, region=world.province)
    Membership.objects.create(user=user, role=Role.C1, region=world.county, valid_from=SINCE, valid_to=UNTIL)
    assert actor_for(user).role == Role.C1
    assert scope_for(user) == Scope.region("653222")


def test_the_session_chooses_among_the_roles_in_force(world: World, client: Client) -> None:
    user = make_user("u", Role.PC, institution=world.school)
    wider = Membership.objects.create(
        user=user, role=Role.C1, region=world.county, valid_from=SINCE, valid_to=UNTIL
    )
    over = Membership.objects.create(user=user, role=Role.AUD, valid_from=SINCE, valid_to=TODAY - DAY)
    foreign = make_user("v", Role.AUD).memberships.get()

    def acting(chosen: int | None) -> Actor:
        sign_in(client, user)
        session = client.session
        session["membership"] = chosen
        session.save()
        found: Actor = client.get("/").wsgi_request.actor  # type: ignore[attr-defined]
        return found

    assert acting(None).role == Role.PC
    chosen = acting(wider.pk)
    assert (chosen.role, chosen.membership_id, chosen.scope) == (Role.C1, wider.pk, Scope.region("653222"))
    assert chosen.confirmed_at > 0
    assert {acting(pk).role for pk in (over.pk, foreign.pk)} == {Role.PC}


def test_whoever_is_handed_the_account_asks_in_the_chosen_capacity(world: World) -> None:
    user = make_user("u", Role.PC, institution=world.school)
    wider = Membership.objects.create(
        user=user, role=Role.C1, region=world.county, valid_from=SINCE, valid_to=UNTIL
    )
    choose(user, wider.pk)
    assert scope_for(user) == Scope.region("653222")
    choose(user, None)
    assert scope_for(user) == Scope.institution(world.school.pk)


@pytest.mark.parametrize(
    ("role", "place"), [(Role.PC, "region"), (Role.C1, "institution"), (Role.C1, ""), (Role.AUD, "region")]
)
def test_the_table_refuses_a_place_that_does_not_fit_the_role(world: World, role: Role, place: str) -> None:
    given = {"region": {"region": world.county}, "institution": {"institution": world.school}, "": {}}[place]
    user = make_user("u")
    with pytest.raises(IntegrityError, match="membership_place_fits_role"), transaction.atomic():
        Membership.objects.create(user=user, role=role, valid_from=SINCE, valid_to=UNTIL, **given)


# --- the filter ------------------------------------------------------------------------------------


def schools(scope: Scope) -> set[str]:
    seen = within(scope, region_field="region_id", institution_field="id")
    return {name[:2] for name in Institution.objects.filter(seen).values_list("name", flat=True)}


def test_the_filter_keeps_each_scope_to_its_part(world: World) -> None:
    assert schools(Scope.all()) == {"墨玉", "皮山"}
    assert schools(Scope.region("650000")) == {"墨玉", "皮山"}
    assert schools(Scope.region("653222")) == {"墨玉"}
    assert schools(Scope.region("620000")) == set()
    assert schools(Scope.region("65")) == set()
    assert schools(Scope.institution(world.school_next_door.pk)) == {"皮山"}
    assert schools(Scope.none()) == set()
    assert schools(Scope.own(uuid4())) == set()


def test_a_field_that_is_left_out_means_nothing_is_seen(world: World) -> None:
    assert not Region.objects.filter(within(Scope.region("650000"))).exists()
    assert not Institution.objects.filter(
        within(Scope.institution(world.school.pk), region_field="region")
    ).exists()


def test_an_own_scope_finds_the_person(db: None) -> None:
    me = Person.objects.create(name="张三", name_key="张三")
    Person.objects.create(name="李四", name_key="李四")
    assert list(Person.objects.filter(within(Scope.own(me.pk), person_field="id"))) == [me]


def test_a_unit_whose_code_looks_foreign_is_still_below_its_parent(world: World) -> None:
    """Scopes follow the tree of government, not the digits of codes."""
    from registry.regions.services import rebuild_closure

    odd = Region.objects.create(
        code="659012", name="兵团所属", full_name="x", level=3, parent=world.prefecture
    )
    rebuild_closure()
    Institution.objects.create(name="兵团职业培训学校", region=odd)
    assert schools(Scope.region("653200")) == {"墨玉", "皮山", "兵团"}


# --- lists -----------------------------------------------------------------------------------------


def test_the_record_is_seen_by_the_capacity_of_who_acted(world: World) -> None:
    from registry.accounts.acting import acting_user

    clerk = make_user("clerk", Role.PC, institution=world.school)
    reviewer = make_user("reviewer", Role.C1, region=world.county)
    me = uuid4()
    with acting_user(clerk):
        by_clerk = record(code="test.act", actor=clerk, subject_type="thing", person_id=me)
    with acting_user(reviewer):
        by_reviewer = record(code="test.act", actor=reviewer, subject_type="thing")
    assert list(queries.actions(Scope.all())) == [by_reviewer, by_clerk]
    assert list(queries.actions(Scope.institution(world.school.pk))) == [by_clerk]
    assert list(queries.actions(Scope.region("653200"))) == [by_reviewer]
    assert list(queries.actions(Scope.own(me))) == [by_clerk]
    assert not queries.actions(Scope.none()).exists()


def test_accounts_are_listed_within_the_scope(world: World) -> None:
    make_user("clerk", Role.PC, institution=world.school)
    make_user("reviewer", Role.C1, region=world.county)
    make_user("elsewhere", Role.C1, region=world.elsewhere)
    assert [user.username for user in queries.users(Scope.region("653200"))] == ["reviewer"]
    assert [user.username for user in queries.users(Scope.institution(world.school.pk))] == ["clerk"]
    assert queries.users(Scope.all()).count() == 3
    assert not queries.users(Scope.none()).exists()
