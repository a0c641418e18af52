"""The layouts that ship with the program, as first versions."""

from __future__ import annotations

from datetime import date

from certificates.printing import layouts, shipped
from certificates.printing.models import PageLayout
from registry.lib.dated import add_missing
from registry.lib.upsert import Counts

SINCE = date(2022, 1, 1)  # the year of the style standard that they follow
VERSION = 1


def load() -> dict[str, Counts]:
    """Add what is missing; a layout that an administrator adjusted is a later version."""
    rows = (
        (
            {"family": family, "version": VERSION},
            {"data": layouts.written(shipped.layout(family)), "valid_from": SINCE, "note": "随程序提供"},
        )
        for family in shipped.FAMILIES
    )
    return {"layouts": add_missing(PageLayout, rows)}


def differences() -> list[str]:
    """Families whose shipped layout no row holds."""
    return sorted(
        set(shipped.FAMILIES)
        - set(PageLayout.objects.filter(version=VERSION).values_list("family", flat=True))
    )
