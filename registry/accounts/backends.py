"""Django's permission questions (asked by admin) answered from the role, instead of from flags and groups."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from registry.accounts.models import User
from registry.accounts.policy import BACK_OFFICE
from registry.accounts.scopes import account, actor_for


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
            held = set(BACK_OFFICE.get(actor_for(user_obj).role, ()))
            user_obj._role_permissions = held  # type: ignore[attr-defined]
        return held

    def has_perm(self, user_obj: AbstractBaseUser | AnonymousUser, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: AbstractBaseUser | AnonymousUser, app_label: str) -> bool:
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
