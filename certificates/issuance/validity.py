"""How long certificates hold: which period is in force, a new one, and which certificates end soon."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuance.models import Certificate
from certificates.issuance.term_models import Validity
from registry.accounts.models import User
from registry.audit import services as audit
from registry.lib import figures
from registry.lib.dates import add_months


class NotAllowed(Exception):
    """The period cannot be set so; the text says why."""


def months(family: str, on: date) -> int:
    """For how many months a certificate of this family holds that is issued on a day; 0 has no end."""
    rows = Validity.objects.filter(family=family, valid_from__lte=on).order_by("-valid_from", "-id")
    return rows.values_list("months", flat=True).first() or 0


def last_day(family: str, issued_on: date) -> date | None:
    """The last day on which a certificate of this family holds: the day before the same day so many months on."""
    held = months(family, issued_on)
    return add_months(issued_on, held) - timedelta(days=1) if held else None


@transaction.atomic
def set_months(family: str, held: int, *, valid_from: date, document_no: str, actor: User) -> Validity:
    """Certificates issued from a day on hold for so many months. Raises NotAllowed."""
    if valid_from < timezone.localdate():
        raise NotAllowed(_("不能从过去的日期起算，已签发的证书以证书上印的有效期为准。"))
    if months(family, valid_from) == held:
        raise NotAllowed(_("这一天起的有效期已经是这样。"))
    row = Validity.objects.create(
        family=family, months=held, valid_from=valid_from, document_no=document_no, made_by=actor
    )
    audit.record(
        code="issuance.validity",
        actor=actor,
        subject_type="validity",
        subject_id=row.pk,
        n=1,
        after={"family": family, "months": held, "from": valid_from.isoformat()},
    )
    return row


def periods() -> Iterable[Validity]:
    """Every row, by family, the latest first."""
    return Validity.objects.select_related("made_by")


def ending(day: date) -> Q:
    """Certificates that hold on a day and end soon after it (figure `certificates.ending_days`)."""
    until = day + timedelta(days=figures.number("certificates.ending_days", day))
    return Q(state=Certificate.State.VALID, expires_on__gte=day, expires_on__lte=until)


def ends_soon(row: Certificate, day: date) -> bool:
    """As `ending`, of a row at hand."""
    if row.expires_on is None or row.state != Certificate.State.VALID:
        return False
    return 0 <= (row.expires_on - day).days <= figures.number("certificates.ending_days", day)
