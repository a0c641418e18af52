"""The very rows that a figure counts, a page at a time.

A figure says how many; this module finds them by the same lines: the roll-ups tell which classes hold rows of the
figure, and the rows come class by class through their index, so that no page reads the register from end to end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from registry.lib.scope import Scope
from training.targets.counting import Count, Period, Place, heads_bit
from training.targets.models import Plan
from training.targets.places import narrowed
from training.targets.tables import Measure

PAGE = 50
_CLASSES_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One counted row. `sign` is -1 for a certificate taken off again; `cursor` continues after it."""

    cursor: str
    enrolment_id: int | None
    name: str
    mask: str | None
    institution: str
    klass: str
    day: date
    region: str
    kind: str
    funding: str
    category: str
    number: str = ""
    amount_fen: int | None = None
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Row]
    next: str = ""


def page(
    scope: Scope, plan: Plan, place: Place, period: Period, count: Count, after: str = "", size: int = PAGE
) -> Page:
    """Up to `size` rows behind the count, in the order of division, class and row, after a cursor."""
    place = narrowed(scope, plan, place)
    find = _certificates if count.measure in (Measure.CERTIFIED, Measure.HIGH_NEW) else _enrolments
    rows: list[Row] = []
    for row in find(place, period, count, after, size + 1):
        rows.append(row)
        if len(rows) > size:
            return Page(rows[:size], rows[size - 1].cursor)
    return Page(rows)


def _leaves(place: Place, start: str) -> list[str]:
    """Divisions in which rows may lie, in order, from the one that the cursor names."""
    if not place.region:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT region_id FROM classes_trainingclass WHERE institution_id = %s AND region_id >= %s"
                " ORDER BY 1",
                [place.institution, start],
            )
            return [code for (code,) in cursor.fetchall()]
    if place.own or not place.is_node:
        return [place.region] if place.region >= start else []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT descendant_id FROM regions_closure WHERE ancestor_id = %s AND descendant_id >= %s"
            " AND EXISTS (SELECT FROM targets_class_month f WHERE f.region_code = descendant_id"
            "             UNION ALL SELECT FROM targets_delta d WHERE d.region_code = descendant_id)"
            " ORDER BY 1",
            [place.region, start],
        )
        return [code for (code,) in cursor.fetchall()]


# --- rows of classes: 开班, 结业, 补贴 -----------------------------------------------------------------


def _enrolments(place: Place, period: Period, count: Count, after: str, size: int) -> Iterator[Row]:
    region_at, klass_at, row_at = _read_cursor(after)
    for region in _leaves(place, region_at):
        klass = klass_at if region == region_at else 0
        row = row_at if region == region_at else 0
        # The class of the cursor itself may hold more rows.
        klass = max(0, klass - 1)
        while classes := _classes(place, region, period, count, klass):
            yield from _rows_of(
                region, classes, period, count, (klass_at, row) if row else (0, 0), size, place
            )
            klass, row = classes[-1], 0
            if len(classes) < _CLASSES_AT_ONCE:
                break


def _read_cursor(after: str) -> tuple[str, int, int]:
    parts = after.split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        return parts[0], int(parts[1]), int(parts[2])
    return "", 0, 0


def _classes(place: Place, region: str, period: Period, count: Count, after: int) -> list[int]:
    """The next classes that hold lines of the count."""
    params: dict[str, Any] = {
        "region": region,
        "measure": int(count.measure),
        "since": period.first_month,
        "until": period.last_month,
        "after": after,
        "klass": place.klass,
        "institution": place.institution,
        "limit": _CLASSES_AT_ONCE,
    }
    conditions = [
        "{a}.region_code = %(region)s",
        "{a}.measure = %(measure)s",
        "{a}.klass_id > %(after)s",
        "{a}.month BETWEEN %(since)s AND %(until)s",
    ]
    if place.klass is not None:
        conditions.append("{a}.klass_id = %(klass)s")
    if place.institution is not None:
        conditions.append(
            "{a}.klass_id IN (SELECT id FROM classes_trainingclass WHERE institution_id = %(institution)s)"
        )
    for name, codes in count.filter.lists.items():
        params[name] = list(codes)
    coded = [f"{{c}}.{name} = ANY (%({name})s)" for name in count.filter.lists]
    where = " AND ".join(conditions)
    folded = " AND ".join([where.format(a="t"), *(part.format(c="d") for part in coded)])
    opened = " AND ".join([where.format(a="o"), *(part.format(c="o") for part in coded)])
    table = "targets_cube_class" if count.filter.is_detailed else "targets_class_month"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT klass_id FROM ("
            f" (SELECT DISTINCT t.klass_id FROM {table} t JOIN targets_dims d ON d.id = t.dims_id"
            f" WHERE {folded} ORDER BY t.klass_id LIMIT %(limit)s)"
            f" UNION (SELECT DISTINCT o.klass_id FROM targets_open o WHERE {opened}"
            " ORDER BY o.klass_id LIMIT %(limit)s)"
            ") found ORDER BY klass_id LIMIT %(limit)s",
            params,
        )
        return [klass for (klass,) in cursor.fetchall()]


