"""Figures from the roll-ups: folded lines and open ones, added up in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.db import connection

from training.targets.counting import Count, Period, Place, heads_column

By = Literal["", "child", "month", "year", "provider", "class"]

#: name of the count -> figure; None where the roll-ups hold no such 人数
Figures = dict[str, int | None]

_CODES = "funding, training_type, category, family, rank"
_OPEN_CODES = "o.funding, o.training_type, o.category, o.family, o.rank"
_SUMS = ("n", "amount_fen", "heads_year", "heads_plan", "heads_year_sub", "heads_plan_sub")
_FOLDED = tuple(f"t.{name}" for name in _SUMS)
_OPEN = (
    "o.n, o.amount_fen,"
    " o.n * ((o.firsts >> {low}) & 1), o.n * ((o.firsts >> ({low} + 1)) & 1),"
    " o.n * ((o.firsts >> ({low} + 8)) & 1), o.n * ((o.firsts >> ({low} + 9)) & 1)"
)
# One person sits in one class once, so the people of a class are its rows.
_FOLDED_CLASS = ("t.n", "t.amount_fen", "t.n", "t.n", "t.n", "t.n")
_OPEN_CLASS = "o.n, o.amount_fen, o.n, o.n, o.n, o.n"

#: How finely a line tells codes apart. Open lines have every code and serve both kinds of count.
_ANY, _SLIM, _FINE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Part:
    """One source of folded lines."""

    key: str
    source: str
    where: str
    sums: tuple[str, ...] = _FOLDED
    #: whether a key has many lines of one measure and combination
    is_many: bool = True

    def sql(self, grain: int, by_year: bool) -> str:
        """Lines of a key are added up before their codes are looked at, which are few then."""
        # Sums of int are bigint, and sums of those numeric: slow, and never that large.
        types = {"amount_fen": "bigint"}
        sums = ", ".join(
            f"sum({column})::{types.get(name, 'int')} AS {name}" if self.is_many else f"{column} AS {name}"
            for name, column in zip(_SUMS, self.sums, strict=True)
        )
        return (
            f"SELECT {self.key} AS key, {grain} AS grain, t.measure, t.dims_id, {sums} FROM {self.source}"
            f" WHERE {self.where} AND {_within('t', grain, by_year)}{' GROUP BY 1, 3, 4' if self.is_many else ''}"
        )


@dataclass(frozen=True, slots=True)
class _Open:
    """One source of open lines."""

    key: str
    source: str
    where: str
    sums: str

    def sql(self) -> str:
        return (
            f"SELECT {self.key}, {_ANY}, o.measure, {_OPEN_CODES}, {self.sums} FROM {self.source}"
            f" WHERE {self.where} AND {_within('o', _ANY, False)}"
        )


def _within(letter: str, grain: int, by_year: bool) -> str:
    """Open lines know months only; the bounds of the two kinds differ, so their names do."""
    column, suffix = ("year", "y") if by_year else ("month", "m")
    return (
        f"{letter}.measure = ANY (%(measures_{grain})s)"
        f" AND {letter}.{column} BETWEEN %(since_{suffix})s AND %(until_{suffix})s"
    )


def sums(place: Place, period: Period, counts: Mapping[str, Count], by: By = "") -> dict[str, Figures]:
    """The counts at a place, in one piece (key "") or by child, month, year, provider or class: {key: {name: n}}.

    Keys are texts: a division's code (its parent's own code for 本级), 2024-05, 2024, an institution's or a class's id
    ("0" for lines that name none). Only keys with lines are there; use :func:`one` for a single figure.
    """
    yearly = period.whole_years and by not in ("month", "class") and place.klass is None
    params: dict[str, Any] = {
        "region": place.region,
        "institution": place.institution,
        "klass": place.klass,
        "own": place.own,
        "since_m": period.first_month,
        "until_m": period.last_month,
        "since_y": period.since.year,
        "until_y": period.until.year,
        f"measures_{_ANY}": _measures(counts.values()),
    }
    folded = []
    for grain in (_SLIM, _FINE):
        asked = [count for count in counts.values() if _grain(count) == grain]
        if not asked:
            continue
        params[f"measures_{grain}"] = _measures(asked)
        only = _combinations(asked, params) if grain == _FINE else ""
        parts = _folded_parts(place, by, yearly, grain)
        folded += [replace(part, where=part.where + only).sql(grain, yearly) for part in parts]
    # Marks of 人数 are made for years and plans: within one of them they cannot be shared out by month.
    span = replace(period, since=period.first_month, until=period.first_month) if by == "month" else period
    columns = [_column(count, span, number, params) for number, count in enumerate(counts.values())]
    sums = ", ".join(_SUMS)
    pieces = [
        f"SELECT key, grain, measure, {_CODES}, {sums} FROM ({' UNION ALL '.join(folded)}) folded"
        " JOIN targets_dims d ON d.id = dims_id",
        *(part.sql() for part in _open_parts(place, by)),
    ]
    statement = (
        f"SELECT key, {', '.join(columns)} FROM ({' UNION ALL '.join(pieces)})"
        f" lines (key, grain, measure, {_CODES}, {sums}) GROUP BY key"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {
            str(key): {name: _whole(value) for name, value in zip(counts, values, strict=True)}
            for key, *values in cursor.fetchall()
        }


def _grain(count: Count) -> int:
    return _FINE if count.filter.is_detailed else _SLIM


def _measures(counts: Iterable[Count]) -> list[int]:
    return sorted({int(count.measure) for count in counts})


def _combinations(counts: list[Count], params: dict[str, Any]) -> str:
    """Only combinations of codes that one of the counts may want: they are few, and the keys of the cubes name them."""
    conditions = []
    for name in counts[0].filter.lists:
        wanted = [count.filter.lists.get(name) for count in counts]
        if all(wanted):
            params[f"wanted_{name}"] = sorted({code for codes in wanted if codes for code in codes})
            conditions.append(f"w.{name} = ANY (%(wanted_{name})s)")
    if rank := min(count.filter.min_rank for count in counts):
        conditions.append(f"w.rank >= {int(rank)}")
    if not conditions:
        return ""
    return f" AND t.dims_id = ANY (ARRAY(SELECT w.id FROM targets_dims w WHERE {' AND '.join(conditions)}))"


def one(place: Place, period: Period, counts: Mapping[str, Count]) -> Figures:
    """The counts of a place; zeros where it has no lines."""
    return sums(place, period, counts).get("") or nothing(period, counts)


def nothing(period: Period, counts: Mapping[str, Count]) -> Figures:
    """What a place without lines has: zeros, and None where no 人数 is held."""
    return {
        name: None if count.what == "heads" and heads_column(period, count.filter) is None else 0
        for name, count in counts.items()
    }


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _column(count: Count, period: Period, number: int, params: dict[str, Any]) -> str:
    column = heads_column(period, count.filter) if count.what == "heads" else count.what
    if column is None:
        return "NULL::bigint"
    other = _SLIM if _grain(count) == _FINE else _FINE
    conditions = [f"measure = {int(count.measure)}", f"grain <> {other}"]
    for name, codes in count.filter.lists.items():
        params[f"{name}_{number}"] = list(codes)
        conditions.append(f"{name} = ANY (%({name}_{number})s)")
    if count.filter.min_rank:
        conditions.append(f"rank >= {int(count.filter.min_rank)}")
    return f"coalesce(sum({column}) FILTER (WHERE {' AND '.join(conditions)}), 0)"


def _folded_parts(place: Place, by: By, yearly: bool, grain: int) -> list[_Part]:
    fine = grain == _FINE
    if place.is_node and by not in ("provider", "class"):
        table = f"targets_{'cube' if fine else 'node'}_{'year' if yearly else 'month'} t"
        if by == "child":
            return _child_parts(table)
        return [_Part(_key(by, "t", yearly), table, "t.node = %(region)s AND t.own = %(own)s")]
    if yearly:
        return [_provider_part(place, by, "targets_cube_provider t" if fine else "targets_provider_year t")]
    return _class_parts(place, by, "targets_cube_class t" if fine else "targets_class_month t")


def _open_parts(place: Place, by: By) -> list[_Open]:
    if not place.is_node or by in ("provider", "class"):
        return [_open_class_part(place, by)]
    if by == "child":
        return _open_child_parts()
    if place.own:
        return [_Open(_key(by, "o"), "targets_open o", "o.region_code = %(region)s", _OPEN.format(low=2))]
    low = "targets_node_bit((SELECT level::int FROM regions_region WHERE code = %(region)s))"
    below = "o.region_code IN (SELECT descendant_id FROM regions_closure WHERE ancestor_id = %(region)s)"
    return [_Open(_key(by, "o"), "targets_open o", below, _OPEN.format(low=low))]


def _key(by: By, letter: str, yearly: bool = False) -> str:
    if by == "month":
        return f"to_char({letter}.month, 'YYYY-MM')"
    if by == "year":
        return f"{letter}.year::text" if yearly else f"extract(year FROM {letter}.month)::int::text"
    return "''::text"


def _child_parts(table: str) -> list[_Part]:
    """Every division right below, and the place's own level (本级) under the place's own code."""
    return [
        _Part(
            "t.node",
            f"regions_region r JOIN {table} ON t.node = r.code AND NOT t.own",
            "r.parent_id = %(region)s",
        ),
        _Part("t.node", table, "t.node = %(region)s AND t.own"),
    ]


def _open_child_parts() -> list[_Open]:
    return [
        _Open(
            "r.code",
            "regions_region r JOIN regions_closure c ON c.ancestor_id = r.code"
            " JOIN targets_open o ON o.region_code = c.descendant_id",
            "r.parent_id = %(region)s",
            _OPEN.format(low="targets_node_bit(r.level::int)"),
        ),
        _Open("o.region_code", "targets_open o", "o.region_code = %(region)s", _OPEN.format(low=2)),
    ]


def _provider_part(place: Place, by: By, table: str) -> _Part:
    """Lines by provider and year: of one leaf division, of one provider, of both."""
    conditions = ["t.region_code = %(region)s"] if place.region else []
    if place.institution is not None:
        conditions.append("t.institution_id = %(institution)s")
    key = "t.institution_id::text" if by == "provider" else _key(by, "t", yearly=True)
    return _Part(key, table, " AND ".join(conditions) or "true")


def _class_parts(place: Place, by: By, table: str) -> list[_Part]:
    """Lines by class and, for certificates, by provider: of one leaf division, one provider, one class."""
    conditions = _class_conditions(place, "t")
    key = _class_key(by, "t")
    is_class = _is_class(place, by)
    sums, is_many = (_FOLDED_CLASS, False) if is_class else (_FOLDED, True)

    def part(source: str, *more: str) -> _Part:
        return _Part(key, source, " AND ".join([*conditions, *more]) or "true", sums, is_many)

    if place.institution is None:
        return [part(f"{table} LEFT JOIN classes_trainingclass k ON k.id = t.klass_id")]
    return [
        # Two ways in, so that each goes by its own index.
        part(
            f"classes_trainingclass k JOIN {table} ON t.klass_id = k.id AND t.klass_id > 0",
            "k.institution_id = %(institution)s",
        ),
        part(
            f"(SELECT NULL::bigint AS institution_id) k CROSS JOIN {table}",
            "t.institution_id = %(institution)s AND t.institution_id > 0",
        ),
    ]


def _open_class_part(place: Place, by: By) -> _Open:
    conditions = _class_conditions(place, "o")
    if place.institution is not None:
        conditions.append("coalesce(k.institution_id, o.institution_id) = %(institution)s")
    return _Open(
        _class_key(by, "o"),
        "targets_open o LEFT JOIN classes_trainingclass k ON k.id = o.klass_id",
        " AND ".join(conditions) or "true",
        _OPEN_CLASS if _is_class(place, by) else _OPEN.format(low=0),
    )


def _is_class(place: Place, by: By) -> bool:
    return by == "class" or place.klass is not None


def _class_conditions(place: Place, letter: str) -> list[str]:
    conditions = []
    if place.region:
        conditions.append(f"{letter}.region_code = %(region)s")
    if place.klass is not None:
        conditions.append(f"{letter}.klass_id = %(klass)s")
    return conditions


def _class_key(by: By, letter: str) -> str:
    if by == "class":
        return f"{letter}.klass_id::text"
    if by == "provider":
        return f"coalesce(k.institution_id, {letter}.institution_id)::text"
    return _key(by, letter)
