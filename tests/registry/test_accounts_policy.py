"""The role decides what may be done, and a refusal says why."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from registry.accounts.backends import back_office
from registry.accounts.models import Role, User
from registry.accounts.policy import (
    PERMISSIONS,
    Grant,
    NeedsConfirmation,
    Refused,
    can,
    masked,
    require,
    requires,
    scope_of,
)
from registry.lib.scope import Actor, Scope
from tests.registry.places import make_user

STEP_UP = settings.STEP_UP_SECONDS


def actor(role: str) -> Actor:
    return Actor(user_id=1, role=role, role_name=str(Role(role).label) if role else "")


def test_each_action_has_words_and_known_roles() -> None:
    for name, permission in PERMISSIONS.items():
        assert str(permission.label), name
        assert permission.roles <= set(Role.values), name


@pytest.mark.parametrize("cell", ["x", "", "r!", "rr", "≠r"])
def test_a_cell_is_a_letter_and_known_marks(cell: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        Grant.read(cell)


@pytest.mark.parametrize(
    ("action", "may", "may_not"),
    [
        ("intake.upload", "PC PP EB ES C1 C2 RG", "TRN FM FP AUD SYS SEC AAD"),
        ("enrolment.load", "PC PP C1 C2 RG", "TRN EB ES FM FP AUD SYS SEC AAD"),
        ("score.enter", "EB ES", "TRN PC PP C1 C2 RG AUD"),
        ("person.match", "C1 C2 RG", "PC PP TRN AUD"),
        ("audit.verify", "AUD AAD", "RG SYS SEC PC"),
        ("role.grant", "SEC", "SYS AAD C1 AUD"),
        ("person.read", "PC C1 AUD TRN", "SYS SEC AAD PUB"),
    ],
)
def test_who_may_what(action: str, may: str, may_not: str) -> None:
    assert all(can(actor(role), action) for role in may.split())
    assert not any(can(actor(role), action) for role in may_not.split())


def test_administrators_read_no_business() -> None:
    allowed = {
        *("home.read", "session.manage", "certificate.verify", "audit.read", "audit.verify", "user.create"),
        *("role.grant", "apikey.revoke", "key.rotate", "notary.rebase", "system.config", "reference.edit"),
        *("review.read", "review.decide", "review.withdraw", "review.ask", "audit.browse", "audit.alerts"),
        *("certificate.keys", "certificate.key_compromise", "certificate.terms", "layout.edit"),
        *(
            "backoffice.enter",
            "user.read",
            "user.close",
            "user.reset",
            "user.reset_factor",
            "role.end",
            "role.agree",
            "role.switch",
        ),
    }
    for role in (Role.SYS, Role.SEC, Role.AAD):
        assert {name for name in PERMISSIONS if can(actor(role), name)} <= allowed


public = {name for name, line in PERMISSIONS.items() if Role.PUB in line.grants}


def test_nobody_may_more_than_the_public() -> None:
    assert public == {"certificate.verify"}
    for nobody in (Actor(), AnonymousUser(), Actor(user_id=1)):
        assert {name for name in PERMISSIONS if can(nobody, name)} == public


@pytest.mark.django_db
def test_a_superuser_without_a_role_does_no_business() -> None:
    superuser = User.objects.create(username="root", is_superuser=True)
    assert {name for name in PERMISSIONS if can(superuser, name)} == public


@pytest.mark.parametrize(
    ("age", "passes"), [(0, True), (STEP_UP - 5, True), (STEP_UP + 5, False), (-60, False), (None, False)]
)
def test_staff_confirm_anew_what_the_matrix_marks(age: float | None, passes: bool) -> None:
    at = 0.0 if age is None else time.time() - age
    payer = replace(actor("FP"), confirmed_at=at)
    if passes:
        require(payer, "pay.release")
    else:
        with pytest.raises(NeedsConfirmation, match="拨付前须再次确认身份") as refusal:
            require(payer, "pay.release")
        assert refusal.value.action == "pay.release"
    require(payer, "payment.read")
    assert can(payer, "pay.release"), "a menu offers it either way"


def test_who_may_not_is_refused_before_a_proof_is_asked_for() -> None:
    with pytest.raises(Refused) as refusal:
        require(actor("PC"), "pay.release")
    assert not isinstance(refusal.value, NeedsConfirmation)


def test_a_code_to_a_phone_is_not_enough_for_a_trainee() -> None:
    trainee = replace(actor("TRN"), confirmed_at=time.time(), assurance=1)
    with pytest.raises(NeedsConfirmation):
        require(trainee, "claim.confirm")
    require(replace(trainee, assurance=2, confirmed_at=0.0), "claim.confirm")


def test_reach_is_what_the_cell_grants() -> None:
    person, school, county = Scope.own(UUID(int=1)), Scope.institution(3), Scope.region("653222")
    placed = {
        "TRN": person,
        "PC": school,
        "C1": county,
        "AUD": Scope.all(),
        "SYS": Scope.none(),
        "": Scope.none(),
    }

    def reach(role: str, action: str) -> Scope:
        return scope_of(replace(actor(role), scope=placed[role]), action)

    assert reach("TRN", "person.read") == person
    assert reach("TRN", "home.read") == Scope.all()
    assert reach("TRN", "stats.read") == Scope.none()
    assert reach("PC", "person.read") == school
    assert reach("C1", "person.read") == county
    assert reach("C1", "pay.batch_make") == Scope.none()
    assert reach("AUD", "person.read") == Scope.all()
    assert reach("SYS", "person.read") == Scope.none()
    assert reach("SYS", "user.create") == Scope.all()
    assert reach("", "certificate.verify") == Scope.all()
    assert reach("", "stats.read") == Scope.none()
    assert scope_of(replace(actor("PC"), scope=county), "person.read") == Scope.none(), (
        "a role without its place"
    )


def test_masked_where_the_cell_says_so_or_nothing_is_granted() -> None:
    assert masked(actor("PC"), "person.read") and masked(actor("SYS"), "person.read")
    assert not masked(actor("TRN"), "person.read")


def test_an_unknown_action_fails_where_it_is_written() -> None:
    with pytest.raises(KeyError, match="no such action"):
        requires("intake.fly")


def test_a_refusal_names_role_and_deed() -> None:
    with pytest.raises(Refused, match="您的角色是学员，不能上传名册。"):
        require(actor("TRN"), "intake.upload")
    with pytest.raises(Refused, match="没有有效的角色"):
        require(Actor(user_id=1), "home.read")


def test_a_guarded_view_runs_only_for_its_roles() -> None:
    @requires("intake.upload")
    def view(request: object, pk: int) -> str:
        """Kept."""
        return f"done {pk}"

    assert view(SimpleNamespace(actor=actor("PC")), 3) == "done 3"
    assert view.__doc__ == "Kept."
    assert view.policy == "intake.upload"  # type: ignore[attr-defined]
    with pytest.raises(Refused):
        view(SimpleNamespace(actor=actor("AUD")), 3)


def test_back_office_permissions_are_of_models_that_exist() -> None:
    held = frozenset().union(*map(back_office, Role.values))
    assert held
    for permission in held:
        app, _dot, rest = permission.partition(".")
        assert apps.get_model(app, rest.partition("_")[2])


def test_only_administrators_have_anything_in_the_back_office() -> None:
    assert {role for role in Role if back_office(role)} == {Role.SYS, Role.AAD}
    assert back_office(Role.AAD) == {"registry.view_action"}
    assert back_office("") == frozenset()


@pytest.mark.django_db
def test_back_office_permissions_follow_the_role() -> None:
    system, security, clerk = (
        make_user("sys", Role.SYS),
        make_user("sec", Role.SEC),
        make_user("aud", Role.AUD),
    )
    assert system.has_perm("registry.change_region")
    assert not system.has_perm("registry.add_membership")
    assert not system.has_perm("registry.view_person")
    assert not security.has_module_perms("registry")
    assert not clerk.has_module_perms("registry")
