"""Nouns over batches: what a reader may see of them, and the rows of one with their cells and faults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q, QuerySet

from registry.accounts.scopes import within
from registry.intake import kinds, staging
from registry.intake.columns import Column
from registry.intake.models import Batch, Issue, RejectedRow
from registry.lib.money import format_yuan
from registry.lib.scope import Scope

State = Batch.State
View = Literal["error", "warning", "accepted", "corrected"]

_BRIEF = 12  # characters

#: What somebody has to do something about.
WAITING = (State.REVIEW, State.FAILED)
PAGE_ROWS = 50
MOST_COLUMNS = 6
#: The first groups of required columns name the person.
WHO_COLUMNS = 2


def batches(scope: Scope, *, state: str = "", kind: str = "", text: str = "") -> QuerySet[Batch]:
    """Batches the reader may see, newest first. `text` is part of a file's name."""
    found = Batch.objects.filter(_visible(scope)).select_related(
        "uploaded_by", "institution", "region", "progress"
    )
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(file_name__icontains=text)
    # Ids are made in the order of time, so that they page as well as they sort.
    return found.order_by("-id")


def batch(scope: Scope, batch_id: UUID) -> Batch | None:
    """One batch, None when it is absent or not for this reader."""
    found = batches(scope).filter(pk=batch_id)
    return found.first()


def waiting(scope: Scope) -> QuerySet[Batch]:
    """Batches that cannot go on without a person."""
    return batches(scope).filter(state__in=WAITING)


def _visible(scope: Scope) -> Q:
    """A provider's own; a division's, whether handed in there or by a provider that sits there."""
    return within(scope, region_field="region_id", institution_field="institution_id") | within(
        scope, region_field="institution__region_id"
    )


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as a page may show it: numbers of people only masked."""

    heading: str
    text: str
    severity: str = ""

    @property
    def is_brief(self) -> bool:
        """Dates, names and numbers of classes: better read in one line than in a narrow column."""
        return len(self.text) <= _BRIEF


@dataclass(slots=True)
class ShownRow:
    """A row of the sheet with what was found wrong with it; ``unchecked``: corrected on screen and not judged since."""

    row: int
    correction: Literal["", "corrected", "unchecked"] = ""
    cells: list[ShownCell] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Some rows of one tab, and the row number to go on after (None at the end)."""

    headings: list[str]
    rows: list[ShownRow]
    next: int | None


def rows(
    scope: Scope,
    of: Batch,
    view: View,
    *,
    code: str = "",
    row: int | None = None,
    after: int = 0,
    size: int = PAGE_ROWS,
) -> RowsPage:
    """Rows of a batch that `view` names, in the order of the sheet, from the one after `after`.

    `code` keeps rows with that issue, `row` one row only. Once the staged rows are gone (registered,
    cancelled) only the faults are told.
    """
    if batch(scope, of.pk) is None:
        return RowsPage([], [], None)
    columns = _shown_columns(of, view) if _staged(of) else []
    match view:
        case "accepted":
            numbers = _accepted_numbers(of, row, after, size + 1)
        case "corrected":
            numbers = _corrected_numbers(of, row, after, size + 1)
        case _:
            numbers = _faulty_numbers(of, view, code, row, after, size + 1)
    more, numbers = len(numbers) > size, numbers[:size]
    return RowsPage(
        headings=[heading for heading, _name in columns],
        rows=_filled(of, numbers, columns, view),
        next=numbers[-1] if more else None,
    )


def _staged(of: Batch) -> bool:
    with connection.cursor() as cursor:
        return staging.intact(cursor, of.pk, of.staged_rows)


def codes(scope: Scope, of: Batch, severity: str) -> list[tuple[str, int]]:
    """(code, rows with it), the commonest first."""
    if batch(scope, of.pk) is None:
        return []
    found = Issue.objects.filter(batch=of, severity=severity).values_list("code")
    return list(found.annotate(n=Count("row", distinct=True)).order_by("-n", "code"))


def _faulty_numbers(of: Batch, view: View, code: str, row: int | None, after: int, limit: int) -> list[int]:
    found = Issue.objects.filter(batch=of, severity=view, row__gt=after)
    if code:
        found = found.filter(code=code)
    if row is not None:
        found = found.filter(row=row)
    return list(found.order_by("row").values_list("row", flat=True).distinct()[:limit])


