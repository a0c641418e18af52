"""The roster (开班花名册): people joining one class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.accounts.scopes import scope_for, within
from registry.intake.kinds import Ask, Kind, Target
from registry.lib.scope import Scope
from training.classes.models import TrainingClass
from training.rosters.checks import CHECKS
from training.rosters.columns import ROSTER
from training.rosters.commit import begin, commit, finish
from training.rosters.resolve import resolve

OFFERED_CLASSES = 200


class ClassUnknown(LookupError):
    """没有这个班级,或不在您的办理范围内。"""


class ClassAmbiguous(LookupError):
    """不同机构有同一编号的班级,请写成“机构名称/班级编号”。"""


def target(options: Mapping[str, Any], actor: User | None) -> Target:
    """Option ``class``: id (int), number, or institution/number; without it the sheet can be checked, not loaded.

    Raises ClassUnknown, ClassAmbiguous.
    """
    wanted = options.get("class")
    if wanted is None or wanted == "":
        scope = scope_for(actor) if actor is not None else Scope.none()
        return Target(
            key=f"institution={scope.institution_id or ''};region={scope.region_code or ''}",
            context={"class": None},
            institution_id=scope.institution_id,
            region_code=scope.region_code,
        )
    klass = find_class(wanted, actor)
    return Target(
        key=f"class={klass.pk}",
        context={"class": klass.pk},
        institution_id=klass.institution_id,
        region_code=klass.region_id,
    )


def find_class(wanted: int | str, actor: User | None) -> TrainingClass:
    """The class as its clerk names it, within what the actor may see."""
    seen = TrainingClass.objects.all()
    if actor is not None:
        seen = seen.filter(within(scope_for(actor), institution_field="institution", region_field="region"))
    if isinstance(wanted, int):
        named = Q(pk=wanted)
    else:
        institution, slash, number = wanted.rpartition("/")
        named = Q(number=number, institution__name=institution) if slash else Q(number=wanted)
        named |= Q(number=wanted)
    found = list(seen.filter(named)[:2])
    if not found:
        raise ClassUnknown(str(wanted))
    if len(found) > 1:
        raise ClassAmbiguous(str(wanted))
    return found[0]


def _open_classes(user: User) -> list[tuple[str, str]]:
    """Classes that still take people, newest first, as the clerk would write them."""
    seen = TrainingClass.objects.filter(
        within(scope_for(user), institution_field="institution", region_field="region"),
        state__in=TrainingClass.TAKES_PEOPLE,
    ).select_related("institution")
    return [
        (f"{klass.institution.name}/{klass.number}", klass.name or klass.occupation_text)
        for klass in seen.order_by("-starts_on", "-id")[:OFFERED_CLASSES]
    ]


ASKS = (
    Ask(
        key="class",
        label=_("班级"),
        required=_("请写明花名册属于哪个班级。"),
        suggestions=_open_classes,
        help=_("班级编号，或“机构名称/班级编号”。"),
    ),
)

ROSTER_KIND = Kind(
    spec=ROSTER,
    target=target,
    resolve=resolve,
    checks=CHECKS,
    begin=begin,
    commit=commit,
    finish=finish,
    created=("persons", "enrolments"),
    asks=ASKS,
)
