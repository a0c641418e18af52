"""What time and approvals bring about: records whose periods are over, cases that two persons agreed to, old contents.

Runs again and again (`manage.py retention apply`, by a timer) and goes on where it was broken off. Details of the
record are erased by whoever holds that right in the database; a process without it leaves the erasing to one that has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from registry.audit import services as audit
from registry.intake import retention as files
from registry.lib.dates import add_months
from registry.people.models import Person
from registry.review.models import Case
from registry.rights import erasing, retention
from registry.rights.models import Consent, Copy, Correction, Erasure, RetentionRule

SCANNED = 5_000  # people looked at in one statement
_FIRST = UUID(int=0)


@dataclass(slots=True)
class Applied:
    """How many of what. `left` counts people who could not be erased yet, by the reason."""

    approved: int = 0
    erased: int = 0
    restricted: int = 0
    asked: int = 0
    cases_emptied: int = 0
    consents_dropped: int = 0
    copies_dropped: int = 0
    files_destroyed: int = 0
    left: dict[str, int] = field(default_factory=dict)


def may_erase() -> bool:
    """Whether this process has the right to erase details of the record."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege('audit_erase_people(uuid[])', 'EXECUTE')")
        return bool(cursor.fetchone()[0])


def apply(*, dry_run: bool = False, today: date | None = None) -> Applied:
    """Bring every record to where its rules say it should be; with `dry_run` only say what would be done."""
    today = today or timezone.localdate()
    done = Applied()
    _approved_cases(done, dry_run)
    _ripe_cases(done, today, dry_run)
    _people(done, today, dry_run)
    _contents(done, today, dry_run)
    before = timezone.now() - timedelta(days=settings.INTAKE_FILE_RETENTION_DAYS)
    done.files_destroyed = files.due(before) if dry_run else files.prune(before=before)
    return done


def _approved_cases(done: Applied, dry_run: bool) -> None:
    """Cases that two persons agreed to."""
    waiting = Erasure.objects.filter(state=Erasure.State.WAITING).exclude(review_case="")
    approved = Case.objects.filter(state=Case.State.APPROVED, kind="rights.erase")
    agreed = {str(pk) for pk in approved.values_list("pk", flat=True)}
    ids = [pk for pk, case in waiting.values_list("person_id", "review_case") if case in agreed]
    done.approved = len(ids)
    if not dry_run and ids and may_erase():
        for some in erasing.erase_all(ids, actor=None, basis=Erasure.Basis.ASKED):
            _count(done, some)


def _ripe_cases(done: Applied, today: date, dry_run: bool) -> None:
    """Restricted records whose last period is over now wait for two persons: they were asked for by somebody."""
    ripe = Erasure.objects.filter(state=Erasure.State.RESTRICTED, kept_until__lt=today).exclude(
        basis=Erasure.Basis.RETENTION
    )
    done.asked = ripe.count() if dry_run else ripe.update(state=Erasure.State.WAITING)


def _people(done: Applied, today: date, dry_run: bool) -> None:
    """Everybody whose last period is over, by the rule that ran longest."""
    outcomes = RetentionRule.Outcome
    for ids in _scan():
        kept = retention.kept(ids, today)
        over = {pk: end.rule for pk, end in kept.items() if end.until < today}
        erase = [pk for pk, rule in over.items() if rule.outcome == outcomes.ERASE and rule.confirmed]
        keep = [pk for pk in over if pk not in set(erase)]
        _restrict(done, keep, dry_run)
        if dry_run:
            done.erased += len(erase)
        elif erase and may_erase():
            for some in erasing.erase_all(erase, actor=None, basis=Erasure.Basis.RETENTION):
                _count(done, some)


def _scan() -> Iterator[list[UUID]]:
    """Living records without an open case, in the order of their ids."""
    after = _FIRST
    while True:
        found = Person.objects.filter(state=Person.State.ACTIVE, pk__gt=after).exclude(
            pk__in=Erasure.objects.filter(state__in=Erasure.OPEN).values("person_id")
        )
        ids = list(found.order_by("pk").values_list("pk", flat=True)[:SCANNED])
        if not ids:
            return
        yield ids
        after = ids[-1]


def _restrict(done: Applied, ids: list[UUID], dry_run: bool) -> None:
    if dry_run or not ids:
        done.restricted += Person.objects.filter(pk__in=ids, restricted_at=None).count()
        return
    with transaction.atomic():
        n = Person.objects.filter(pk__in=ids, restricted_at=None).update(restricted_at=timezone.now())
        if n:
            audit.record(
                code="rights.restrict", actor=None, subject_type="person", n=n, after={"basis": "retention"}
            )
    done.restricted += n


def _contents(done: Applied, today: date, dry_run: bool) -> None:
    """What answered cases say, consents taken back, and copies that lay ready long enough."""
    rules = retention.rules(today)
    cases = Correction.objects.filter(Q(said__isnull=False) | Q(answer__isnull=False))
    cases = cases.filter(answered_at__date__lt=_before(rules, RetentionRule.Code.CASE, today))
    consents = Consent.objects.filter(
        withdrawn_at__date__lt=_before(rules, RetentionRule.Code.CONSENT, today)
    )
    copies = Copy.objects.filter(expires_on__lt=today)
    if dry_run:
        done.cases_emptied, done.consents_dropped = cases.count(), consents.count()
        done.copies_dropped = copies.count()
        return
    with transaction.atomic():
        done.cases_emptied = cases.update(said=None, answer=None)
        done.consents_dropped = consents.delete()[0]
        done.copies_dropped = copies.delete()[0]
        n = done.cases_emptied + done.consents_dropped + done.copies_dropped
        if n:
            what = {
                "cases": done.cases_emptied,
                "consents": done.consents_dropped,
                "copies": done.copies_dropped,
            }
            audit.record(code="rights.expire", actor=None, subject_type="case", n=n, after=what)


def _before(rules: dict[str, RetentionRule], code: str, today: date) -> date:
    """What is older than this has run out; without a rule nothing ever does."""
    rule = rules.get(code)
    return add_months(today, -rule.months) if rule else date.min


def _count(done: Applied, some: erasing.Erased) -> None:
    done.erased += len(some.people)
    for why in some.left.values():
        done.left[why] = done.left.get(why, 0) + 1
