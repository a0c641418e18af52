"""The reasons and limits in force on a day. Where no row says anything, those that ship with the program hold."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from django.utils import timezone

from registry.exports.models import ReadingLimit, ReadingReason
from registry.lib.dated import add_missing, dated_key, in_force, shipped
from registry.lib.upsert import Counts

_DATA = Path(__file__).parent / "data"
LIMITS, REASONS = _DATA / "limits.csv", _DATA / "reasons.csv"
Use = Literal["reveal", "export"]


def limit(code: str, day: date | None = None) -> int:
    """The value in force, by default today. Raises KeyError for a code that does not ship with the program."""
    on = day or timezone.localdate()
    found = (
        ReadingLimit.objects.filter(in_force(on), code=code)
        .order_by("-valid_from")
        .values_list("value", flat=True)
        .first()
    )
    return _shipped_limits()[code] if found is None else found


def days_kept(*, whole: bool) -> int:
    """How many days a file is kept, with numbers in full or masked."""
    return limit("export_whole_days_kept" if whole else "export_days_kept")


def downloads(*, whole: bool) -> int:
    """How often it may be fetched."""
    return limit("export_whole_downloads" if whole else "export_downloads")


def reasons(use: Use, day: date | None = None) -> dict[str, str]:
    """Code → words of the reasons that may be given, in the order of forms."""
    on = day or timezone.localdate()
    rows = ReadingReason.objects.filter(in_force(on))
    found = dict(rows.filter(**{f"for_{use}": True}).values_list("code", "label"))
    if found or ReadingReason.objects.exists():
        return found
    return {row["code"]: row["label"] for row in shipped(REASONS) if row[f"for_{use}"] == "1"}


def labels() -> dict[str, str]:
    """Code → words of every reason that ever was, the newest words first to count."""
    known = {row["code"]: row["label"] for row in shipped(REASONS)}
    return known | dict(ReadingReason.objects.order_by("valid_from").values_list("code", "label"))


def load() -> dict[str, Counts]:
    """Add the rows that ship with the program and are missing; rows that an administrator changed stay as they are."""
    limits = (
        (dated_key(row), {"value": int(row["value"]), "document_no": row["document_no"]})
        for row in shipped(LIMITS)
    )
    named = (
        (
            dated_key(row),
            {
                "label": row["label"],
                "for_reveal": row["for_reveal"] == "1",
                "for_export": row["for_export"] == "1",
                "place": int(row["place"]),
            },
        )
        for row in shipped(REASONS)
    )
    return {
        "reading limits": add_missing(ReadingLimit, limits),
        "reading reasons": add_missing(ReadingReason, named),
    }


def differences() -> list[str]:
    """Codes of shipped limits and reasons that no row holds any more, changed or not."""
    wanted = {row["code"] for row in shipped(LIMITS)} - set(
        ReadingLimit.objects.values_list("code", flat=True)
    )
    return sorted(
        wanted
        | (
            {row["code"] for row in shipped(REASONS)}
            - set(ReadingReason.objects.values_list("code", flat=True))
        )
    )


@cache
def _shipped_limits() -> dict[str, int]:
    return {row["code"]: int(row["value"]) for row in shipped(LIMITS)}
