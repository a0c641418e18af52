"""Figures from the roll-ups: folded lines and open ones, added up in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from django.db import connection

from training.targets.counting import Count, Period, Place, heads_column

By = Literal["", "child", "month", "year", "provider", "class"]

#: name of the count -> figure; None where the roll-ups hold no such 人数
Figures = dict[str, int | None]

_CODES = "{a}.funding, {a}.training_type, {a}.category, {a}.family, {a}.rank"
_FOLDED = "t.n, t.amount_fen, t.heads_year, t.heads_plan, t.heads_year_sub, t.heads_plan_sub"
_OPEN = (
    "o.n, o.amount_fen,"
    " o.n * ((o.firsts >> {low}) & 1), o.n * ((o.firsts >> ({low} + 1)) & 1),"
    " o.n * ((o.firsts >> ({low} + 8)) & 1), o.n * ((o.firsts >> ({low} + 9)) & 1)"
)
# One person sits in one class once, so the people of a class are its rows.
_FOLDED_CLASS = "t.n, t.amount_fen, t.n, t.n, t.n, t.n"
_OPEN_CLASS = "o.n, o.amount_fen, o.n, o.n, o.n, o.n"


@dataclass(frozen=True, slots=True)
class _Part:
    """One source of lines."""

    key: str
    source: str
    where: str
    sums: str
    is_open: bool = False

    def sql(self, period_column: str) -> str:
        letter = "o" if self.is_open else "t"
        codes = _CODES.format(a="o" if self.is_open else "d")
        dims = "" if self.is_open else " JOIN targets_dims d ON d.id = t.dims_id"
        return (
            f"SELECT {self.key}, {letter}.measure, {codes}, {self.sums} FROM {self.source}{dims}"
            f" WHERE {self.where} AND {letter}.measure = ANY (%(measures)s)"
            f" AND {letter}.{period_column} BETWEEN %(since)s AND %(until)s"
        )


def sums(place: Place, period: Period, counts: Mapping[str, Count], by: By = "") -> dict[str, Figures]:
    """The counts at a place, in one piece (key "") or by child, month, year, provider or class: {key: {name: n}}.

    Keys are texts: a division's code (its parent's own code for 本级), 2024-05, 2024, an institution's or a class's id
    ("0" for lines that name none). Only keys with lines are there; use :func:`one` for a single figure.
    """
    yearly = place.is_node and period.whole_years and by not in ("month", "provider", "class")
    params: dict[str, Any] = {
        "region": place.region,
        "institution": place.institution,
        "klass": place.klass,
        "own": place.own,
        "measures": sorted({int(count.measure) for count in counts.values()}),
    }
    spans = {
        False: (period.first_month, period.last_month),
        True: (period.since.year, period.until.year),
    }
    pieces = []
    detailed = any(count.filter.is_detailed for count in counts.values())
    for part in _parts(place, by, yearly, detailed):
        # Open lines know months only; the bounds of the two kinds differ, so their names do.
        by_year = yearly and not part.is_open
        since, until = spans[by_year]
        suffix = "y" if by_year else "m"
        params |= {f"since_{suffix}": since, f"until_{suffix}": until}
        text = part.sql("year" if by_year else "month")
        pieces.append(
            text.replace("%(since)s", f"%(since_{suffix})s").replace("%(until)s", f"%(until_{suffix})s")
        )
    # Marks of 人数 are made for years and plans: within one of them they cannot be shared out by month.
    span = replace(period, since=period.first_month, until=period.first_month) if by == "month" else period
    columns = [_column(count, span, number, params) for number, count in enumerate(counts.values())]
    statement = (
        f"SELECT key, {', '.join(columns)} FROM ({' UNION ALL '.join(pieces)})"
        " lines (key, measure, funding, training_type, category, family, rank, n, amount_fen,"
        " heads_year, heads_plan, heads_year_sub, heads_plan_sub) GROUP BY key"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return {
            str(key): {name: _whole(value) for name, value in zip(counts, values, strict=True)}
            for key, *values in cursor.fetchall()
        }


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
    conditions = [f"measure = {int(count.measure)}"]
    for name, codes in count.filter.lists.items():
        params[f"{name}_{number}"] = list(codes)
        conditions.append(f"{name} = ANY (%({name}_{number})s)")
    if count.filter.min_rank:
        conditions.append(f"rank >= {int(count.filter.min_rank)}")
    return f"coalesce(sum({column}) FILTER (WHERE {' AND '.join(conditions)}), 0)"


def _parts(place: Place, by: By, yearly: bool, detailed: bool) -> list[_Part]:
    kind = "cube" if detailed else "node"
    if not place.is_node or by in ("provider", "class"):
        return _class_parts(place, by, "targets_cube_class t" if detailed else "targets_class_month t")
    table = f"targets_{kind}_{'year' if yearly else 'month'} t"
    return _child_parts(table) if by == "child" else _node_parts(place, by, yearly, table)


def _key(by: By, letter: str, yearly: bool = False) -> str:
    if by == "month":
        return f"to_char({letter}.month, 'YYYY-MM')"
    if by == "year":
        return f"{letter}.year::text" if yearly else f"extract(year FROM {letter}.month)::int::text"
    return "''"


def _node_parts(place: Place, by: By, yearly: bool, table: str) -> list[_Part]:
    folded = _Part(_key(by, "t", yearly), table, "t.node = %(region)s AND t.own = %(own)s", _FOLDED)
    if place.own:
        return [
            folded,
            _Part(_key(by, "o"), "targets_open o", "o.region_code = %(region)s", _OPEN.format(low=2), True),
        ]
    low = "targets_node_bit((SELECT level::int FROM regions_region WHERE code = %(region)s))"
    below = "o.region_code IN (SELECT descendant_id FROM regions_closure WHERE ancestor_id = %(region)s)"
    return [folded, _Part(_key(by, "o"), "targets_open o", below, _OPEN.format(low=low), True)]


def _child_parts(table: str) -> list[_Part]:
    """Every division right below, and the place's own level (本级) under the place's own code."""
    return [
        _Part(
            "t.node",
            f"regions_region r JOIN {table} ON t.node = r.code AND NOT t.own",
            "r.parent_id = %(region)s",
            _FOLDED,
        ),
        _Part("t.node", table, "t.node = %(region)s AND t.own", _FOLDED),
        _Part(
            "r.code",
            "regions_region r JOIN regions_closure c ON c.ancestor_id = r.code"
            " JOIN targets_open o ON o.region_code = c.descendant_id",
            "r.parent_id = %(region)s",
            _OPEN.format(low="targets_node_bit(r.level::int)"),
            True,
        ),
        _Part("o.region_code", "targets_open o", "o.region_code = %(region)s", _OPEN.format(low=2), True),
    ]


def _class_parts(place: Place, by: By, table: str) -> list[_Part]:
    """Lines by class and, for certificates, by provider: of one leaf division, one provider, one class."""
    joined = "LEFT JOIN classes_trainingclass k ON k.id = {a}.klass_id"
    conditions = []
    if place.region:
        conditions.append("{a}.region_code = %(region)s")
    if place.klass is not None:
        conditions.append("{a}.klass_id = %(klass)s")
    by_class = by == "class" or place.klass is not None
    folded, opened = (_FOLDED_CLASS, _OPEN_CLASS) if by_class else (_FOLDED, _OPEN.format(low=0))

    def key(letter: str) -> str:
        if by == "class":
            return f"{letter}.klass_id::text"
        if by == "provider":
            return f"coalesce(k.institution_id, {letter}.institution_id)::text"
        return _key(by, letter)

    def part(letter: str, source: str, *more: str) -> _Part:
        where = " AND ".join([*conditions, *more] or ["true"]).format(a=letter)
        return _Part(key(letter), source, where, opened if letter == "o" else folded, letter == "o")

    if place.institution is None:
        return [
            part("t", f"{table} {joined.format(a='t')}"),
            part("o", f"targets_open o {joined.format(a='o')}"),
        ]
    return [
        # Two ways in, so that each goes by its own index.
        part(
            "t",
            f"classes_trainingclass k JOIN {table} ON t.klass_id = k.id AND t.klass_id > 0",
            "k.institution_id = %(institution)s",
        ),
        part(
            "t",
            f"(SELECT NULL::bigint AS institution_id) k CROSS JOIN {table}",
            "t.institution_id = %(institution)s AND t.institution_id > 0",
        ),
        part(
            "o",
            f"targets_open o {joined.format(a='o')}",
            "coalesce(k.institution_id, o.institution_id) = %(institution)s",
        ),
    ]