def _corrected_numbers(of: Batch, row: int | None, after: int, limit: int) -> list[int]:
    found = RejectedRow.objects.filter(batch=of, row__gt=after).exclude(corrected=None)
    if row is not None:
        found = found.filter(row=row)
    return list(found.order_by("row").values_list("row", flat=True)[:limit])


def _accepted_numbers(of: Batch, row: int | None, after: int, limit: int) -> list[int]:
    if not _staged(of):
        return []
    with connection.cursor() as cursor:
        # The batch's own table: its name is made of the batch's id alone.
        sql = f'SELECT "row" FROM {staging.table(of.pk)} WHERE NOT bad AND "row" > %s'
        params: list[int] = [after]
        if row is not None:
            sql, params = f'{sql} AND "row" = %s', [after, row]
        cursor.execute(f'{sql} ORDER BY "row" LIMIT {int(limit)}', params)
        return [number for (number,) in cursor.fetchall()]


def _filled(of: Batch, numbers: Sequence[int], columns: list[tuple[str, str]], view: View) -> list[ShownRow]:
    found = {number: ShownRow(number) for number in numbers}
    for issue in Issue.objects.filter(batch=of, row__in=numbers).order_by("row", "id"):
        found[issue.row].issues.append(issue)
    kept = RejectedRow.objects.filter(batch=of, row__in=numbers).exclude(corrected=None, checked=True)
    for row, checked in kept.values_list("row", "checked"):
        found[row].correction = "corrected" if checked else "unchecked"
    values = _staged_values(of, numbers, [name for _heading, name in columns])
    for shown in found.values():
        marks = {issue.column: issue.severity for issue in reversed(shown.issues)}
        texts = values.get(shown.row, [""] * len(columns))
        shown.cells = [
            ShownCell(heading, text, marks.get(heading, ""))
            for (heading, _name), text in zip(columns, texts, strict=True)
        ]
    return list(found.values())


def _staged_values(of: Batch, numbers: Sequence[int], names: list[str]) -> dict[int, list[str]]:
    if not names or not numbers:
        return {}
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "row", {listed} FROM {staging.table(of.pk)} WHERE "row" = ANY(%s)', [list(numbers)]
        )
        return {
            line[0]: [_text(name, value) for name, value in zip(names, line[1:], strict=True)]
            for line in cursor.fetchall()
        }


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    return format_yuan(value) if name.endswith("_fen") else str(value)


def _shown_columns(of: Batch, view: View) -> list[tuple[str, str]]:
    """(heading as printed, staged column) of the few by which a reviewer knows a row and sees what is wrong.

    No number of a person is shown in clear. Who it is comes first, then the columns at fault, then what else
    is required.
    """
    spec = kinds.get(of.kind).spec
    printed: dict[str, str] = of.sheet.get("mapping", {})
    faulty = _faulty_headings(of, view)

    def rank(column: Column) -> int:
        if any(column.key in group for group in spec.required[:WHO_COLUMNS]):
            return 0
        if printed[column.key] in faulty:
            return 1 + faulty.index(printed[column.key])
        return 100 if any(column.key in group for group in spec.required) else 200

    order = sorted((column for column in spec.columns if column.key in printed), key=rank)
    found = [(printed[column.key], name) for column in order if (name := _shown_name(column))]
    return found[:MOST_COLUMNS]


def _faulty_headings(of: Batch, view: View) -> list[str]:
    """Headings of the columns with most faults of this tab, the worst first."""
    found = Issue.objects.filter(batch=of, severity=view).values_list("column")
    return [heading for heading, _n in found.annotate(n=Count("id")).order_by("-n", "column")]


def _shown_name(column: Column) -> str:
    """The staged column that may be shown: the mask where there is one, never ciphertext, index or key."""
    masks = [name for name, _type in column.staged if name.endswith("mask")]
    if masks:
        return masks[0]
    if column.choices or any(name.endswith(("sealed", "bidx")) for name, _type in column.staged):
        return ""
    plain = [name for name, sql_type in column.staged if sql_type != "bytea" and not name.endswith("_key")]
    return plain[0] if plain else ""