_ENROLMENT_ROWS = """
    SELECT {place} || '-' || e.klass_id || '-' || {id}, e.id, p.name, m.mask, i.name, k.number, {day},
           {place}, e.training_type, e.funding, e.category, '', {amount}, 1
    FROM enrolments_enrolment e
    {join}
    JOIN classes_trainingclass k ON k.id = e.klass_id
    JOIN institutions_institution i ON i.id = k.institution_id
    JOIN people_person p ON p.id = e.person_id
    LEFT JOIN LATERAL (SELECT mask FROM people_document d WHERE d.person_id = p.id
                       ORDER BY d.is_primary DESC, d.id LIMIT 1) m ON true
    WHERE e.klass_id = ANY (%(classes)s) AND {where} AND (e.klass_id, {id}) > (%(klass)s, %(row)s)
    ORDER BY e.klass_id, {id} LIMIT %(limit)s
"""


def _rows_of(
    region: str,
    classes: list[int],
    period: Period,
    count: Count,
    after: tuple[int, int],
    limit: int,
    place: Place,
) -> list[Row]:
    params: dict[str, Any] = {
        "classes": classes,
        "region": region,
        "since": period.since,
        "until": period.until,
        "klass": after[0],
        "row": after[1],
        "limit": limit,
        **{name: list(codes) for name, codes in count.filter.lists.items()},
    }
    paid = count.measure is Measure.PAID
    place_column, day, join, identity = "e.region_code", "e.finished_on", "", "e.id"
    if count.measure is Measure.STARTED:
        day = "e.started_on"
    if paid:
        place_column, identity, join = (
            "y.region_code",
            "y.id",
            "JOIN claims_payment y ON y.enrolment_id = e.id",
        )
        day = "coalesce(y.paid_on, e.finished_on, e.started_on)"
    conditions = [f"{place_column} = %(region)s", f"{day} BETWEEN %(since)s AND %(until)s"]
    if not paid:
        conditions += [f"e.{name} = ANY (%({name})s)" for name in count.filter.lists]
    if paid and count.what == "n":
        conditions.append("targets_is_first_payment(y)")
    if count.what == "heads":
        conditions.append(_mark(place, period, count, params))
    with connection.cursor() as cursor:
        cursor.execute(
            _ENROLMENT_ROWS.format(
                id=identity,
                place=place_column,
                day=day,
                join=join,
                where=" AND ".join(conditions),
                amount="y.amount_fen" if paid else "NULL::bigint",
            ),
            params,
        )
        return [Row(*values) for values in cursor.fetchall()]


def _mark(place: Place, period: Period, count: Count, params: dict[str, Any]) -> str:
    """The condition that keeps one row per person: the row's mark for this place and period."""
    if place.klass is not None:
        return "true"
    if place.institution is not None:
        return _earliest_of_provider(place, count, params)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT targets_node_bit(level::int) FROM regions_region WHERE code = %s", [place.region]
        )
        bit = heads_bit(period, count.filter, 2 if place.own else int(cursor.fetchone()[0]))
    if bit is None:
        return "false"
    params["bit"] = bit
    return "(e.firsts >> %(bit)s) & 1 = 1"


