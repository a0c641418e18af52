"""The layouts that ship with the program, as first versions; what ships changed is a new version from that day on."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from certificates.printing import layouts, shipped
from certificates.printing.models import PageLayout
from registry.lib.dated import add_missing
from registry.lib.upsert import Counts

SINCE = date(2022, 1, 1)  # the year of the style standard that they follow
VERSION = 1


def load() -> dict[str, Counts]:
    """Add what is missing. A layout that an administrator adjusted is a later version, and stays in force."""
    rows = (
        (
            {"family": family, "version": VERSION},
            {"data": layouts.written(shipped.layout(family)), "valid_from": SINCE, "note": "随程序提供"},
        )
        for family in shipped.FAMILIES
    )
    counts = add_missing(PageLayout, rows)
    _renew()
    return {"layouts": counts}


def _renew() -> None:
    """A new version of every family whose newest is still ours and looks otherwise than what ships now."""
    newest: dict[str, PageLayout] = {}
    for row in PageLayout.objects.order_by("version"):
        newest[row.family] = row
    for family in shipped.FAMILIES:
        row, data = newest[family], layouts.written(shipped.layout(family))
        if row.made_by_id is None and row.data != data:
            PageLayout.objects.create(
                family=family,
                version=row.version + 1,
                data=data,
                valid_from=timezone.localdate(),
                note="随程序更新",
            )


def differences() -> list[str]:
    """Families whose shipped layout no row holds."""
    return sorted(
        set(shipped.FAMILIES)
        - set(PageLayout.objects.filter(version=VERSION).values_list("family", flat=True))
    )
