"""Verbs of inspection: ask for a comparison, and do it."""

from __future__ import annotations

from itertools import chain, islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.verify import Report, verify
from registry.inspection.models import Check
from registry.lib.scope import Scope

#: Faults that are kept by row; the count goes on.
MOST_KEPT = 1000


def ask(actor: User) -> tuple[Check, bool]:
    """A new comparison, or the one that is under way. Returns it and whether it is new."""
    try:
        with transaction.atomic():
            check = Check.objects.create(asked_by=actor)
            audit.record(code="audit.verify", actor=actor, subject_type="check", subject_id=check.pk)
    except IntegrityError:
        running = Check.objects.filter(state__in=Check.UNDER_WAY).first()
        if running is None:
            raise
        return running, False
    return check, True


def run(check_id: int) -> Check:
    """Compare everything and keep what was found; how far it is shows meanwhile. Again starts anew."""
    mine = Check.objects.filter(pk=check_id, state__in=Check.UNDER_WAY)

    def told(done: int, total: int, table_name: str) -> None:
        mine.update(state=Check.State.RUNNING, done=done, total=total, table_name=table_name)

    try:
        report = verify(Scope.all(), told=told)
    except Exception:
        mine.update(state=Check.State.FAILED, finished_at=Now())
        raise
    found = len(report.differences) + len(report.broken_details) + len(report.log)
    mine.update(
        state=Check.State.DIFFERS if found else Check.State.SAME,
        done=Check.objects.values_list("total", flat=True).get(pk=check_id),
        table_name="",
        manifests=report.manifests,
        rows=report.rows,
        details=report.details,
        found=found,
        findings=list(islice(_findings(report), MOST_KEPT)),
        finished_at=Now(),
    )
    return Check.objects.get(pk=check_id)


def _findings(report: Report) -> Any:
    return chain(
        (
            {
                "table": each.table_name,
                "row": str(each.row_id),
                "fault": each.fault,
                "manifest": each.manifest_id,
            }
            for each in report.differences
        ),
        ({"table": "audit_detail", "row": str(pk), "fault": "commitment"} for pk in report.broken_details),
        ({"table": each.table_name, "row": str(each.row_id), "fault": each.fault} for each in report.log),
    )