def _earliest_of_provider(place: Place, count: Count, params: dict[str, Any]) -> str:
    """A provider's marks span all its divisions; in one of them a person stands for the earliest row there."""
    params["institution"] = place.institution
    conditions = [
        "q.person_id = e.person_id",
        "q.id < e.id",
        "qk.institution_id = %(institution)s",
        "q.finished_on BETWEEN %(since)s AND %(until)s",
        *(f"q.{name} = ANY (%({name})s)" for name in count.filter.lists),
    ]
    if place.region:
        conditions.append("q.region_code = %(region)s")
    return (
        "NOT EXISTS (SELECT FROM enrolments_enrolment q JOIN classes_trainingclass qk ON qk.id = q.klass_id"
        f" WHERE {' AND '.join(conditions)})"
    )


# --- certificates: 取证, 新增高技能 -------------------------------------------------------------------

_CERTIFICATE_ROWS = """
    SELECT concat_ws('-', c.region_code, CASE WHEN line.sign > 0 THEN 1 ELSE 2 END || to_char({day}, 'YYYYMMDD'), c.id),
           c.enrolment_id, p.name, m.mask, coalesce(i.name, ''), '', line.day, c.region_code, c.family, '', '',
           c.number, NULL::bigint, line.sign
    FROM issuance_certificate c
    CROSS JOIN LATERAL (VALUES (c.issued_on, 1),
        (CASE WHEN c.state = 'revoked' THEN coalesce(c.state_on, c.issued_on) END, -1)) line (day, sign)
    JOIN people_person p ON p.id = c.person_id
    LEFT JOIN institutions_institution i ON i.id = c.institution_id
    LEFT JOIN LATERAL (SELECT mask FROM people_document d WHERE d.person_id = p.id
                       ORDER BY d.is_primary DESC, d.id LIMIT 1) m ON true
    WHERE {where} AND c.replaces_id IS NULL
      AND line.day BETWEEN %(since)s AND %(until)s AND line.sign = %(sign)s
      AND ({day}, c.id) > (%(day)s, %(row)s)
    ORDER BY {day}, c.id LIMIT %(limit)s
"""
_START = (date.min, 0)


def _certificates(place: Place, period: Period, count: Count, after: str, size: int) -> Iterator[Row]:
    """Certificates of the leaf divisions in order; in each, first those issued, then those taken off, by day."""
    if place.klass:
        return
    region_at, side_and_day, row_at = _read_cursor(after)
    side_at, day_at = _read_day(side_and_day)
    for region in _leaves(place, region_at):
        for side, sign in ((1, 1), (2, -1)):
            here = region == region_at
            if here and side < side_at:
                continue
            start = (day_at, row_at) if here and side == side_at else _START
            yield from _certificates_of(place, region, period, count, sign, start, size)


def _read_day(number: int) -> tuple[int, date]:
    """120230501 is the first side at the first of May 2023; anything else begins from the beginning."""
    side, day = divmod(number, 10**8)
    try:
        return side, date(day // 10_000, day // 100 % 100, day % 100)
    except ValueError:
        return 0, date.min


def _certificates_of(
    place: Place, region: str, period: Period, count: Count, sign: int, after: tuple[date, int], limit: int
) -> list[Row]:
    params: dict[str, Any] = {
        "region": region,
        "since": period.since,
        "until": period.until,
        "sign": sign,
        "day": after[0],
        "row": after[1],
        "limit": limit,
        "institution": place.institution,
        "rank": count.filter.min_rank,
        "family": list(count.filter.family),
    }
    # The day as the index has it: certificates of a month are found without reading those of all years.
    day = "c.issued_on" if sign > 0 else "line.day"
    conditions = [
        "c.region_code = %(region)s",
        "c.issued_on BETWEEN %(since)s AND %(until)s" if sign > 0 else "c.state = 'revoked'",
    ]
    if count.measure is Measure.HIGH_NEW:
        conditions.append("c.first_high")
    if count.filter.family:
        conditions.append("c.family = ANY (%(family)s)")
    if count.filter.min_rank:
        conditions.append("c.level_id >= %(rank)s")
    if place.institution is not None:
        # Lines that name no provider go under 0.
        conditions.append("coalesce(c.institution_id, 0) = %(institution)s")
    with connection.cursor() as cursor:
        cursor.execute(_CERTIFICATE_ROWS.format(where=" AND ".join(conditions), day=day), params)
        return [Row(*values) for values in cursor.fetchall()]
