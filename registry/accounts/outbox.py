"""Messages waiting to be sent: put down with the deed that causes them, sent by the worker, then emptied.

A message that is meant for nobody (no telephone) is put down and taken up like any other, so that whoever asks for a
code cannot tell by the time it takes whether there was somebody to send it to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from registry.accounts.models import SmsMessage
from registry.accounts.sms import GatewayError, Sms, gateway
from registry.identity.current import keyring
from registry.identity.keyring import PHONE, SMS, KeyringError
from registry.identity.uuid7 import uuid7
from registry.lib import figures
from registry.lib.limits import Take, give_back, take_all

#: The queue and the task that sends, by name: the work itself stands above this in tasks.py.
QUEUE, SEND = "sms", "accounts.sms"
# Messages of one length are alike from outside, sealed or not.
_PADDED = 240
#: How long an emptied row is kept, to see what became of messages.
KEPT = timedelta(days=30)


class NotYet(Exception):
    """The message was not sent, and may be later; `seconds` is how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"in {seconds} s")
        self.seconds = seconds


@transaction.atomic
def put(*, phone: str, template: str, parameters: Mapping[str, str], expires_at: datetime) -> SmsMessage:
    """Put a message down, sealed, with the job that will send it: both are there when the transaction ends, or neither.

    Without a telephone it will be dropped when its turn comes.
    """
    row = uuid7()
    content = json.dumps({"phone": phone, "template": template, "parameters": dict(parameters)})
    sealed = keyring().seal(content.ljust(_PADDED), SMS, row)
    made = SmsMessage.objects.create(id=row, sealed=sealed, expires_at=expires_at)
    app.configure_task(SEND, queue=QUEUE, priority=10).defer(message_id=str(row))
    return made


def deliver(message_id: UUID) -> None:
    """Send one message unless that was done. Raises NotYet when it should be tried again.

    A worker that is killed between sending and writing it down sends once more; the vendor gets the same id.
    """
    row = SmsMessage.objects.filter(pk=message_id, state=SmsMessage.State.WAITING).first()
    if row is None:
        return
    try:
        content = json.loads(keyring().open_(bytes(row.sealed), SMS, row.id))
    except KeyringError:
        _done(row, SmsMessage.State.FAILED, "key")
        return
    if not content["phone"]:
        _done(row, SmsMessage.State.DROPPED, "nobody")
        return
    left = (row.expires_at - timezone.now()).total_seconds()
    way = gateway()
    if left <= 0 or way is None:
        _done(row, SmsMessage.State.DROPPED, "late" if way else "no gateway")
        return
    _send(row, Sms(id=str(row.id), **content), left)


def _send(row: SmsMessage, message: Sms, left: float) -> None:
    takes = [
        Take("sms.phone|" + keyring().blind_index(message.phone, PHONE).hex(), figures.limits("sms.phone")),
        Take("sms.all", figures.limits("sms.all")),
    ]
    wait = take_all(takes)
    if wait is not None and wait.seconds < left:
        raise NotYet(wait.seconds)
    if wait is not None:
        _done(row, SmsMessage.State.DROPPED, "limit")
        return
    way = gateway()
    assert way is not None
    try:
        way.send(message)
    except GatewayError as error:
        for each in takes:
            give_back(each.key)
        SmsMessage.objects.filter(pk=row.pk).update(why=str(error)[:40])
        raise NotYet(seconds=2) from None
    _done(row, SmsMessage.State.SENT, "")


def prune(*, now: datetime | None = None) -> int:
    """Give up what is over its time though no job holds it, and delete old rows; returns how many went."""
    now = now or timezone.now()
    late = SmsMessage.objects.filter(state=SmsMessage.State.WAITING, expires_at__lt=now - timedelta(hours=1))
    late.update(state=SmsMessage.State.DROPPED, why="late", sealed=b"", done_at=now)
    return SmsMessage.objects.filter(created_at__lt=now - KEPT).delete()[0]


def _done(row: SmsMessage, state: SmsMessage.State, why: str) -> None:
    SmsMessage.objects.filter(pk=row.pk).update(state=state, why=why, sealed=b"", done_at=timezone.now())
