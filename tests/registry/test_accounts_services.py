"""Accounts and roles are given by somebody else, and leave a trace."""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from registry.accounts.demo import DEMO_PASSWORD, DemoRefused, demo_id_number, demo_users
from registry.accounts.holders import HolderFixed, bind
from registry.accounts.models import Holder, Membership, Role, User
from registry.accounts.queries import accounts_of_one_person
from registry.accounts.scopes import actor_for, scope_for
from registry.accounts.services import (
    NoHolder,
    NotTogether,
    OwnRole,
    close_user,
    create_user,
    end_membership,
    grant_membership,
    sign_in_refused,
)
from registry.audit.models import Action
from registry.identity import keyring as keys
from registry.lib.scope import Scope
from tests.registry.places import make_holder, make_user, make_world

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
SOON = TODAY + dt.timedelta(days=30)


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
        grant_membership(user=make_user("u"), role=Role.PC, region=world.county, valid_to=SOON, actor=None)


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


def test_a_person_is_found_by_number_and_made_once() -> None:
    number = demo_id_number(0)
    one = create_user(username="one", password=None, id_number=number, actor=None)
    two = create_user(username="two", password=None, id_number=f" {number[:6]} {number[6:]}", actor=None)
    other = create_user(username="other", password=None, id_number=demo_id_number(1), actor=None)
    assert one.holder == two.holder != other.holder
    assert set(accounts_of_one_person(one)) == {one, two}
    with pytest.raises(ValidationError, match="校验码"):
        create_user(username="x", password=None, id_number=number[:17] + "0", actor=None)


def test_a_person_is_found_under_every_version_of_the_index_key(settings: Any, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    keys.new_key_file(old)
    content = json.loads(old.read_text())
    content["index"] = {"active": "2", "keys": {**content["index"]["keys"], "2": keys._fresh()}}
    both = tmp_path / "both.json"
    both.write_text(json.dumps(content))
    settings.KEYRING_FILE = old
    one = create_user(username="one", password=None, id_number=demo_id_number(0), actor=None)
    settings.KEYRING_FILE = both
    two = create_user(username="two", password=None, id_number=demo_id_number(0), actor=None)
    assert one.holder == two.holder


def test_an_account_stays_with_its_person() -> None:
    user = make_user("u")
    with pytest.raises(HolderFixed, match="另建账号"):
        bind(user, id_number=demo_id_number(0), actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(holder=make_holder("somebody else"))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_holder")


def test_an_account_without_a_person_gets_one_on_record() -> None:
    user = create_user(username="u", password=None, actor=None)
    assert user.holder is None
    bind(user, id_number=demo_id_number(0), actor=None)
    bind(user, id_number=demo_id_number(0), actor=None)
    assert User.objects.get(pk=user.pk).holder is not None
    assert codes() == ["accounts.create", "accounts.bind"]


@pytest.mark.django_db(transaction=True)
def test_sixteen_who_make_accounts_of_one_person_at_once_make_one_person() -> None:
    def make(n: int) -> None:
        try:
            create_user(username=f"u{n}", password=None, id_number=demo_id_number(0), actor=None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(make, range(16)))
    assert (User.objects.count(), Holder.objects.count()) == (16, 1)


def test_a_role_ends_now_or_on_a_day() -> None:
    user, security = make_user("u", Role.AUD), make_user("security", Role.SEC)
    end_membership(user.memberships.get(), reason="调离", actor=security)
    assert scope_for(user) == Scope.none()
    assert user.memberships.get().valid_to == timezone.localdate() - dt.timedelta(days=1)
    fresh = grant_membership(user=user, role=Role.AUD, valid_to=SOON, actor=security)
    end_membership(fresh, reason="误授", actor=security)
    assert user.memberships.count() == 1
    assert codes() == ["accounts.end_role", "accounts.grant", "accounts.end_role"]


def test_a_role_of_staff_ends_within_a_year_and_a_trainee_stays_one() -> None:
    user = make_user("u")
    for until, words in ((None, "请写明截止日期"), (TODAY + dt.timedelta(days=400), "任职最长 366 天")):
        with pytest.raises(ValidationError, match=words):
            grant_membership(user=user, role=Role.AUD, valid_to=until, actor=None)
    longest = TODAY + dt.timedelta(days=365)
    assert grant_membership(user=user, role=Role.AUD, valid_to=longest, actor=None).valid_to == longest
    assert grant_membership(user=make_user("t"), role=Role.TRN, actor=None).valid_to is None


def test_a_role_of_staff_needs_a_natural_person() -> None:
    nobody = User.objects.create(username="nobody")
    with pytest.raises(NoHolder, match="还没有登记自然人"):
        grant_membership(user=nobody, role=Role.AUD, valid_to=SOON, actor=None)
    with pytest.raises(IntegrityError, match="natural person"), transaction.atomic():
        Membership.objects.create(user=nobody, role=Role.AUD, valid_from=TODAY, valid_to=SOON)
    with pytest.raises(IntegrityError, match="ends on a day"), transaction.atomic():
        Membership.objects.create(user=make_user("u"), role=Role.AUD, valid_from=TODAY)


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("SYS", "SEC", False),
        ("SEC", "AAD", False),
        ("AAD", "SYS", False),
        ("SYS", "PC", False),
        ("RG", "SEC", False),
        ("AAD", "AUD", False),
        ("SYS", "SYS", True),
        ("SYS", "TRN", True),
        ("C1", "FM", True),
    ],
)
def test_administrators_are_three_people_without_business(first: str, second: str, together: bool) -> None:
    world = make_world()
    places = {"PC": {"institution": world.school}, "RG": {"region": world.province}}
    places |= {"C1": {"region": world.county}, "FM": {"region": world.county}}
    one = make_user("one", Role(first), **places.get(first, {}))
    two = make_user("two", holder=one.holder)
    terms = {"role": Role(second), "valid_to": SOON, **places.get(second, {})}
    if together:
        grant_membership(user=two, actor=None, **terms)
        return
    with pytest.raises(NotTogether, match="三员须由三人分别担任"):
        grant_membership(user=two, actor=None, **terms)
    with pytest.raises(IntegrityError, match="no second role"), transaction.atomic():
        Membership.objects.create(user=two, valid_from=TODAY, **terms)
    role = one.memberships.get()
    end_membership(role, reason="调岗", actor=None)
    grant_membership(user=two, actor=None, **terms)


