"""Which steps a kind of matter has, from when: dated rows that policy may change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _t

from registry.accounts.models import User
from registry.audit import services as audit
from registry.lib import dated
from registry.review.models import Stage
from registry.review.procedures import Procedure, Step

# What a kind begins with has been in force for as long as anybody asks.
EVER = dt.date(2000, 1, 1)


def ensure(known: Procedure) -> None:
    """Write down the steps that a kind begins with, unless some are on record."""
    if Stage.objects.filter(kind=known.kind).exists():
        return
    rows = [
        Stage(kind=known.kind, position=n, name=step.name, action=step.action, valid_from=EVER)
        for n, step in enumerate(known.steps, 1)
    ]
    Stage.objects.bulk_create(rows, ignore_conflicts=True)


def in_force(kind: str, on: dt.date) -> list[Stage]:
    """The steps of a kind on a day, in their order."""
    return list(Stage.objects.filter(dated.in_force(on), kind=kind).order_by("position"))


@transaction.atomic
def change(known: Procedure, steps: Sequence[Step], *, valid_from: dt.date, actor: User | None) -> None:
    """From a day on the kind has these steps; matters already open keep theirs.

    Raises ValidationError for no steps at all, a step that the kind's own code does not know, or a day that is not
    after the beginning of what is in force.
    """
    allowed = {(step.name, step.action) for step in known.steps}
    if not steps or not {(step.name, step.action) for step in steps} <= allowed:
        raise ValidationError(_t("步骤至少一个，且须是该事项已有的步骤。"))
    ensure(known)
    running = Stage.objects.select_for_update().filter(kind=known.kind, valid_to__isnull=True)
    before = list(running.order_by("position"))
    if any(stage.valid_from >= valid_from for stage in before):
        raise ValidationError(_t("新步骤须晚于现行步骤的生效日期。"))
    running.update(valid_to=valid_from - dt.timedelta(days=1))
    Stage.objects.bulk_create(
        Stage(kind=known.kind, position=n, name=step.name, action=step.action, valid_from=valid_from)
        for n, step in enumerate(steps, 1)
    )
    audit.record(
        code="review.steps",
        actor=actor,
        subject_type="review_stage",
        subject_id=known.kind,
        before={"steps": [stage.name for stage in before]},
        after={"steps": [step.name for step in steps], "valid_from": valid_from.isoformat()},
    )
