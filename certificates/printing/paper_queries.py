"""Nouns of blank paper, within a reader's scope: what is where, what is low, what has not been counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db.models import Count, Max, QuerySet

from certificates.issuance.models import Certificate
from certificates.printing.models import PrintCopy
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet, Stocktaking
from registry.accounts.scopes import within
from registry.institutions.models import Institution
from registry.lib import figures
from registry.lib.scope import Scope

State = Sheet.State


class Held(NamedTuple):
    """The paper of one institution and family: sheets by state, and what is to be looked after."""

    institution: Institution
    family: str
    sheets: Counter[str]
    low: bool
    counted_on: date | None
    due: bool

    @property
    def label(self) -> str:
        return str(Certificate.Family(self.family).label)

    @property
    def received(self) -> int:
        return self.sheets.total() - self.sheets[State.SENT]

    @property
    def wasted(self) -> int:
        """Spoiled or taken back: what waits to be destroyed and what was."""
        return self.sheets[State.SPOILED] + self.sheets[State.DESTROYED]


def requests(scope: Scope) -> QuerySet[PaperRequest]:
    """Requisitions of the reader's institution, or of the division and below."""
    seen = within(scope, region_field="region_code", institution_field="institution_id")
    return PaperRequest.objects.filter(seen).select_related("institution", "maker")


def destructions(scope: Scope) -> QuerySet[Destruction]:
    """Lists of sheets to be destroyed, and destroyed ones."""
    seen = within(scope, region_field="region_code", institution_field="institution_id")
    return Destruction.objects.filter(seen).select_related("institution", "maker")


def countings(scope: Scope) -> QuerySet[Stocktaking]:
    seen = within(scope, region_field="region_code", institution_field="institution_id")
    return Stocktaking.objects.filter(seen).select_related("institution", "maker")


def sheets(scope: Scope) -> QuerySet[Sheet]:
    """Every numbered sheet with the requisition by which it came."""
    seen = within(scope, region_field="institution__region_id", institution_field="institution_id")
    return Sheet.objects.filter(seen).select_related("institution", "request", "destruction")


def booked(institution_id: int, family: str) -> Counter[str]:
    """Sheets of one institution and family by state, as the books have them."""
    found = Sheet.objects.filter(institution_id=institution_id, family=family)
    return Counter(dict(found.order_by().values_list("state").annotate(n=Count("id"))))


def held(scope: Scope, today: date) -> list[Held]:
    """What lies where, by institution and family; what is low or has not been counted this quarter says so."""
    found: dict[tuple[int, str], Counter[str]] = {}
    rows = sheets(scope).select_related(None).order_by()
    for institution, family, state, n in rows.values_list("institution_id", "family", "state").annotate(
        n=Count("id")
    ):
        found.setdefault((institution, family), Counter())[state] = n
    bodies = Institution.objects.in_bulk({institution for institution, _family in found})
    last = {
        (institution, family): on
        for institution, family, on in countings(scope)
        .order_by()
        .values_list("institution_id", "family")
        .annotate(on=Max("on"))
    }
    least, begun = figures.number("printing.low_stock"), quarter(today)
    made = []
    for (institution, family), counts in found.items():
        on = last.get((institution, family))
        made.append(
            Held(
                bodies[institution],
                family,
                counts,
                low=counts[State.STOCK] < least,
                counted_on=on,
                due=on is None or on < begun,
            )
        )
    return sorted(made, key=lambda one: (one.institution.name, one.family))


def quarter(day: date) -> date:
    """The first day of the quarter."""
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def next_serial(institution_id: int, family: str) -> str:
    """The sheet that lies on top: the first in stock; empty where there is none."""
    rows = Sheet.objects.filter(institution_id=institution_id, family=family, state=State.STOCK)
    return rows.order_by("id").values_list("serial", flat=True).first() or ""


def printed_on(serials: Sequence[str]) -> dict[str, Certificate]:
    """Which certificate was printed on each of these sheets, which the reader has fetched."""
    found = PrintCopy.objects.filter(stock__in=[one for one in serials if one]).select_related("certificate")
    return {copy.stock: copy.certificate for copy in found}
