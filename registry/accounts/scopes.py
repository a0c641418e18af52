"""May this user see it? Builds the Scope of a user, and the filter of a Scope."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from registry.accounts.models import ASSESSOR_ROLES, INSTITUTION_ROLES, REGION_ROLES, Role, User
from registry.lib.scope import Actor, Scope
from registry.regions.queries import subtree_codes

#: Who holds several roles acts in the first of these until they choose another for the session. The narrower
#: business role goes first, so that nobody sees more than the work at hand needs; administrators see no
#: business at all.
PRIORITY = (
    Role.PC,
    Role.PP,
    Role.EB,
    Role.ES,
    Role.C1,
    Role.C2,
    Role.FM,
    Role.FP,
    Role.RG,
    Role.AUD,
    Role.SYS,
    Role.SEC,
    Role.AAD,
    Role.TRN,
)

_RANK: dict[str, int] = {role: place for place, role in enumerate(PRIORITY)}

NOTHING = Q(pk__in=[])


class Capacity(NamedTuple):
    """A membership in force, with the name of its place."""

    role: str
    valid_from: date
    pk: int
    institution_id: int | None
    region_code: str | None
    place_name: str


_COLUMNS = [field.column for field in User._meta.concrete_fields]
# Every request asks who is there and in which capacities: one statement, written out, as building it costs more.
_ACCOUNT = f"""
    SELECT {", ".join(f"u.{column}" for column in _COLUMNS)},
           m.role, m.valid_from, m.id, m.institution_id, m.region_id, coalesce(i.name, r.name, '')
    FROM accounts_user u
    LEFT JOIN accounts_membership m ON m.user_id = u.id AND m.valid_from <= %(day)s
          AND (m.valid_to IS NULL OR m.valid_to >= %(day)s)
    LEFT JOIN institutions_institution i ON i.id = m.institution_id
    LEFT JOIN regions_region r ON r.code = m.region_id
    WHERE u.id = %(user)s
"""


def account(user_id: int) -> User | None:
    """The account together with today's capacities, which :func:`actor_for` then needs not ask for."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNT, {"user": user_id, "day": timezone.localdate()})
        rows = cursor.fetchall()
    if not rows:
        return None
    names = [field.attname for field in User._meta.concrete_fields]
    user = User.from_db(connection.alias, names, rows[0][: len(names)])
    held = (Capacity(*row[len(names) :]) for row in rows)
    user._capacities = [one for one in held if one.role]  # type: ignore[attr-defined]
    return user


def capacities(user: User) -> list[Capacity]:
    """Everything that the user may act as today, the default first."""
    held: list[Capacity] | None = getattr(user, "_capacities", None)
    if held is None:
        fresh = account(user.pk)
        held = [] if fresh is None else fresh._capacities  # type: ignore[attr-defined]
    # Nobody has more than a few: put in order here, not by a long expression in SQL.
    return sorted(held, key=lambda one: (_RANK.get(one.role, len(_RANK)), one.valid_from, one.pk))


def choose(user: User, membership_id: int | None) -> None:
    """From here on this object acts as that membership, if it is one of the user's in force.

    A session's choice goes with the account object, so that whoever is handed the user asks in the same capacity.
    """
    user._chosen = membership_id  # type: ignore[attr-defined]


def limit_to(user: User, actions: frozenset[str]) -> None:
    """From here on this object may do no more than these actions of its role: it came with an API key."""
    user._only = actions  # type: ignore[attr-defined]


def capacity_of(user: User) -> Capacity | None:
    """The capacity in which the user acts: the one chosen, or the default; None without a valid one."""
    held = capacities(user)
    chosen: int | None = getattr(user, "_chosen", None)
    return next((one for one in held if one.pk == chosen), held[0] if held else None)


def actor_for(user: User | AnonymousUser) -> Actor:
    """The user in today's capacity; nobody for someone who is not signed in or whose account is closed."""
    if not isinstance(user, User) or not user.is_active:
        return Actor()
    capacity = capacity_of(user)
    if capacity is None:
        return Actor(user_id=user.pk, name=str(user))
    return Actor(
        user_id=user.pk,
        name=str(user),
        role=capacity.role,
        role_name=str(Role(capacity.role).label),
        place_name=capacity.place_name,
        scope=_scope(user, capacity),
        membership_id=capacity.pk,
        choices=len(capacities(user)),
        only=getattr(user, "_only", None),
    )


def scope_for(user: User | AnonymousUser) -> Scope:
    """What the user may see today."""
    return actor_for(user).scope


def _scope(user: User, capacity: Capacity) -> Scope:
    role = Role(capacity.role)
    if role in INSTITUTION_ROLES and capacity.institution_id is not None:
        return Scope.institution(capacity.institution_id, assesses=role in ASSESSOR_ROLES)
    if role in REGION_ROLES and capacity.region_code is not None:
        return Scope.region(capacity.region_code)
    if role == Role.AUD:
        return Scope.all()
    if role == Role.TRN:
        # People link their sign-in from the room above, so this side knows them only by the reverse of that
        # link.
        person = getattr(user, "person", None)
        return Scope.none() if person is None else Scope.own(person.merged_into_id or person.pk)
    return Scope.none()


def within(scope: Scope, *, region_field: str = "", institution_field: str = "", person_field: str = "") -> Q:
    """The filter that keeps a query inside the scope: `rows.filter(within(scope, region_field=…))`.

    Each field is a lookup path that ends in the code or id (`klass__institution_id`). A field left out means
    that readers of that kind see nothing of this table.
    """
    if scope.sees_everything:
        return Q()
    if scope.kind == "own" and person_field:
        return Q(**{person_field: scope.person_id})
    if scope.kind == "institution" and institution_field:
        return Q(**{institution_field: scope.institution_id})
    if scope.kind == "region" and region_field and scope.region_code:
        return Q(**{f"{region_field}__in": subtree_codes(scope.region_code)})
    return NOTHING
