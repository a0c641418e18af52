"""Completion certificates (培训合格证书) of a class that is over: who gets one, who does not and why.

The school's clerk draws up an order from the class, the principal agrees to it, and it is issued like any other
(certificates/issuance). What the paper says is that of the class and the enrolment; domain §1.2, part 5 of the national
notice of 2024-01-03: 培训项目名称, 培训起止日期, 培训机构名称.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import order_queries, orders
from certificates.issuance.entries import ENROLMENT, Entry
from certificates.issuance.models import Certificate, Order
from certificates.issuance.orders import NotNow
from registry.accounts import policy
from registry.accounts.models import User
from registry.lib.scope import Actor, Scope
from training.classes import queries as classes
from training.classes.models import TrainingClass
from training.enrolments import queries
from training.enrolments.models import Enrolment

#: Why a trainee gets none, as stored with an order's line; texts may change, codes stay.
REFUSALS: Final[Mapping[str, object]] = {
    "training_withdrawn": _("已退出本班"),
    "training_unfinished": _("未结业"),
    "training_unpassed": _("考核未合格，或考核结果没有登记"),
    "training_later": _("结业日期晚于发证日期"),
    "training_no_hours": _("没有登记学时"),
    "training_unnamed": _("班次没有登记培训项目或工种"),
}


class Trainee(NamedTuple):
    """Somebody of the class: a code of `REFUSALS` or none, and the certificate that came of the training."""

    row: Enrolment
    why: str
    made: order_queries.Made | None

    @property
    def words(self) -> str:
        return str(REFUSALS[self.why]) if self.why else ""


def trainees(scope: Scope, klass: TrainingClass, on: date) -> list[Trainee]:
    """Everybody of a class that the reader has fetched, as they would be judged on a day of issue."""
    rows = list(_rows(scope, klass))
    made = order_queries.made_of(ENROLMENT, [str(row.pk) for row in rows])
    return [Trainee(row, why_not(row, on), made.get(str(row.pk))) for row in rows]


def why_not(row: Enrolment, on: date) -> str:
    """The first reason against a certificate that the training itself knows of; empty for none. `row.klass` is read."""
    if row.state == Enrolment.State.WITHDRAWN:
        return "training_withdrawn"
    if row.state != Enrolment.State.FINISHED or row.finished_on is None:
        return "training_unfinished"
    if row.result != Enrolment.Result.PASS:
        return "training_unpassed"
    if row.finished_on > on:
        return "training_later"
    if not _hours(row):
        return "training_no_hours"
    return "" if course(row.klass) else "training_unnamed"


def course(klass: TrainingClass) -> str:
    """What was taught, as the paper names it: the project, or else the trade."""
    return (klass.project.name if klass.project else "") or klass.occupation_text or klass.name


def origin(klass: TrainingClass) -> str:
    """How orders of a class are found again (`order_queries.of_origin`)."""
    return f"class:{klass.pk}"


@transaction.atomic
def draw_up(class_id: int, *, actor: Actor, user: User, issued_on: date) -> Order:
    """A draft for everybody of the class who has none yet; who cannot get one is refused in it.

    Raises NotNow for a class that is not over, has an order under way, or a day before its end or after today;
    TrainingClass.DoesNotExist outside the scope; Refused where the role may not.
    """
    policy.require(actor, "certificate.prepare")
    scope = policy.scope_of(actor, "certificate.prepare")
    # Whoever draws up at the same moment waits here, and then finds this order.
    TrainingClass.objects.select_for_update().filter(pk=class_id).first()
    klass = classes.klass(scope, class_id)
    if klass is None or klass.institution_id != scope.institution_id:
        raise TrainingClass.DoesNotExist
    if not klass.is_over:
        raise NotNow(_t("班次还没有结班，不能制证。"))
    if order_queries.of_origin(origin(klass)).filter(state__in=order_queries.UNDER_WAY).exists():
        raise NotNow(_t("本班已有一张签发单在办理，办结或作废后才能再制证。"))
    if not klass.ends_on <= issued_on <= timezone.localdate():
        raise NotNow(_t("发证日期应在结班日期与今天之间。"))
    found = trainees(scope, klass, issued_on)
    return orders.draw_up(
        user=user,
        institution=klass.institution,
        family=Certificate.Family.COMPLETION,
        issued_on=issued_on,
        region_code=klass.region_id,
        origin=origin(klass),
        given=[_entry(one, klass) for one in found if one.made is None],
    )


def _rows(scope: Scope, klass: TrainingClass) -> QuerySet[Enrolment]:
    found = queries.enrolments(scope).filter(klass_id=klass.pk)
    return found.select_related("person", "klass__project", "klass__occupation").order_by("id")


def _entry(one: Trainee, klass: TrainingClass) -> Entry:
    row = one.row
    return Entry(
        source_type=ENROLMENT,
        source_id=str(row.pk),
        person_id=row.person_id,
        occupation_code=klass.occupation.code if klass.occupation else "",
        occupation_name=klass.occupation.name if klass.occupation else course(klass),
        region_code=row.region_code,
        enrolment_id=row.pk,
        barred=one.why,
        printed=_printed(row, klass),
    )


def _printed(row: Enrolment, klass: TrainingClass) -> dict[str, Any]:
    return {
        "project": course(klass),
        "started_on": row.started_on.isoformat(),
        "finished_on": row.finished_on.isoformat() if row.finished_on else "",
        "hours": _hours(row),
        "trainer": klass.institution.name,
    }


def _hours(row: Enrolment) -> str:
    hours: Decimal | None = row.hours or row.klass.hours
    return f"{hours.normalize():f}" if hours else ""
