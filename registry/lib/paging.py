"""Keyset paging: a page begins after the last row seen, so row 7,000,000 costs what row 50 costs.

A row that is inserted or taken away meanwhile moves no other row across a page's edge: nothing is shown
twice or skipped. The cursor in the address names a place in the order, never a permission: scope is the
query's own.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

Row = TypeVar("Row")

_LONGEST_CURSOR = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the cursors of the pages beside them; empty where there is none."""

    rows: list[Row]
    next: str
    previous: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A row's values in the order, and whether the page wanted lies before it."""

    values: list[Any]
    before: bool


def keyset(queryset: QuerySet[Any, Row], order: Sequence[str], cursor: str = "", size: int = 50) -> Page[Row]:
    """One page of a query. `order` names fields, `-` in front for descending; they are never null and the
    last is unique. A cursor that cannot be read gives the first page.
    """
    place = _decoded(cursor, queryset, order)
    backwards = place is not None and place.before
    terms = [(name.lstrip("-"), name.startswith("-") != backwards) for name in order]
    found = queryset.order_by(*(f"-{name}" if down else name for name, down in terms))
    if place:
        found = found.filter(_beyond(terms, place.values))
    rows = list(found[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    return Page(
        rows,
        next=_encoded(rows[-1], order, before=False) if rows and (more or backwards) else "",
        previous=_encoded(rows[0], order, before=True) if rows and place and (more or not backwards) else "",
    )


def _beyond(terms: Sequence[tuple[str, bool]], values: Sequence[Any]) -> Q:
    """Rows after these values. The bound on the first field says nothing new; it lets the index begin
    there.
    """
    (first, down), *_ = terms
    bound = Q((f"{first}__{'lte' if down else 'gte'}", values[0]))
    any_of = Q()
    equal = Q()
    for (name, down), value in zip(terms, values, strict=True):
        any_of |= equal & Q((f"{name}__{'lt' if down else 'gt'}", value))
        equal &= Q((name, value))
    return bound & any_of


def _encoded(row: object, order: Sequence[str], *, before: bool) -> str:
    values = [str(_value(row, name.lstrip("-"))) for name in order]
    text = json.dumps([int(before), *values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str, queryset: QuerySet[Any, Any], order: Sequence[str]) -> _Place | None:
    if not cursor or len(cursor) > _LONGEST_CURSOR:
        return None
    try:
        before, *texts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if any(not isinstance(text, str) or "\0" in text for text in texts):
            return None
        pairs = zip(order, texts, strict=True)
        values = [_field(queryset, name.lstrip("-")).to_python(text) for name, text in pairs]
    except (ValueError, TypeError, RecursionError, ValidationError):
        return None
    return _Place(values, bool(before))


def _field(queryset: QuerySet[Any, Any], name: str) -> Field[Any, Any]:
    """The field behind a name of the order: of the model, of one it points to, or of an annotation."""
    if name in queryset.query.annotations:
        output: Field[Any, Any] = queryset.query.annotations[name].output_field
        return output
    model: type[Model] = queryset.model
    *path, last = name.split("__")
    for step in path:
        related = model._meta.get_field(step).related_model
        if related is None or isinstance(related, str):
            raise FieldDoesNotExist(name)
        model = related
    field = model._meta.get_field(last)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field.target_field if isinstance(field, ForeignKey) else field


def _value(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row[name]
    for step in name.split("__"):
        row = getattr(row, step)
    return row.pk if isinstance(row, Model) else row
