"""Figures from the roll-ups: folded lines and open ones, asked for in one statement and added up here.

The functions of sql/read.sql find the lines and add up those that no count tells apart; what is left are a few
hundred, and every count takes its own from them. All questions of a statement are answered from one snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.db import connection

from training.targets.counting import Count, Period, Place, heads_column

By = Literal["", "child", "month", "year", "provider", "class"]

#: name of the count -> figure; None where the roll-ups hold no such 人数
Figures = dict[str, int | None]

_CODES = ("funding", "training_type", "category", "family")
_SUMS = ("n", "amount_fen", "heads_year", "heads_plan", "heads_year_sub", "heads_plan_sub")
#: number of the question, key, grain, measure, the codes, rank, and then the sums
_FIRST_CODE, _RANK, _FIRST_SUM = 4, 8, 9
_COLUMNS = f"key, %s, measure, {', '.join(_CODES)}, rank, {', '.join(_SUMS)}"
#: What a function is asked besides its place. Open lines know no combinations that could be wanted.
_ASKED = "%s, %s::smallint[], %s, %s, {wanted}%s"
_WANTED = "targets_wanted(%s::text[], %s::text[], %s::text[], %s::text[], %s), "

#: How finely a line tells codes apart. Open lines have every code and serve both kinds of count.
_ANY, _SLIM, _FINE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Question:
    """The counts at a place, in one piece (key "") or by child, month, year, provider or class."""

    place: Place
    period: Period
    counts: Mapping[str, Count]
    by: By = ""

    @property
    def by_year(self) -> bool:
        """Whether the tables by year can answer."""
        return self.period.whole_years and self.by not in ("month", "class") and self.place.klass is None

    @property
    def marked(self) -> Period:
        """Marks of 人数 are made for years and plans: within one of them they cannot be shared out by month."""
        first = self.period.first_month
        return replace(self.period, since=first, until=first) if self.by == "month" else self.period


def sums(place: Place, period: Period, counts: Mapping[str, Count], by: By = "") -> dict[str, Figures]:
    """The answer to one question: {key: {name: n}}.

    Keys are texts: a division's code (its parent's own code for 本级), 2024-05, 2024, an institution's or a class's id
    ("0" for lines that name none). Only keys with lines are there; use :func:`one` for a single figure.
    """
    return answers({"": Question(place, period, counts, by)})[""]


def one(place: Place, period: Period, counts: Mapping[str, Count]) -> Figures:
    """The counts of a place; zeros where it has no lines."""
    return sums(place, period, counts).get("") or nothing(period, counts)


def nothing(period: Period, counts: Mapping[str, Count]) -> Figures:
    """What a place without lines has: zeros, and None where no 人数 is held."""
    return {
        name: None if count.what == "heads" and heads_column(period, count.filter) is None else 0
        for name, count in counts.items()
    }


def answers(questions: Mapping[str, Question]) -> dict[str, dict[str, Figures]]:
    """The answer to each question by its name, all of the same moment."""
    sources = [source for number, one in enumerate(questions.values()) for source in _sources(number, one)]
    params: list[Any] = []
    for source in sources:
        params += source.params
    found: list[list[tuple[Any, ...]]] = [[] for _one in questions]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(source.sql for source in sources), params)
        for row in cursor.fetchall():
            found[row[0]].append(row)
    told = {(source.question, source.grain): source.told for source in sources}
    return {
        name: _added(
            question,
            found[number],
            {grain: codes for (asked, grain), codes in told.items() if asked == number},
        )
        for number, (name, question) in enumerate(questions.items())
    }


# --- which lines to ask for --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """One function that finds lines for a question. `told` names the codes that its lines tell apart."""

    question: int
    grain: int
    told: frozenset[str]
    sql: str
    params: list[Any]


def _sources(number: int, question: Question) -> Iterable[_Source]:
    counts = list(question.counts.values())
    for grain in (_SLIM, _FINE):
        asked = [count for count in counts if _grain(count) == grain]
        if asked:
            yield _folded(number, grain, question, asked)
    told = frozenset(name for count in counts for name in _conditions(count))
    name, place = _open_function(question)
    yield _source(number, _ANY, question, counts, name, place, told)


def _folded(number: int, grain: int, question: Question, counts: list[Count]) -> _Source:
    """Lines of the tables. What all fine counts ask of a code alike is asked of the table and not looked at again."""
    name, place = _folded_function(question, grain)
    conditions = [_conditions(count) for count in counts]
    names = {name for asked in conditions for name in asked}
    if grain == _SLIM:
        return _source(number, grain, question, counts, name, place, frozenset(names))
    shared = {name: {code for asked in conditions for code in asked.get(name, ())} for name in _CODES}
    wanted: list[Any] = [
        sorted(shared[name]) if all(name in asked for asked in conditions) else None for name in _CODES
    ]
    wanted.append(min(count.filter.min_rank for count in counts))
    alike = {
        name for name in names if all(asked.get(name) == conditions[0].get(name) for asked in conditions)
    }
    return _source(number, grain, question, counts, name, place, frozenset(names - alike), wanted)


def _source(
    number: int,
    grain: int,
    question: Question,
    counts: list[Count],
    function: str,
    place: list[Any],
    told: frozenset[str],
    wanted: list[Any] | None = None,
) -> _Source:
    period = question.period
    asked = _ASKED.format(wanted=_WANTED if wanted else "NULL, " if grain else "")
    marks = ", ".join(["%s"] * len(place))
    by = question.by if question.by != "child" else ""
    params = [number, grain, *place, by, sorted({int(count.measure) for count in counts})]
    params += [period.first_month, period.last_month, *(wanted or []), _bits(told)]
    return _Source(number, grain, told, f"SELECT %s, {_COLUMNS} FROM {function}({marks}, {asked})", params)


def _bits(told: frozenset[str]) -> int:
    return sum(1 << bit for bit, name in enumerate((*_CODES, "rank")) if name in told)


def _grain(count: Count) -> int:
    return _FINE if count.filter.is_detailed else _SLIM


def _conditions(count: Count) -> dict[str, Any]:
    """What a count asks of codes, the lowest rank among it."""
    rank = count.filter.min_rank
    return {**count.filter.lists, "rank": rank} if rank else dict(count.filter.lists)


def _folded_function(question: Question, grain: int) -> tuple[str, list[Any]]:
    place, fine = question.place, grain == _FINE
    if place.is_node and question.by not in ("provider", "class"):
        table = f"targets_{'cube' if fine else 'node'}_{'year' if question.by_year else 'month'}"
        if question.by == "child":
            return f"{table}_below", [place.region]
        return f"{table}_lines", [place.region, place.own]
    if question.by_year:
        table = "targets_cube_provider" if fine else "targets_provider_year"
        if place.institution is None:
            return f"{table}_lines", [place.region]
        return f"{table}_of_one", [place.region, place.institution]
    table = "targets_cube_class" if fine else "targets_class_month"
    if place.institution is None:
        return f"{table}_lines", [place.region, place.klass]
    return f"{table}_of_one", [place.region, place.institution, place.klass]


def _open_function(question: Question) -> tuple[str, list[Any]]:
    place = question.place
    if not place.is_node or question.by in ("provider", "class"):
        return "targets_open_classes", [place.region, place.institution, place.klass]
    if question.by == "child":
        return "targets_open_below", [place.region]
    return "targets_open_lines", [place.region, place.own]


# --- and what each count takes from them -------------------------------------------------------------


def _added(
    question: Question, rows: list[tuple[Any, ...]], told: Mapping[int, frozenset[str]]
) -> dict[str, Figures]:
    """Every count adds up its own lines: few kinds of line occur, and who takes a kind is worked out once."""
    blank = nothing(question.marked, question.counts)
    wishes = {grain: list(_wishes(question, grain, codes)) for grain, codes in told.items()}
    found: dict[str, Figures] = {}
    takers: dict[tuple[Any, ...], list[tuple[str, int]]] = {}
    for row in rows:
        kind = row[2:_FIRST_SUM]
        if (takes := takers.get(kind)) is None:
            takes = takers[kind] = [wish.takes for wish in wishes[row[2]] if wish.fits(row)]
        if (figures := found.get(row[1])) is None:
            figures = found[row[1]] = blank.copy()
        for name, column in takes:
            figures[name] += row[column]
    return found


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one count takes, by name and column, of which lines."""

    takes: tuple[str, int]
    measure: int
    codes: list[tuple[int, frozenset[str]]]
    min_rank: int

    def fits(self, row: tuple[Any, ...]) -> bool:
        return (
            row[3] == self.measure
            and all(row[place] in wanted for place, wanted in self.codes)
            and row[_RANK] >= self.min_rank
        )


def _wishes(question: Question, grain: int, told: frozenset[str]) -> Iterable[_Wish]:
    """Those of the counts that lines of a grain serve."""
    for name, count in question.counts.items():
        column = heads_column(question.marked, count.filter) if count.what == "heads" else count.what
        if column is None or grain not in (_ANY, _grain(count)):
            continue
        asked = count.filter.lists
        codes = [
            (_FIRST_CODE + place, frozenset(asked[code]))
            for place, code in enumerate(_CODES)
            if code in asked and code in told
        ]
        rank = count.filter.min_rank if "rank" in told else 0
        yield _Wish((name, _FIRST_SUM + _SUMS.index(column)), int(count.measure), codes, rank)
