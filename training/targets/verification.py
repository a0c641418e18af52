"""Counts everything again from the rows and compares it with what pages show. Independent of the triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

#: Places × periods whose 人数 are marks on rows: (name, bit of the year, SQL of the node of an enrolment `e`).
HEIGHTS = (
    ("institution", 0, "k.institution_id::text"),
    ("county", 2, "e.region_code"),
    ("prefecture", 4, "w.prefecture"),
    ("province", 6, "w.province"),
)

_FROM_ROWS = """
    FROM enrolments_enrolment e
    JOIN classes_trainingclass k ON k.id = e.klass_id
    JOIN enrolments_node w ON w.region_code = e.region_code
    WHERE e.finished_on IS NOT NULL
"""
_YEAR = "extract(year FROM {day})::int"
_PLAN = "((extract(year FROM {day})::int - 1) / 5)"


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: two statements that must return the same (key, number) rows."""

    name: str
    live: str
    held: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many keys were compared, and every difference: (key, from rows, from roll-ups)."""

    name: str
    compared: int
    differences: list[tuple[str, int | None, int | None]]


def verify() -> Iterator[Outcome]:
    """All comparisons, on one snapshot, so that imports may go on meanwhile."""
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for check in (*_lines(), *_heads(), _tracked(), *_nodes()):
            yield _compare(cursor, check)
        yield from _invariants(cursor)


def _compare(cursor: Any, check: Check) -> Outcome:
    """Both sides in one full join, inside the database: only differences travel."""
    cursor.execute(
        f"""
        WITH live AS ({check.live}), held AS ({check.held}),
        both_sides AS (
            SELECT coalesce(live.key, held.key) AS key, coalesce(live.n, 0) AS l, coalesce(held.n, 0) AS h
            FROM live FULL JOIN held ON live.key = held.key
        )
        SELECT key, l, h FROM both_sides WHERE l <> h
        UNION ALL SELECT NULL, count(*), 0 FROM both_sides
        """
    )
    compared, differences = 0, []
    for key, live, held in cursor.fetchall():
        if key is None:
            compared = int(live)
        else:
            differences.append((key, int(live), int(held)))
    return Outcome(check.name, compared, sorted(differences))


# --- every line: division, month, class or provider, codes -------------------------------------------

_LINE_KEY = "concat_ws('/', {region}, {place}, to_char({month}, 'YYYY-MM'), {codes})"


def _held_lines(measure: int, column: str = "n") -> str:
    """Folded lines by class or provider, and open ones."""
    codes = "{a}.funding, {a}.training_type, {a}.category, {a}.family, {a}.rank"
    key = _LINE_KEY.format(
        region="t.region_code",
        place="t.klass_id, t.institution_id",
        month="t.month",
        codes=codes.format(a="t"),
    )
    return f"""
        SELECT {key} AS key, sum(t.{column}) AS n FROM (
            SELECT f.region_code, f.klass_id, f.institution_id, f.month, d.funding, d.training_type, d.category,
                   d.family, d.rank, f.n, f.amount_fen
            FROM targets_cube_class f JOIN targets_dims d ON d.id = f.dims_id WHERE f.measure = {measure}
            UNION ALL
            SELECT region_code, klass_id, institution_id, month, funding, training_type, category, family, rank,
                   n, amount_fen
            FROM targets_open WHERE measure = {measure}
        ) t GROUP BY 1 HAVING sum(t.{column}) <> 0
    """


def _lines() -> Iterator[Check]:
    for measure, name, day in ((1, "started", "started_on"), (2, "finished", "finished_on")):
        key = _LINE_KEY.format(
            region="e.region_code",
            place="e.klass_id, 0",
            month=f"e.{day}",
            codes="e.funding, e.training_type, e.category, '', 0",
        )
        yield Check(
            f"lines: {name}",
            f"SELECT {key} AS key, count(*) AS n FROM enrolments_enrolment e WHERE e.{day} IS NOT NULL GROUP BY 1",
            _held_lines(measure),
        )
    key = _LINE_KEY.format(
        region="c.region_code",
        place="0, coalesce(c.institution_id, 0)",
        month="side.day",
        codes="'', '', '', c.family, coalesce(c.level_id, 0)",
    )
    sides = """CROSS JOIN LATERAL (VALUES (c.issued_on, 1),
               (CASE WHEN c.state = 'revoked' THEN coalesce(c.state_on, c.issued_on) END, -1)) side (day, sign)
               WHERE side.day IS NOT NULL AND c.replaces_id IS NULL"""
    for measure, name, more in ((3, "certified", ""), (4, "newly high-skilled", "AND c.first_high")):
        yield Check(
            f"lines: {name}",
            f"SELECT {key} AS key, sum(side.sign) AS n FROM issuance_certificate c {sides} {more}"
            " GROUP BY 1 HAVING sum(side.sign) <> 0",
            _held_lines(measure),
        )
    key = _LINE_KEY.format(
        region="p.region_code",
        place="e.klass_id, 0",
        month="coalesce(p.paid_on, e.finished_on, e.started_on)",
        codes="'', '', '', '', 0",
    )
    joined = "JOIN enrolments_enrolment e ON e.id = p.enrolment_id"
    yield Check(
        "lines: paid",
        f"""SELECT {key} AS key, count(*) AS n
            FROM (SELECT DISTINCT ON (enrolment_id) * FROM claims_payment ORDER BY enrolment_id, id) p
            {joined} GROUP BY 1""",
        _held_lines(5),
    )
    yield Check(
        "lines: money paid",
        f"SELECT {key} AS key, sum(p.amount_fen) AS n FROM claims_payment p {joined} GROUP BY 1",
        _held_lines(5, "amount_fen"),
    )


# --- people: COUNT(DISTINCT person) at every height --------------------------------------------------


def _heads() -> Iterator[Check]:
    for height, bit, node in HEIGHTS:
        for span, step, day in (("year", 0, _YEAR), ("plan", 1, _PLAN)):
            for sub, more in (("", ""), (" (subsidised)", " AND e.funding = 'subsidised'")):
                at = bit + step + (8 if sub else 0)
                key = f"concat_ws('/', {node}, {day.format(day='e.finished_on')})"
                yield Check(
                    f"people: {height} x {span}{sub}",
                    f"SELECT {key} AS key, count(DISTINCT e.person_id) AS n {_FROM_ROWS}{more} GROUP BY 1",
                    _held_institution(span, day, sub)
                    if height == "institution"
                    else _held_node(height, span, day, sub, at),
                )


def _held_institution(span: str, day: str, sub: str) -> str:
    column = f"heads_{span}" + ("_sub" if sub else "")
    bit = (0 if span == "year" else 1) + (8 if sub else 0)
    return f"""
        SELECT concat_ws('/', k.institution_id, {day.format(day="t.month")}) AS key, sum(t.n) AS n FROM (
            SELECT klass_id, month, {column} AS n FROM targets_class_month WHERE measure = 2
            UNION ALL
            SELECT klass_id, month, n * ((firsts >> {bit}) & 1) FROM targets_open WHERE measure = 2
        ) t JOIN classes_trainingclass k ON k.id = t.klass_id GROUP BY 1 HAVING sum(t.n) <> 0
    """


def _held_node(height: str, span: str, day: str, sub: str, bit: int) -> str:
    """What the board shows for the node. A county is the leaf itself, 本级 of a higher division included."""
    column = f"heads_{span}" + ("_sub" if sub else "")
    leaf = "w.region_code" if height == "county" else f"w.{height}"
    if height == "county":
        own = "t.own = (r.level < 3)"
    elif height == "prefecture":
        # A county right under a province is its own prefecture, and so is a province's own level.
        own = """((r.level = 2 AND NOT t.own) OR (r.level = 1 AND t.own) OR (r.level > 2 AND NOT t.own
                 AND EXISTS (SELECT FROM enrolments_node x WHERE x.region_code = r.code AND x.prefecture = r.code)))"""
    else:
        own = "r.level = 1 AND NOT t.own"
    return f"""
        SELECT concat_ws('/', t.node, {"t.year" if span == "year" else "((t.year - 1) / 5)"}) AS key, sum(t.n) AS n
        FROM (
            SELECT t.node, t.year, t.{column} AS n FROM targets_node_year t JOIN regions_region r ON r.code = t.node
            WHERE t.measure = 2 AND {own}
            UNION ALL
            SELECT {leaf}, extract(year FROM o.month)::int, o.n * ((o.firsts >> {bit}) & 1)
            FROM targets_open o JOIN enrolments_node w ON w.region_code = o.region_code WHERE o.measure = 2
        ) t GROUP BY 1 HAVING sum(t.n) <> 0
    """


def _tracked() -> Check:
    """People recorded by name for indicators that count people under a filter."""
    key = "concat_ws('/', {indicator}, t.region_code, t.person_id)"
    return Check(
        "people by indicator",
        f"""SELECT {key.format(indicator="i.code")} AS key, count(*) AS n
            FROM enrolments_enrolment t JOIN (SELECT * FROM targets_tracked OFFSET 0) i
              ON t.finished_on BETWEEN i.since AND i.until
             AND (i.category IS NULL OR t.category = ANY (i.category))
             AND (i.training_type IS NULL OR t.training_type = ANY (i.training_type))
             AND (i.funding IS NULL OR t.funding = ANY (i.funding))
             AND t.region_code = ANY (i.leaves) GROUP BY 1""",
        f"""SELECT {key.format(indicator="t.indicator_id")} AS key, sum(t.n) AS n
            FROM (SELECT indicator_id, region_code, person_id, n FROM targets_person
                  UNION ALL SELECT indicator_id, region_code, person_id, n FROM targets_person_delta) t
            GROUP BY 1 HAVING sum(t.n) <> 0""",
    )


# --- divisions: what the tables by division hold is what their leaves add up to -----------------------


def _nodes() -> Iterator[Check]:
    """Every other table against the finest one; the slim tables by the slim combination of each line."""
    month, year = "f.month", "extract(year FROM f.month)::int"
    for table, dims, period, of_month in (
        ("targets_node_month", "d.slim_id", "month", month),
        ("targets_node_year", "d.slim_id", "year", year),
        ("targets_cube_month", "d.id", "month", month),
        ("targets_cube_year", "d.id", "year", year),
    ):
        for column in ("n", "amount_fen"):
            yield Check(
                f"{table}: {column}",
                f"""SELECT concat_ws('/', c.ancestor_id, f.measure, {of_month}, {dims}) AS key,
                           sum(f.{column}) AS n
                    FROM targets_cube_class f JOIN targets_dims d ON d.id = f.dims_id
                    JOIN regions_closure c ON c.descendant_id = f.region_code
                    GROUP BY 1 HAVING sum(f.{column}) <> 0""",
                f"""SELECT concat_ws('/', node, measure, {period}, dims_id) AS key, sum({column}) AS n
                    FROM {table} WHERE NOT own GROUP BY 1 HAVING sum({column}) <> 0""",
            )
    for column in ("n", "amount_fen", "heads_year", "heads_plan", "heads_year_sub", "heads_plan_sub"):
        key = "concat_ws('/', f.region_code, f.measure, f.klass_id, f.institution_id, f.month, {dims})"
        yield Check(
            f"targets_class_month: {column}",
            f"""SELECT {key.format(dims="d.slim_id")} AS key, sum(f.{column}) AS n
                FROM targets_cube_class f JOIN targets_dims d ON d.id = f.dims_id
                GROUP BY 1 HAVING sum(f.{column}) <> 0""",
            f"""SELECT {key.format(dims="f.dims_id")} AS key, f.{column} AS n
                FROM targets_class_month f WHERE f.{column} <> 0""",
        )
    for table, dims in (("targets_provider_year", "d.slim_id"), ("targets_cube_provider", "d.id")):
        for column in ("n", "amount_fen", "heads_year", "heads_plan", "heads_year_sub", "heads_plan_sub"):
            key = "concat_ws('/', f.region_code, f.measure, {provider}, {year}, {dims})"
            live = key.format(
                provider="coalesce(k.institution_id, f.institution_id)",
                year="extract(year FROM f.month)::int",
                dims=dims,
            )
            held = key.format(provider="f.institution_id", year="f.year", dims="f.dims_id")
            yield Check(
                f"{table}: {column}",
                f"""SELECT {live} AS key, sum(f.{column}) AS n
                    FROM targets_cube_class f JOIN targets_dims d ON d.id = f.dims_id
                    LEFT JOIN classes_trainingclass k ON k.id = f.klass_id
                    GROUP BY 1 HAVING sum(f.{column}) <> 0""",
                f"SELECT {held} AS key, f.{column} AS n FROM {table} f WHERE f.{column} <> 0",
            )


# --- what must hold whatever the numbers --------------------------------------------------------------


def _invariants(cursor: Any) -> Iterator[Outcome]:
    """各类 ≥ 补贴性 and 补贴性 ≥ paid, by division and year: since the beginning, as money follows training."""
    cursor.execute(
        """
        WITH yearly AS (
            SELECT node, year, sum(n) FILTER (WHERE measure = 2) AS finished,
                   sum(n) FILTER (WHERE measure = 2 AND funding = 'subsidised') AS subsidised,
                   sum(n) FILTER (WHERE measure = 5) AS paid
            FROM (
                SELECT t.node, t.year::int, t.measure, d.funding, t.n
                FROM targets_node_year t JOIN targets_dims d ON d.id = t.dims_id WHERE NOT t.own
                UNION ALL
                SELECT c.ancestor_id, extract(year FROM o.month)::int, o.measure, o.funding, o.n
                FROM targets_open o JOIN regions_closure c ON c.descendant_id = o.region_code
            ) t (node, year, measure, funding, n) GROUP BY 1, 2
        ), upto AS (
            SELECT node, year,
                   coalesce(sum(finished) OVER w, 0) AS finished, coalesce(sum(subsidised) OVER w, 0) AS subsidised,
                   coalesce(sum(paid) OVER w, 0) AS paid
            FROM yearly WINDOW w AS (PARTITION BY node ORDER BY year)
        )
        SELECT concat_ws('/', node, year), finished, subsidised, paid FROM upto ORDER BY 1
        """
    )
    rows = cursor.fetchall()
    yield Outcome(
        "all kinds >= subsidised",
        len(rows),
        [
            (key, int(finished), int(subsidised))
            for key, finished, subsidised, _paid in rows
            if finished < subsidised
        ],
    )
    yield Outcome(
        "subsidised >= paid",
        len(rows),
        [(key, int(subsidised), int(paid)) for key, _finished, subsidised, paid in rows if subsidised < paid],
    )
