"""Terms: how many days there are for what, as dated rows; and the default rows, added once and never overwritten."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t

from registry.lib.dated import add_missing, dated_key, in_force, shipped
from registry.lib.upsert import Counts
from registry.rights.models import Term

TERMS = Path(__file__).parent / "data" / "terms.csv"

_SATURDAY = 5


class NoTerm(ValidationError):
    """No row says how many days there are for this. Load the reference data, or enter one."""

    def __init__(self) -> None:
        super().__init__(_t("还没有设定这件事的办理期限，暂时不能受理；请联系管理员。"))


def term(code: str, on: date) -> Term:
    """The row in force on a day. Raises NoTerm."""
    row = Term.objects.filter(in_force(on), code=code).order_by("-valid_from").first()
    if row is None:
        raise NoTerm
    return row


def due(code: str, since: date) -> date:
    """The last day in time for what began on `since`; that day itself does not count. Raises NoTerm."""
    row = term(code, since)
    if row.unit == Term.Unit.DAY:
        return since + timedelta(days=row.days)
    return after_workdays(since, row.days)


def after_workdays(since: date, days: int) -> date:
    """The nth weekday after a day. Public holidays count as working days: an answer is rather early than late."""
    day = since
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return day


def load() -> dict[str, Counts]:
    """Add the default rows that are missing; rows that somebody changed stay as they are."""
    rows = (
        (
            dated_key(row),
            {
                "days": int(row["days"]),
                "unit": row["unit"],
                "document_no": row["document_no"],
                "confirmed": bool(row["confirmed"]),
            },
        )
        for row in shipped(TERMS)
    )
    return {"terms": add_missing(Term, rows)}


def differences() -> list[str]:
    """Codes of default terms that no row holds any more, changed or not."""
    return sorted({row["code"] for row in shipped(TERMS)} - set(Term.objects.values_list("code", flat=True)))
