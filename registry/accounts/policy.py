"""Which role may do what, and how far: the matrix (`matrix.toml`), read once and asked everywhere.

Names are `<noun>.<verb>`. A view names its action with `requires`, and an unknown name fails at import. What lies
within reach of the role is the Scope's business; the marks of a cell narrow it further.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for
from registry.lib.scope import Actor, Scope

View = TypeVar("View", bound=Callable[..., Any])

MATRIX = Path(__file__).with_name("matrix.toml")


@dataclass(frozen=True, slots=True)
class Grant:
    """One cell of the matrix: how far a role reaches in an action, and under which conditions.

    `scope` is o (own), i (institution), r (region) or a (all).
    """

    scope: str
    other_person: bool = False
    second_person: bool = False
    step_up: bool = False
    masked: bool = False

    @classmethod
    def read(cls, cell: str) -> Grant | None:
        """Of `r≠S`; None for a dash. Raises ValueError for what is neither."""
        letter, marks = cell[0], cell[1:]
        if cell == "-":
            return None
        if letter not in "oira" or not set(marks) <= set("≠2Sm") or len(set(marks)) < len(marks):
            raise ValueError(f"not a cell of the matrix: {cell!r}")
        return cls(letter, "≠" in marks, "2" in marks, "S" in marks, "m" in marks)


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of the matrix: what a refusal calls the action, and the cell of each role that may."""

    name: str
    label: str | Promise
    grants: Mapping[str, Grant]

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.grants)


def load(path: Path = MATRIX) -> dict[str, Permission]:
    """The matrix, every line checked. Raises ValueError for a line that is not as the file's head says."""
    content = tomllib.loads(path.read_text("utf-8"))
    roles: list[str] = content["roles"]
    if roles != [role.value for role in Role]:
        raise ValueError("the matrix has a column for each role, in their order")
    found: dict[str, Permission] = {}
    for name, (label, cells) in content["actions"].items():
        read = [Grant.read(cell) for cell in cells.split()]
        if len(read) != len(roles):
            raise ValueError(f"{name}: {len(read)} cells for {len(roles)} roles")
        grants = {role: grant for role, grant in zip(roles, read, strict=True) if grant is not None}
        found[name] = Permission(name, _(label), grants)
    return found


#: action → its line of the matrix
PERMISSIONS: Mapping[str, Permission] = load()


class Refused(PermissionDenied):
    """The role may not do this; the text says so to the user and becomes the 403 page's reason."""


class NeedsConfirmation(Refused):
    """The role may, once its holder has proved anew who they are. The door turns this into a way to do so."""

    def __init__(self, message: str, action: str) -> None:
        super().__init__(message)
        self.action = action


def grant_of(who: Actor | User | AnonymousUser, action: str) -> Grant | None:
    """The cell of the matrix that holds for somebody; who is not signed in or has no role is the public.

    Raises KeyError for an unknown action.
    """
    actor = who if isinstance(who, Actor) else actor_for(who)
    if actor.only is not None and action not in actor.only:
        return None
    return PERMISSIONS[action].grants.get(actor.role or Role.PUB)


def can(who: Actor | User | AnonymousUser, action: str) -> bool:
    """Whether the role in which somebody acts may do an action. Raises KeyError for an unknown action."""
    return grant_of(who, action) is not None


def scope_of(actor: Actor, action: str) -> Scope:
    """How far an action reaches for somebody: what the cell grants, which may be other than the role's natural reach.

    The empty scope where the cell grants nothing, or where the role is held at no place of that kind.
    """
    grant = grant_of(actor, action)
    match grant.scope if grant else "":
        case "a":
            return Scope.all()
        case letter if _REACH.get(letter) == actor.scope.kind:
            return actor.scope
    return Scope.none()


_REACH = {"o": "own", "i": "institution", "r": "region"}


def masked(actor: Actor, action: str) -> bool:
    """Whether numbers may be shown masked only; also where the action is not granted at all."""
    grant = grant_of(actor, action)
    return grant is None or grant.masked


def confirmed(actor: Actor, now: float | None = None) -> bool:
    """Whether somebody has proved who they are well enough for what the matrix marks S.

    Staff: within the last `STEP_UP_SECONDS`. A trainee: by more than a code to a phone.
    """
    if actor.role == Role.TRN:
        return actor.assurance >= 2
    age = (time.time() if now is None else now) - actor.confirmed_at
    return 0 <= age <= settings.STEP_UP_SECONDS


def require(who: Actor | User | AnonymousUser, action: str) -> None:
    """Raises Refused, with the reason, unless the role may; NeedsConfirmation if all that is missing is a proof."""
    actor = who if isinstance(who, Actor) else actor_for(who)
    grant = grant_of(actor, action)
    if grant is not None and not (grant.step_up and not confirmed(actor)):
        return
    what = str(PERMISSIONS[action].label)
    if grant is not None:
        raise NeedsConfirmation(_t("%(what)s前须再次确认身份。") % {"what": what}, action)
    if not actor.role:
        raise Refused(_t("您的账号目前没有有效的角色，不能%(what)s。请联系安全管理员。") % {"what": what})
    raise Refused(_t("您的角色是%(role)s，不能%(what)s。") % {"role": actor.role_name, "what": what})


def requires(action: str, **by_method: str) -> Callable[[View], View]:
    """A view does this action, or by a method another (`requires("role.read", POST="role.grant")`).

    Refuses with 403 and a reason before the view runs. Unknown names raise KeyError.
    """
    for name in (action, *by_method.values()):
        if name not in PERMISSIONS:
            raise KeyError(f"no such action: {name}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            require(request.actor, by_method.get(request.method, action) if by_method else action)
            return view(request, *args, **kwargs)

        # Read by the menu, and by the check that every view has one.
        guarded.policy = action  # type: ignore[attr-defined]
        guarded.policy_by_method = by_method  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate
