"""Accounts and roles are given by somebody else, and leave a trace."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.accounts.demo import DEMO_PASSWORD, DemoRefused, demo_users
from registry.accounts.models import Membership, Role, User
from registry.accounts.scopes import actor_for, scope_for
from registry.accounts.services import (
    OwnRole,
    close_user,
    create_user,
    end_membership,
    grant_membership,
    sign_in_refused,
)
from registry.audit.models import Action
from registry.lib.scope import Scope
from tests.registry.places import make_user, make_world

pytestmark = pytest.mark.django_db


def codes() -> list[str]:
    return list(Action.objects.order_by("id").values_list("code", flat=True))


def test_an_account_is_made_without_any_role_and_on_record() -> None:
    admin = make_user("admin", Role.SYS)
    user = create_user(username="u", password="不容易猜的密码-7", display_name="张三", actor=admin)
    assert user.check_password("不容易猜的密码-7")
    assert scope_for(user) == Scope.none()
    action = Action.objects.get()
    assert (action.code, action.subject_id, action.actor_id) == ("accounts.create", str(user.pk), admin.pk)


def test_a_taken_user_name_is_refused_in_words() -> None:
    create_user(username="u", password=None, actor=None)
    with pytest.raises(ValidationError, match="已有同名账号"):
        create_user(username="u", password=None, actor=None)


def test_a_role_is_granted_from_a_day_to_a_day() -> None:
    world = make_world()
    user, security = make_user("u"), make_user("security", Role.SEC)
    until = timezone.localdate() + dt.timedelta(days=30)
    grant_membership(user=user, role=Role.C1, region=world.county, valid_to=until, actor=security)
    assert scope_for(user) == Scope.region("653222")
    after = Action.objects.get().after
    assert after is not None
    assert (after["role"], after["region"], after["valid_to"]) == ("C1", "653222", until.isoformat())


def test_a_place_that_does_not_fit_the_role_is_refused_in_words() -> None:
    world = make_world()
    with pytest.raises(ValidationError, match="机构类角色须指定机构"):
        grant_membership(user=make_user("u"), role=Role.PC, region=world.county, actor=None)


def test_nobody_grants_or_ends_their_own_role() -> None:
    user = make_user("u", Role.SEC)
    with pytest.raises(OwnRole, match="不能为自己办理"):
        grant_membership(user=user, role=Role.AUD, actor=user)
    with pytest.raises(OwnRole):
        end_membership(user.memberships.get(), reason="x", actor=user)


def test_two_accounts_of_one_person_are_one_person() -> None:
    index = b"\x07" * 32
    one = create_user(username="one", password=None, person_index=index, actor=None)
    two = create_user(username="two", password=None, person_index=index, actor=None)
    with pytest.raises(OwnRole):
        grant_membership(user=two, role=Role.AUD, actor=one)


def test_a_role_ends_now_or_on_a_day() -> None:
    user, security = make_user("u", Role.AUD), make_user("security", Role.SEC)
    end_membership(user.memberships.get(), reason="调离", actor=security)
    assert scope_for(user) == Scope.none()
    assert user.memberships.get().valid_to == timezone.localdate() - dt.timedelta(days=1)
    fresh = grant_membership(user=user, role=Role.AUD, actor=security)
    end_membership(fresh, reason="误授", actor=security)
    assert user.memberships.count() == 1
    assert codes() == ["accounts.end_role", "accounts.grant", "accounts.end_role"]


def test_closing_twice_is_closing_once() -> None:
    user = make_user("u", Role.AUD)
    close_user(user, reason="离职", actor=None)
    close_user(user, reason="离职", actor=None)
    assert scope_for(User.objects.get(pk=user.pk)) == Scope.none()
    assert codes() == ["accounts.close"]


def test_what_was_typed_at_the_door_is_not_kept() -> None:
    user = make_user("u")
    sign_in_refused("u")
    sign_in_refused("my-password")
    assert [(a.code, a.subject_id) for a in Action.objects.all()] == [
        ("accounts.sign_in_refused", str(user.pk))
    ]


# --- demo accounts ---------------------------------------------------------------------------------


def test_demo_accounts_cover_every_role_and_twice_changes_nothing() -> None:
    world = make_world()
    places = (world.school, world.county, world.prefecture, world.province)
    listed = demo_users(*places)
    assert {line.role for line in listed} == {role.value for role in Role} - {"PUB"}
    before = (User.objects.count(), Membership.objects.count(), Action.objects.count())
    assert [line.username for line in demo_users(*places)] == [line.username for line in listed]
    assert (User.objects.count(), Membership.objects.count(), Action.objects.count()) == before
    for line in listed:
        assert actor_for(line.user).role == line.role
    assert listed[0].user.check_password(DEMO_PASSWORD)
    assert not User.objects.filter(is_superuser=True).exists()


def test_production_has_no_demo_accounts(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    world = make_world()
    with pytest.raises(DemoRefused):
        demo_users(world.school, world.county, world.prefecture, world.province)
    assert not User.objects.exists()
