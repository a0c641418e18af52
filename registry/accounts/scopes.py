"""May this user see it? Builds the Scope of a user, and the filter of a Scope."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Membership, Role, User
from registry.lib.scope import Actor, Scope
from registry.regions.queries import subtree_codes

#: Who holds several roles acts in the first of these; choosing one for a session comes later. The narrower
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


def membership_for(user: User) -> Membership | None:
    """The membership in which the user acts today, None without a valid one."""
    valid = user.memberships.valid_on(timezone.localdate()).select_related("institution", "region")
    # Every request asks, and nobody has more than a few: put in order here, not by a long expression in SQL.
    return min(
        valid, key=lambda held: (_RANK.get(held.role, len(_RANK)), held.valid_from, held.pk), default=None
    )


def actor_for(user: User | AnonymousUser) -> Actor:
    """The user in today's capacity; nobody for someone who is not signed in or whose account is closed."""
    if not isinstance(user, User) or not user.is_active:
        return Actor()
    membership = membership_for(user)
    if membership is None:
        return Actor(user_id=user.pk, name=str(user))
    place = membership.institution or membership.region
    return Actor(
        user_id=user.pk,
        name=str(user),
        role=membership.role,
        role_name=membership.get_role_display(),
        place_name=place.name if place else "",
        scope=_scope(user, membership),
    )


def scope_for(user: User | AnonymousUser) -> Scope:
    """What the user may see today."""
    return actor_for(user).scope


def _scope(user: User, membership: Membership) -> Scope:
    role = Role(membership.role)
    if role in INSTITUTION_ROLES and membership.institution_id is not None:
        return Scope.institution(membership.institution_id)
    if role in REGION_ROLES and membership.region_id is not None:
        return Scope.region(membership.region_id)
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