def test_two_accounts_that_turn_out_to_be_one_person_keep_the_rule() -> None:
    system, other = make_user("system", Role.SYS), User.objects.create(username="other")
    old = make_user("old", Role.SEC).holder
    with pytest.raises(IntegrityError, match="natural person"), transaction.atomic():
        Membership.objects.create(user=other, role=Role.SEC, valid_from=TODAY, valid_to=SOON)
    with connection.cursor() as cursor:  # as it may stand from before the rule
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE accounts_membership DISABLE TRIGGER accounts_membership_apart")
        Membership.objects.create(user=other, role=Role.SEC, valid_from=TODAY, valid_to=SOON)
        cursor.execute("ALTER TABLE accounts_membership ENABLE ALWAYS TRIGGER accounts_membership_apart")
    with pytest.raises(IntegrityError, match="no second role"), transaction.atomic():
        User.objects.filter(pk=other.pk).update(holder=system.holder)
    User.objects.filter(pk=other.pk).update(holder=old)


def test_what_was_given_only_ends_earlier() -> None:
    given = make_user("u", Role.AUD).memberships.get()
    kept = Membership.objects.filter(pk=given.pk)
    later = given.valid_to + dt.timedelta(days=1)  # type: ignore[operator]
    changes = ({"valid_to": later}, {"valid_to": None}, {"role": "SEC"}, {"valid_from": TODAY})
    for change in (*changes, {"user": make_user("v")}, {"granted_by": make_user("w")}):
        with pytest.raises(IntegrityError, match="stays as it was given"), transaction.atomic():
            kept.update(**change)
    assert kept.update(valid_to=SOON) == 1


@pytest.mark.django_db(transaction=True)
def test_of_grants_at_once_that_exclude_each_other_one_is_made() -> None:
    holder = make_holder("one person")
    accounts = [make_user(f"u{n}", holder=holder) for n in range(12)]
    roles = (Role.SYS, Role.SEC, Role.AAD)

    def grant(n: int) -> bool:
        try:
            Membership.objects.create(user=accounts[n], role=roles[n % 3], valid_from=TODAY, valid_to=SOON)
        except IntegrityError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(12) as pool:
        made = sum(pool.map(grant, range(12)))
    assert made == Membership.objects.count() >= 1
    assert len(set(Membership.objects.values_list("role", flat=True))) == 1


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
    assert [(a.code, a.subject_id) for a in Action.objects.order_by("id")] == [
        ("accounts.sign_in_refused", str(user.pk)),
        ("accounts.sign_in_refused", ""),
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
    assert len({line.user.holder_id for line in listed} - {None}) == len(listed)
    assert listed[0].user.check_password(DEMO_PASSWORD)
    assert not User.objects.filter(is_superuser=True).exists()


def test_production_has_no_demo_accounts(settings: object) -> None:
    settings.PRODUCTION = True  # type: ignore[attr-defined]
    world = make_world()
    with pytest.raises(DemoRefused):
        demo_users(world.school, world.county, world.prefecture, world.province)
    assert not User.objects.exists()
