"""What one person asks for on a page, another agrees to, and a command then does on the machine."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t

from registry.accounts.models import User
from registry.accounts.policy import can
from registry.lib import figures
from registry.lib.scope import Actor
from registry.review import procedures, services
from registry.review.models import Case
from registry.review.procedures import Procedure


class NotAgreed(ValidationError):
    """Nobody agreed to it, or too long ago."""


@dataclass(frozen=True, slots=True)
class Askable:
    """A kind that a reader may ask for, as the address writes it."""

    slug: str
    label: str


def to_ask(actor: Actor) -> list[Askable]:
    """What this reader may ask for."""
    if not can(actor, "review.ask"):
        return []
    return [
        Askable(known.kind.replace(".", "-"), str(known.label))
        for known in procedures.every()
        if known.ask is not None and can(actor, known.ask.action)
    ]


def ask(known: Procedure, *, choice: str, reason: str, actor: User) -> Case:
    """Hand it in; whoever else may do the step's action agrees or does not."""
    return services.open_case(
        kind=known.kind,
        subject_type="command",
        subject_id=known.kind,
        summary=f"{known.label}：{_label(known, choice)}",
        payload={"choice": choice, "reason": reason},
        maker=actor,
    )


def demand(kind: str, choice: str) -> Case:
    """The case by which a second person agreed lately. Raises NotAgreed, with the words for whoever runs the command.

    It holds for `review.agreed_hours`, so that what was cut off can be started again.
    """
    known = procedures.procedure(kind)
    hours = figures.number("review.agreed_hours")
    found = Case.objects.filter(
        kind=kind,
        state=Case.State.APPROVED,
        payload__choice=choice,
        closed_at__gte=timezone.now() - dt.timedelta(hours=hours),
    )
    case = found.select_related("maker").order_by("-closed_at").first()
    if case is None:
        message = _t("须先在“审核事项”中申请“%(what)s：%(choice)s”，由另一人同意后 %(hours)d 小时内办理。")
        raise NotAgreed(message % {"what": known.label, "choice": _label(known, choice), "hours": hours})
    return case


def facts(case: Case) -> list[tuple[str, str]]:
    """What the page shows of such a case."""
    known = procedures.procedure(case.kind)
    return [(_t("内容"), _label(known, case.payload["choice"])), (_t("事由"), case.payload["reason"])]


def _label(known: Procedure, choice: str) -> str:
    return str(dict(known.ask.choices if known.ask else ()).get(choice, choice))
