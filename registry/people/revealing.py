"""A whole number, shown once to one reader: with a reason, within a quota, and written down before it is shown.

Pages and lists show masks and open nothing; what lies here is the only road from a sealed number of a person to a
screen. The action is committed in a transaction of its own. Only then is the number opened, so that no crash between
the two leaves a number seen and nothing written.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from registry.accounts.models import Role, User
from registry.audit import services as audit
from registry.audit.models import Action
from registry.exports import rules
from registry.identity.current import keyring
from registry.identity.keyring import BANK, IDNO, PHONE, KeyringError
from registry.lib.scope import Actor
from registry.people import queries
from registry.people.models import BankAccount, Document, Person, Phone

logger = logging.getLogger("registry.people")

REVEALED, REFUSED, FAILED = "people.reveal", "people.reveal_refused", "people.reveal_failed"
SELF = "self"  # the reason of whoever looks at their own number

FIELDS: dict[str, tuple[str | Promise, type[Document] | type[Phone] | type[BankAccount], str]] = {
    "id_number": (_lazy("证件号码"), Document, IDNO),
    "phone": (_lazy("联系电话"), Phone, PHONE),
    "bank_account": (_lazy("银行账号"), BankAccount, BANK),
}
_QUOTAS = (("reveal_per_hour", timedelta(hours=1)), ("reveal_per_day", timedelta(days=1)))


@dataclass(frozen=True, slots=True)
class Hidden:
    """A number of a person that can be asked for; ``key`` is how a form names it."""

    field: str
    row: UUID
    title: str
    mask: str

    @property
    def key(self) -> str:
        return f"{self.field}:{self.row}"


class Denied(Exception):
    """The number is not shown. ``why`` is a code for the record, the text is for the reader.

    ``again_at`` is when the same may be asked again, where time alone will change the answer.
    """

    def __init__(self, why: str, message: str, again_at: datetime | None = None) -> None:
        super().__init__(message)
        self.why, self.again_at = why, again_at


class CannotOpen(Exception):
    """The sealed number could not be opened; nothing of it stands in this error."""


def hidden(person: Person, *, accounts: bool = True) -> list[Hidden]:
    """Every number of the person, masked, in the order of the page; bank accounts only where they are asked for."""
    found = [
        Hidden("id_number", each.pk, str(each.get_kind_display()), each.mask)
        for each in person.documents.all()
    ]
    phones = person.phones.defer("sealed").order_by("created_at")
    found += [Hidden("phone", each.pk, _("联系电话"), each.mask) for each in phones]
    held = person.accounts.defer("sealed").order_by("created_at") if accounts else ()
    found += [
        Hidden("bank_account", each.pk, " ".join(filter(None, [_("银行账号"), each.bank_name])), each.mask)
        for each in held
    ]
    return found


def allow(actor: Actor, person: Person) -> None:
    """Raises Denied where the role may reveal numbers, but not this person's. The scope has let the person through."""
    if actor.role == Role.PC and not queries.is_in_running_class(actor.scope, person):
        raise Denied(
            "class", _("机构经办只能查看本机构在办班级里的学员的完整号码。该学员目前不在这样的班级里。")
        )


def record(*, actor: Actor, user: User, person: Person, asked: Hidden, reason: str, note: str) -> None:
    """Write the reading down, in a transaction of its own that is committed when this returns.

    Raises Denied over the quota. The reason is a code; the note in free words goes to the erasable detail.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            # Two windows of one reader must not both take the last of the quota.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{REVEALED}:{user.pk}"])
        again_at = wait(user, timezone.now())
        if again_at is None:
            audit.record(
                code=REVEALED,
                actor=user,
                subject_type="person",
                subject_id=person.pk,
                person_id=person.pk,
                reason=reason,
                after={"field": asked.field, "row": str(asked.row)},
                personal={"note": note} if note else {},
            )
            return
    raise Denied("quota", _quota_spent(again_at), again_at)


def wait(user: User, now: datetime) -> datetime | None:
    """When the reader may reveal again, where the quota of an hour or of a day is spent; None: at once."""
    latest: datetime | None = None
    for code, span in _QUOTAS:
        most = rules.limit(code)
        if most == 0:
            return now + span
        done = Action.objects.filter(actor_id=user.pk, code=REVEALED, at__gt=now - span).order_by("-at")
        times = list(done.values_list("at", flat=True)[:most])
        if len(times) == most:
            latest = max(latest or now, times[-1] + span)
    return latest


def refused(*, user: User, person_id: UUID, why: str, field: str = "") -> None:
    """Write down that somebody asked and was not shown: which record, and for want of what."""
    with transaction.atomic():
        audit.record(
            code=REFUSED,
            actor=user,
            subject_type="person",
            subject_id=person_id,
            after={"why": why, **({"field": field} if field in FIELDS else {})},
        )


def opened(person: Person, asked: Hidden, *, user: User) -> str:
    """The number itself; call it after `record` only. Raises CannotOpen."""
    _title, model, purpose = FIELDS[asked.field]
    row: Any = (
        model._default_manager.filter(pk=asked.row, person=person).values_list("sealed", flat=True).first()
    )
    try:
        if row is None:
            raise KeyringError("the row is gone")
        return keyring().open_(bytes(row), purpose, asked.row).decode()
    except (KeyringError, UnicodeDecodeError) as error:
        logger.error("a %s could not be opened: %s", purpose, type(error).__name__)
        with transaction.atomic():
            audit.record(
                code=FAILED,
                actor=user,
                subject_type="person",
                subject_id=person.pk,
                after={"field": asked.field, "row": str(asked.row), "error": type(error).__name__},
            )
        raise CannotOpen(type(error).__name__) from None


def _quota_spent(again_at: datetime) -> str:
    return _("查看完整号码的次数已满（每小时 %(hour)s 次、每天 %(day)s 次）。%(when)s 以后可以再查看。") % {
        "hour": rules.limit("reveal_per_hour"),
        "day": rules.limit("reveal_per_day"),
        # To the minute, and never too early.
        "when": (timezone.localtime(again_at) + timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M"),
    }
