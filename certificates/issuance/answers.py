"""What anybody is told who asks after a certificate, in the same words on every channel.

`issuance_answer()` (sql/states.sql) reads the row; this module says it to people. Whoever checks without us sees the
signature alone and says so: an offline answer never says 有效 by itself, only with the day of its revocation data.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from django.db import connection
from django.db.models import TextField
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _


class Answer(StrEnum):
    """The six answers."""

    VALID = "valid"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    ENDED = "ended"
    NOT_FOUND = "not_found"
    NOT_OURS = "not_ours"


#: What the SQL function may say besides the answers: on record, but only as somebody reports it.
UNCONFIRMED: Final = "unconfirmed"

#: Short words: the headline of every channel.
WORDS: dict[Answer, str | Promise] = {
    Answer.VALID: _("有效"),
    Answer.REVOKED: _("已撤销"),
    Answer.SUSPENDED: _("暂停"),
    Answer.ENDED: _("已过期/已换发"),
    Answer.NOT_FOUND: _("未查询到"),
    Answer.NOT_OURS: _("签名无效或非本系统签发"),
}
REPORTED: Final = _("台账所报，待确认")

#: How a list or a badge colours them.
TONES: dict[Answer, str] = {
    Answer.VALID: "good",
    Answer.REVOKED: "bad",
    Answer.SUSPENDED: "warn",
    Answer.ENDED: "mute",
    Answer.NOT_FOUND: "mute",
    Answer.NOT_OURS: "bad",
}


def of_code(code: str | None) -> Answer:
    """The answer that the SQL function's word stands for; nothing found is an answer too.

    An unconfirmed certificate is not one of ours: `told` says that it is on record as reported.
    """
    if code is None:
        return Answer.NOT_FOUND
    return Answer.NOT_OURS if code == UNCONFIRMED else Answer(code)


def told(code: str | None, at: datetime | None = None) -> str:
    """The sentence for somebody who asked us just now (`at`), online."""
    if code == UNCONFIRMED:
        return str(REPORTED)
    answer = of_code(code)
    if answer == Answer.VALID:
        moment = timezone.localtime(at or timezone.now())
        return _t("有效（联网核对 %(time)s）") % {"time": f"{moment:%H:%M}"}
    return str(WORDS[answer])


def told_offline(data_of: datetime | date | None) -> str:
    """The sentence for a good signature that nobody compared with us; `data_of` is the day of the list at hand."""
    if data_of is None:
        return _t("签名有效，撤销状态未核对")
    day = timezone.localtime(data_of) if isinstance(data_of, datetime) else data_of
    return _t("签名有效，撤销状态未核对（数据截至 %(day)s）") % {"day": f"{day:%Y-%m-%d}"}


def listed(state: str) -> tuple[bool, bool]:
    """The bits of a certificate on its status lists: (revocation, suspension).

    Who was replaced is revoked on the list, for it never holds again; the day on which a certificate ends stands in
    the certificate itself. Source: W3C Bitstring Status List 1.0, §2.1: a set revocation bit cannot be reversed.
    """
    return state in ("revoked", "superseded"), state == "suspended"


def annotation(day: date | None = None) -> RawSQL:
    """`queryset.annotate(answer=annotation())` on certificates: the word of the SQL function, today."""
    return RawSQL(
        "issuance_answer(issuance_certificate, %s)", [day or timezone.localdate()], output_field=TextField()
    )


def of_ids(ids: Iterable[int], day: date | None = None) -> dict[int, str]:
    """Certificate id → the word of the SQL function."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, issuance_answer(c, %s) FROM issuance_certificate c WHERE c.id = ANY(%s)",
            [day or timezone.localdate(), list(ids)],
        )
        return dict(cursor.fetchall())
