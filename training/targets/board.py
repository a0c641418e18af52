"""Everything the board shows, gathered once for the page and for the workbook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from registry.lib.scope import Scope
from training.catalogue.codes import TrainingType
from training.targets import indicators, numbers, places, progress, queries, sums, wording
from training.targets.counting import Count, Place
from training.targets.models import Discrepancy
from training.targets.numbers import Numbered
from training.targets.places import Division
from training.targets.progress import Progress
from training.targets.queries import Held, Line
from training.targets.selection import Selection
from training.targets.sums import By, Figures, Question

#: What a table below the figures lists.
DIVISIONS, PROVIDERS, CLASSES = "divisions", "providers", "classes"


@dataclass(frozen=True, slots=True)
class Board:
    """Figures of one selection. `lines` are divisions, providers or classes, as `below` says."""

    selection: Selection
    today: date
    #: from the province down to the place
    way: list[Division]
    figures: Figures
    progress: Progress
    types: dict[str, int]
    below: str
    lines: list[Line]
    #: 人次 month by month; None where there is nothing to share out
    months: dict[str, Figures] | None
    numbers: list[Numbered]
    remarks: list[Discrepancy]

    @property
    def per_person(self) -> Decimal | None:
        """人均次数 = 人次 / 人数."""
        times, people = self.figures["n"], self.figures["heads"]
        return Decimal(times) / people if times is not None and people else None

    @property
    def at_root(self) -> bool:
        return self.selection.place == self.selection.root

    def month_rows(self) -> list[tuple[int, list[tuple[str, int]]]]:
        """By year, twelve (month, 人次); months of the period without rows are zero."""
        done = {key: figures["n"] or 0 for key, figures in (self.months or {}).items()}
        keys = {
            year: [f"{year}-{month:02}" for month in range(1, 13)] for year in self.selection.period.years
        }
        return [(year, [(key, done.get(key, 0)) for key in months]) for year, months in keys.items()]


def gather(scope: Scope, chosen: Selection, today: date) -> Board:
    """A fixed number of statements, whatever the number of rows, divisions and classes.

    All figures come from one of them, so that those of a place and of what lies below it are of the same moment.
    """
    plan, period, counts = chosen.plan, chosen.period, chosen.counts
    place = places.narrowed(scope, plan, chosen.place)
    way = places.path(place.region)
    at_root = place == chosen.root
    asked = _questions(chosen, place, way, today)
    found = sums.answers(asked)
    whole = {name: found[name].get("") or sums.nothing(one.period, one.counts) for name, one in asked.items()}
    held = queries.with_people(place, period, chosen.indicator, whole[_HERE])
    if at_root:
        # Of the same years as the plan's own numbers: then they were asked for along with the figures.
        whole.setdefault(numbers.PRINTED, _named(held, _NUMBER))
    below, lines = _below(scope, chosen, way, today, found.get(_BELOW))
    return Board(
        selection=chosen,
        today=today,
        way=way,
        figures={name: held[name] for name in counts},
        progress=against(chosen, held["n"], today),
        types={code: n or 0 for code, n in _named(held, _TYPE).items()},
        below=below,
        lines=lines,
        months=found[_MONTHS] if _MONTHS in found and found[_HERE] else None,
        numbers=numbers.numbers(scope, plan, place, today, whole) if at_root else [],
        remarks=numbers.remarks(scope, plan) if at_root else [],
    )


#: Names of the questions of a board, and the beginnings of names of counts that are no columns of its tables.
_HERE, _BELOW, _MONTHS = "here", "below", "months"
_TYPE, _NUMBER = "type/", "number/"


def _questions(chosen: Selection, place: Place, way: list[Division], today: date) -> dict[str, Question]:
    period, counts = chosen.period, chosen.counts
    here = counts | {f"{_TYPE}{code}": _of_type(counts["n"], code) for code in TrainingType.values}
    asked: dict[str, Question] = {}
    if place == chosen.root:
        asked |= numbers.questions(chosen.plan, place, today)
        if period == chosen.whole:
            printed = asked.pop(numbers.PRINTED)
            here |= {f"{_NUMBER}{name}": count for name, count in printed.counts.items()}
    asked[_HERE] = Question(place, period, here)
    if place.klass is None:
        leaf = places.is_leaf(place, way)
        by: By = "class" if place.institution is not None else "provider" if leaf else "child"
        asked[_BELOW] = Question(place, period, counts, by)
    if len(period.key) != len("2024-05"):
        asked[_MONTHS] = Question(place, period, {"n": counts["n"]}, "month")
    return asked


def _named(held: Figures, start: str) -> Figures:
    return {name.removeprefix(start): figure for name, figure in held.items() if name.startswith(start)}


def _of_type(main: Count, code: str) -> Count:
    """The main count of one kind of training; a type that its own filter shuts out counts nothing."""
    allowed = main.filter.training_type
    wanted = (code,) if not allowed or code in allowed else ("",)
    return replace(main, filter=replace(main.filter, training_type=wanted))


def _below(
    scope: Scope, chosen: Selection, way: list[Division], today: date, held: Held | None
) -> tuple[str, list[Line]]:
    plan, place, period, indicator = chosen.plan, chosen.place, chosen.period, chosen.indicator
    if place.klass is not None:
        return CLASSES, []
    if place.institution is not None:
        return CLASSES, queries.classes(scope, plan, place, period, indicator, held)
    if places.is_leaf(place, way):
        return PROVIDERS, queries.providers(scope, plan, place, period, indicator, held)
    lines = queries.children(scope, plan, place, period, indicator, today, held)
    return DIVISIONS, [replace(line, name=line.name or wording.place_name(line.place)) for line in lines]


def against(chosen: Selection, done: int | None, today: date) -> Progress:
    """The whole place against the plan's number, or against what was handed down to it."""
    target = indicators.target_of(chosen.plan, chosen.place, chosen.period, chosen.indicator)
    if target is None:
        return Progress(
            progress.State.NO_TARGET,
            done=done,
            time=progress.elapsed(chosen.period.since, chosen.period.until, today),
        )
    return progress.against(done or 0, target, chosen.period.since, chosen.period.until, today)


