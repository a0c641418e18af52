"""Django's permission questions (asked by admin) answered from the role, instead of from flags and groups."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from registry.accounts.bindings import BACK_OFFICE
from registry.accounts.models import User
from registry.accounts.policy import PERMISSIONS
from registry.accounts.scopes import account, actor_for


@cache
def back_office(role: str) -> frozenset[str]:
    """Model permissions of a role in the back office: each table there names its action (`policy`), and the matrix says
    who may. Its pages narrow nothing down, so only who may do the action everywhere gets any.
    """
    if role not in PERMISSIONS[BACK_OFFICE].grants:
        return frozenset()
    found = set()
    for model, table in admin.site._registry.items():
        grant = PERMISSIONS[table.policy].grants.get(role)  # type: ignore[attr-defined]
        if grant is not None and grant.scope == "a":
            verbs = getattr(table, "policy_verbs", ("view", "add", "change", "delete"))
            models = (model, *(inline.model for inline in table.inlines))
            found |= {
                f"{each._meta.app_label}.{verb}_{each._meta.model_name}" for each in models for verb in verbs
            }
    return frozenset(found)


class RoleBackend(ModelBackend):
    """Signs in by username and password; permissions are those of the role in which the user acts today."""

    def get_user(self, user_id: Any) -> User | None:
        """Whoever the session names, read together with the capacities that the request will ask for."""
        user = account(user_id)
        return user if self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: AbstractBaseUser | AnonymousUser, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        # Admin asks dozens of times in one request; the account object lives no longer than that.
        held: set[str] | None = getattr(user_obj, "_role_permissions", None)
        if held is None:
            held = set(back_office(actor_for(user_obj).role))
            user_obj._role_permissions = held  # type: ignore[attr-defined]
        return held

    def has_perm(self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
