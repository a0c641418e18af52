"""Verbs of checking: a holder hands out a link and takes it back; the log of checks is let go of."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuance.models import Certificate
from certificates.verification.models import Share
from registry.audit import services as audit
from registry.audit.services import Account
from registry.lib import figures

_TOKEN_BYTES = 16
_AT_ONCE = 10_000


class Shared(NamedTuple):
    """The row, and what stands in the link: it is shown once."""

    share: Share
    token: str


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def share(
    certificate: Certificate, *, actor: Account, days: int, label: str = "", with_name: bool = False
) -> Shared:
    """A link for some days. Raises ValidationError beyond `verify.share_days` and `verify.share_most`."""
    if not 1 <= days <= figures.number("verify.share_days"):
        raise ValidationError(_("分享的天数超出范围。"))
    # Two at once wait for each other, or both would be the last.
    Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
    now = timezone.now()
    held = Share.objects.filter(
        certificate__person_id=certificate.person_id, ended_at=None, expires_at__gt=now
    ).count()
    most = figures.number("verify.share_most")
    if held >= most:
        raise ValidationError(_("同时有效的分享最多 %(most)s 个，请先停用不用的。") % {"most": most})
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    made = Share.objects.create(
        token=digest(token),
        certificate=certificate,
        person_id=certificate.person_id,
        label=label,
        with_name=with_name,
        expires_at=now + timedelta(days=days),
    )
    _record("certificate.share", made, actor)
    return Shared(made, token)


@transaction.atomic
def end(made: Share, *, actor: Account) -> bool:
    """From now on the link leads nowhere; False where it did not any more."""
    done = Share.objects.filter(pk=made.pk, ended_at=None).update(ended_at=timezone.now())
    if done:
        _record("certificate.share_end", made, actor)
    return bool(done)


def _record(code: str, made: Share, actor: Account) -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="certificate",
        subject_id=made.certificate_id,
        person_id=made.person_id,
        after={"share": made.pk, "until": made.expires_at.isoformat(), "with_name": made.with_name},
    )


def prune(now: datetime | None = None) -> int:
    """Delete checks older than they are kept, and links that ended as long ago. Returns the number of checks."""
    before = (now or timezone.now()) - timedelta(days=figures.number("verify.log_days"))
    gone = 0
    # In parts, so that nobody who checks waits for a long delete.
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM verification_lookup WHERE id IN"
                " (SELECT id FROM verification_lookup WHERE at < %s ORDER BY at LIMIT %s)",
                [before, _AT_ONCE],
            )
            count = int(cursor.rowcount)
        gone += count
        if count < _AT_ONCE:
            break
    Share.objects.filter(expires_at__lt=before).delete()
    return gone