def target_chart(board: Board, links: list[str]) -> dict[str, Any]:
    """Target and done side by side for charts.js; without any target only what is done."""
    lines = board.lines
    targets = [line.progress.target if line.progress else None for line in lines]
    chart: dict[str, Any] = {
        "type": "target",
        "unit": _("人次"),
        "categories": [line.name for line in lines],
        "target": [None if target is None else int(target) for target in targets],
        "done": [line.figures["n"] for line in lines],
        "links": links,
    }
    if any(target is not None for target in targets):
        chart["rate"] = [_share(line.progress) for line in lines]
        chart["due"] = [_due(line.progress) for line in lines]
    return chart


def _share(found: Progress | None) -> float | None:
    return None if found is None or found.rate is None else round(float(found.rate), 4)


def _due(found: Progress | None) -> int | None:
    return None if found is None or found.due is None else int(found.due)


def pie_chart(board: Board) -> dict[str, Any]:
    items = [
        {"name": str(TrainingType(code).label), "value": value}
        for code, value in board.types.items()
        if value > 0
    ]
    return {"type": "pie", "unit": _("人次"), "items": items}


def heat_chart(board: Board, links: dict[str, str]) -> dict[str, Any]:
    rows = board.month_rows()
    return {
        "type": "heat",
        "unit": _("人次"),
        "columns": [_("%(month)d月") % {"month": month} for month in range(1, 13)],
        "rows": [str(year) for year, _cells in rows],
        "cells": [
            [column, row, value]
            for row, (_year, cells) in enumerate(rows)
            for column, (_key, value) in enumerate(cells)
        ],
        "links": {
            f"{column},{row}": links[key]
            for row, (_year, cells) in enumerate(rows)
            for column, (key, value) in enumerate(cells)
            if value and key in links
        },
    }
