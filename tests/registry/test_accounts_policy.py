"""The role decides what may be done, and a refusal says why."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from registry.accounts.models import Role, User
from registry.accounts.policy import BACK_OFFICE, PERMISSIONS, Grant, Refused, can, require, requires
from registry.lib.scope import Actor
from tests.registry.places import make_user


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
        ("intake.upload", "PC PP C1 C2 RG", "TRN EB FM FP AUD SYS SEC AAD"),
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
    }
    for role in (Role.SYS, Role.SEC, Role.AAD):
        assert {name for name in PERMISSIONS if can(actor(role), name)} <= allowed


def test_nobody_may_anything() -> None:
    for nobody in (Actor(), AnonymousUser()):
        assert not any(can(nobody, name) for name in PERMISSIONS)


@pytest.mark.django_db
def test_a_superuser_without_a_role_does_no_business() -> None:
    superuser = User.objects.create(username="root", is_superuser=True)
    assert not any(can(superuser, name) for name in PERMISSIONS)


def test_an_unknown_action_fails_where_it_is_written() -> None:
    with pytest.raises(KeyError, match="no such action"):
        requires("intake.fly")


def test_a_refusal_names_role_and_deed() -> None:
    with pytest.raises(Refused, match="您的角色是学员，不能上传花名册或台账。"):
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
    for permission in frozenset().union(*BACK_OFFICE.values()):
        app, _dot, rest = permission.partition(".")
        assert apps.get_model(app, rest.partition("_")[2])


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
    assert security.has_perms(["registry.add_membership", "registry.view_user"])
    assert not security.has_perm("registry.delete_membership")
    assert not security.has_perm("registry.change_user")
    assert not clerk.has_module_perms("registry")
