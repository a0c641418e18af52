"""Following certificates: what came into being or changed, in an order in which nothing is ever missed.

A change is written by trigger, and given its place in the order once it stands (sql/changes.sql says how and why). A
page of changes says what the certificates are *now*: reading one twice does no harm, and a late reader is not told of a
state that is over.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max, TextField
from django.db.models.expressions import RawSQL

from certificates.credentials.models import Change
from certificates.credentials.telling import told
from registry.accounts.scopes import within
from registry.lib.scope import Scope

MOST = 500
_AT_ONCE = 20_000


class Page(NamedTuple):
    """Some changes, the place to go on from, and whether more wait there already."""

    rows: list[dict[str, Any]]
    cursor: int
    more: bool


def number_waiting() -> int:
    """Give changes that stand their places. Returns how many got one; asked by whoever reads, and by the worker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT credentials_number_changes(%s)", [_AT_ONCE])
        return int(cursor.fetchone()[0])


def since(scope: Scope, cursor: int, day: date, most: int = MOST) -> Page:
    """Changes after a place, of certificates within the scope; a certificate that changed twice is there twice."""
    most = max(1, min(most, MOST))
    # Asked first: whatever had its place by now is among the rows below, so nothing lies between them and `last`.
    last: int = Change.objects.aggregate(last=Max("position"))["last"] or 0
    found = (
        Change.objects.filter(
            # The change's own column, so that a body's changes are read from their index.
            within(scope, region_field="certificate__region_code", institution_field="institution_id"),
            position__gt=cursor,
        )
        .select_related("certificate__level", "certificate__superseded_by")
        .annotate(answer=RawSQL("issuance_answer(issuance_certificate, %s)", [day], TextField()))
        .order_by("position")
    )
    rows: list[Any] = list(found[: most + 1])
    more, rows = len(rows) > most, rows[:most]
    end = rows[-1].position if rows else 0
    told_rows = [
        {"position": each.position, "at": each.at, "certificate": told(each.certificate, each.answer)}
        for each in rows
    ]
    return Page(told_rows, end if more else max(last, end, cursor), more)
