"""Rows that hold from a day to a day, both included: which are in force, and those that ship with the program."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

from django.db import IntegrityError, transaction
from django.db.models import Field, Model, Q

from registry.lib.upsert import Counts

M = TypeVar("M", bound=Model)


def in_force(day: date) -> Q:
    """The filter of rows with `valid_from` and `valid_to` that hold on a day; an open end holds for good."""
    return Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gte=day))


def shipped(path: Path) -> list[dict[str, str]]:
    """The lines of a csv that ships with the program."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add_missing(model: type[M], rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Counts:
    """Add the rows (key, other columns) that no row holds; one that is there stays, changed by somebody or not.

    All keys are of the same columns. Of two rows with one key the first counts.
    """
    lines = list(rows)
    if not lines:
        return Counts()
    columns = [cast("Field[Any, Any]", model._meta.get_field(name)) for name in lines[0][0]]
    held = set(model._default_manager.values_list(*lines[0][0]))
    missing: dict[tuple[Any, ...], M] = {}
    for key, others in lines:
        known = tuple(column.to_python(key[name]) for column, name in zip(columns, key, strict=True))
        if known not in held:
            missing.setdefault(known, model(**key, **others))
    try:
        with transaction.atomic():
            added = len(model._default_manager.bulk_create(missing.values()))
    except IntegrityError:
        # Somebody adds the same at this moment.
        made = [model._default_manager.get_or_create(**key, defaults=dict(others)) for key, others in lines]
        added = sum(new for _row, new in made)
    return Counts(added=added, unchanged=len(lines) - added)


def dated_key(row: Mapping[str, str]) -> dict[str, Any]:
    """What a shipped line with `code` and `valid_from` is known by."""
    return {"code": row["code"], "valid_from": date.fromisoformat(row["valid_from"])}
