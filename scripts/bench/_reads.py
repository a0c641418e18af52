"""What scripts/bench/rollups measures, on a filled database."""

from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from statistics import median, quantiles
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from psycopg.conninfo import make_conninfo

from registry.accounts.models import Holder, Membership, Role, User
from registry.accounts.sessions import begin
from training.targets import services, sums
from training.targets.counting import Count, Filter, Period, Place
from training.targets.indicators import standard
from training.targets.tables import Measure
from training.targets.verification import verify

PLAN = Period("plan", date(2021, 1, 1), date(2025, 12, 31))
YEAR = Period.of_year(2023)
PROVINCE = Place("650000")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Figures, pages, an import, two imports at once, and the recount; prints a table of each."""
    _one("SELECT targets_fold()")
    places = _places()
    figures = _figures(options, places)
    pages = _pages(options, places)
    imports = _imports(options, places)
    result = {
        "enrolments": _one("SELECT count(*) FROM enrolments_enrolment"),
        "equal": all(row["equal"] for row in figures),
        "times_national": _of(figures, "national")["times"],
        "times_county_year": _of(figures, "county-year")["times"],
        "times_least": min(row["times"] for row in figures),
        "page_p95_ms": max(row["p95_ms"] for row in pages),
        "figures": figures,
        "pages": pages,
        **imports,
    }
    if not options.no_verify:
        began = time.perf_counter()
        outcomes = list(verify())
        result["verify_s"] = round(time.perf_counter() - began, 1)
        result["verify_compared"] = sum(outcome.compared for outcome in outcomes)
        result["verify_differences"] = sum(len(outcome.differences) for outcome in outcomes)
        print(
            f"\nverify: {result['verify_compared']} figures recounted in {result['verify_s']} s,"
            f" {result['verify_differences']} differences"
        )
    return result


# --- where to look -----------------------------------------------------------------------------------


def _places() -> dict[str, Any]:
    """The busiest prefecture, its busiest county, the busiest provider there and its last class."""
    county = _one("SELECT region_id FROM classes_trainingclass GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
    prefecture = _one("SELECT prefecture FROM enrolments_node WHERE region_code = %s", [county])
    if prefecture == county:
        county = _one(
            "SELECT k.region_id FROM classes_trainingclass k JOIN enrolments_node n ON n.region_code = k.region_id"
            " WHERE n.prefecture <> n.region_code GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        )
        prefecture = _one("SELECT prefecture FROM enrolments_node WHERE region_code = %s", [county])
    provider = _one(
        "SELECT institution_id FROM classes_trainingclass WHERE region_id = %s GROUP BY 1 ORDER BY count(*) DESC, 1"
        " LIMIT 1",
        [county],
    )
    klass = _one(
        "SELECT max(id) FROM classes_trainingclass WHERE institution_id = %s AND region_id = %s",
        [provider, county],
    )
    return {"county": county, "prefecture": prefecture, "provider": provider, "klass": klass}


# --- figures: the roll-ups' statement and a live GROUP BY ---------------------------------------------

_BELOW = "e.region_code IN (SELECT descendant_id FROM regions_closure WHERE ancestor_id = '{}')"
# A hash of a few hundred divisions, as whoever writes the live statement with care would have it.
_CHILDREN = (
    "JOIN (SELECT c.descendant_id AS leaf, c.ancestor_id AS child FROM regions_closure c"
    " JOIN regions_region r ON r.code = c.ancestor_id AND r.parent_id = '{}') below ON below.leaf = e.region_code"
)


def _figures(options: argparse.Namespace, at: dict[str, Any]) -> list[dict[str, Any]]:
    county, prefecture = at["county"], at["prefecture"]
    apprentices = Filter(training_type=("apprentice",))
    leaf = f"e.region_code = '{county}'"
    # (name, place, period, by, key of the live statement, its condition, filter)
    steps = [
        ("national", PROVINCE, PLAN, "", "''", _BELOW.format("650000"), Filter()),
        ("prefectures", PROVINCE, PLAN, "child", "below.child", _BELOW.format("650000"), Filter()),
        (
            "counties",
            Place(prefecture),
            PLAN,
            "child",
            "below.child",
            _BELOW.format(prefecture),
            Filter(),
        ),
        (
            "months",
            PROVINCE,
            PLAN,
            "month",
            "to_char(e.finished_on, 'YYYY-MM')",
            _BELOW.format("650000"),
            Filter(),
        ),
        ("county-year", Place(county), YEAR, "", "''", leaf, Filter()),
        ("providers", Place(county), PLAN, "provider", "k.institution_id::text", leaf, Filter()),
        ("providers-year", Place(county), YEAR, "provider", "k.institution_id::text", leaf, Filter()),
        (
            "classes",
            Place(county, institution=at["provider"]),
            PLAN,
            "class",
            "e.klass_id::text",
            f"{leaf} AND k.institution_id = {at['provider']}",
            Filter(),
        ),
        (
            "filtered",
            PROVINCE,
            PLAN,
            "",
            "''",
            _BELOW.format("650000") + " AND e.training_type = 'apprentice'",
            apprentices,
        ),
        (
            "filtered children",
            PROVINCE,
            PLAN,
            "child",
            "below.child",
            _BELOW.format("650000") + " AND e.training_type = 'apprentice'",
            apprentices,
        ),
    ]
    print(
        f"\n{'figures':<20}{'lines':>7}{'p50 ms':>9}{'p95 ms':>9}{'live ms':>10}{'times':>8}"
        f"{'people live ms':>16}  equal"
    )
    return [_figure(options, *step) for step in steps]


def _figure(
    options: argparse.Namespace,
    name: str,
    place: Place,
    period: Period,
    by: Any,
    key: str,
    where: str,
    only: Filter,
) -> dict[str, Any]:
    """Ours: every column of a table, 人数 and certificates and money included. Live: 人次 alone; people beside it."""
    counts = standard(None) | {
        "n": Count(Measure.FINISHED, only),
        "heads": Count(Measure.FINISHED, only, "heads"),
    }
    ours = _timed(lambda: sums.sums(place, period, counts, by), options.repeat)
    joined = "JOIN classes_trainingclass k ON k.id = e.klass_id" if "k." in key + where else ""
    if key == "below.child":
        joined += _CHILDREN.format(place.region)
    live = (
        f"SELECT {key}, {{what}} FROM enrolments_enrolment e {joined} WHERE {where} AND e.finished_on BETWEEN"
        f" '{period.since}' AND '{period.until}' GROUP BY 1"
    )
    times = _timed(lambda: _all(live.format(what="count(*)")), options.live_repeat)
    people = _timed(lambda: _all(live.format(what="count(DISTINCT e.person_id)")), 1)
    held = sums.sums(place, period, counts, by)
    equal = _same(held, "n", dict(_all(live.format(what="count(*)"))))
    heads = {line: figure["heads"] for line, figure in held.items() if figure["heads"] is not None}
    # A provider's marks span its divisions; the page counts the few that teach in two from the rows.
    if heads and by != "provider":
        equal = equal and _same(held, "heads", dict(_all(live.format(what="count(DISTINCT e.person_id)"))))
    row = {
        "name": name,
        "lines": len(held),
        "p50_ms": round(median(ours), 2),
        "p95_ms": round(_p95(ours), 2),
        "live_ms": round(median(times), 1),
        "times": round(median(times) / median(ours), 1),
        "people_live_ms": round(median(people), 1),
        "equal": equal,
    }
    print(
        f"{name:<20}{row['lines']:>7}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['live_ms']:>10}{row['times']:>8}"
        f"{row['people_live_ms']:>16}  {'yes' if equal else 'NO'}",
        flush=True,
    )
    return row


def _same(held: dict[str, sums.Figures], name: str, live: dict[str, int]) -> bool:
    return {key: figure[name] for key, figure in held.items() if figure[name]} == live


# --- pages: whole requests, without the network -------------------------------------------------------


def _pages(options: argparse.Namespace, at: dict[str, Any], title: str = "pages") -> list[dict[str, Any]]:
    county, provider = at["county"], at["provider"]
    paths = {
        "board": "/targets/XJ/",
        "board, one year": "/targets/XJ/?period=2023",
        "prefecture": f"/targets/XJ/?region={at['prefecture']}",
        "county": f"/targets/XJ/?region={county}",
        "county-year": f"/targets/XJ/?region={county}&period=2023",
        "provider": f"/targets/XJ/?region={county}&provider={provider}",
        "month": "/targets/XJ/?period=2023-05",
        "filtered": "/targets/XJ/?indicator=XJ10",
        "rows of province": "/targets/XJ/rows/?count=n",
        "rows of people": "/targets/XJ/rows/?count=heads",
        "rows of county-month": f"/targets/XJ/rows/?region={county}&period=2023-05&count=n",
        "rows of class": f"/targets/XJ/rows/?region={county}&provider={provider}&class={at['klass']}&count=n",
        "rows of certificates": f"/targets/XJ/rows/?region={county}&period=2023-05&count=certified",
        "rows of payments": f"/targets/XJ/rows/?region={county}&count=paid",
        "all plans": "/targets/all/?period=2023",
    }
    client = _auditor()
    # As the web process does once it has loaded.
    gc.collect()
    gc.freeze()
    print(f"\n{title:<24}{'p50 ms':>9}{'p95 ms':>9}{'of it SQL':>11}{'statements':>12}")
    found = []
    for name, path in paths.items():
        # Once for what a process reads a single time.
        client.get(path)
        with _counting() as spent:
            response = client.get(path)
            assert response.status_code == 200, (path, response.status_code)
        statements = spent["n"]
        with _counting() as spent:
            times = _timed(lambda path=path: client.get(path), options.repeat)  # type: ignore[misc]
        row = {
            "name": name,
            "p50_ms": round(median(times), 1),
            "p95_ms": round(_p95(times), 1),
            "sql_ms": round(spent["s"] * 1000 / (options.repeat + 1), 1),
            "statements": statements,
        }
        found.append(row)
        print(
            f"{name:<24}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['sql_ms']:>11}{statements:>12}", flush=True
        )
    return found


def _auditor() -> Client:
    settings.ALLOWED_HOSTS = ["*"]
    user, _made = User.objects.get_or_create(username="bench-reader")
    if not user.memberships.exists():
        if user.holder is None:
            user.holder = Holder.objects.create(person_index=os.urandom(32))
            user.save(update_fields=["holder"])
        Membership.objects.create(
            user=user, role=Role.AUD, valid_from=date(2020, 1, 1), valid_to=date(2099, 12, 31)
        )
    client = Client()
    client.force_login(user)
    begin(client.session, user, address="127.0.0.1", device="", second_factor=True)
    return client


@contextmanager
def _counting() -> Iterator[dict[str, float]]:
    """Number and seconds of the statements sent meanwhile."""
    spent = {"n": 0, "s": 0.0}

    def wrap(execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent["n"] += 1
            spent["s"] += time.perf_counter() - began

    with connection.execute_wrapper(wrap):
        yield spent


# --- an import: what the triggers add, what open lines cost readers, two at once ----------------------

_INSERT = """
    INSERT INTO enrolments_enrolment (person_id, klass_id, state, category, result, started_on, finished_on,
                                      region_code, funding, training_type, firsts)
    SELECT p.id, k.id, 'finished', (ARRAY['rural','rural','employee','unemployed','veteran','gig'])[1 + p.n % 6],
           'pass', k.starts_on, k.ends_on, k.region_id, k.funding, k.training_type,
           (ARRAY[65535, 255, 64764, 0])[1 + p.n % 4]
    FROM (SELECT id, row_number() OVER (ORDER BY id)::int - 1 AS n FROM (
              SELECT id FROM people_person ORDER BY id {which} LIMIT {rows}) t) p
    JOIN (SELECT *, row_number() OVER (ORDER BY id)::int - 1 AS n FROM classes_trainingclass
          WHERE number LIKE '{mark}%') k ON k.n = p.n / 50
"""
_CLASSES = """
    INSERT INTO classes_trainingclass (institution_id, number, training_type, funding, region_id,
                                       starts_on, ends_on, state)
    SELECT institution_id, '{mark}' || n, training_type, funding, region_id, '2025-11-01', '2025-12-05', 'finished'
    FROM (SELECT *, row_number() OVER (ORDER BY id DESC) AS n FROM classes_trainingclass
          WHERE number LIKE 'GM%' {where} ORDER BY id DESC LIMIT {classes}) t
"""


def _imports(options: argparse.Namespace, at: dict[str, Any]) -> dict[str, Any]:
    rows = options.import_rows
    without, with_them, lines = [], [], 0
    for turn in range(3):
        for triggers in (False, True) if turn % 2 else (True, False):
            seconds, lines_made = _insert(rows, triggers=triggers)
            (with_them if triggers else without).append(seconds)
            lines = max(lines, lines_made)
    base, whole = median(without), median(with_them)
    result: dict[str, Any] = {
        "insert_s": round(base, 2),
        "insert_with_triggers_s": round(whole, 2),
        "trigger_us_per_row": round((whole - base) / rows * 1e6, 2),
        "trigger_share": round(whole / base - 1, 3),
        "open_lines": lines,
    }
    print(
        f"\ninsert of {rows} rows: {base:.2f} s without triggers, {whole:.2f} s with"
        f" ({100 * result['trigger_share']:.1f} %, {result['trigger_us_per_row']} us a row, {lines} lines)"
    )
    result |= _two_at_once(at)
    result |= _while_open(options, at)
    return result


def _insert(rows: int, *, triggers: bool) -> tuple[float, int]:
    """Seconds of one INSERT of that many rows, rolled back; and the lines that the triggers left."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLASSES.format(mark="BENCH", where="", classes=-(-rows // 50)))
        if not triggers:
            cursor.execute("ALTER TABLE enrolments_enrolment DISABLE TRIGGER targets_came")
        cursor.execute("ANALYZE classes_trainingclass")
        began = time.perf_counter()
        cursor.execute(_INSERT.format(which="", rows=rows, mark="BENCH"))
        seconds = time.perf_counter() - began
        cursor.execute("SELECT count(*) FROM targets_delta")
        lines = cursor.fetchone()[0]
        transaction.set_rollback(True)
    return seconds, lines


def _two_at_once(at: dict[str, Any]) -> dict[str, Any]:
    """Two imports into one county: the second while the first is still open, against one that has no company."""
    where = f"AND region_id = '{at['county']}'"
    for mark in ("ONEA", "ONEB"):
        _run(_CLASSES.format(mark=mark, where=where, classes=100))
    url = _conninfo()
    alone, beside = [], []
    with psycopg.connect(url) as first, psycopg.connect(url) as second:
        second.execute("SET lock_timeout = '20s'")
        second.commit()
        for _turn in range(5):
            for company in (False, True):
                if company:
                    first.execute(_INSERT.format(which="", rows=5000, mark="ONEA"))
                began = time.perf_counter()
                second.execute(_INSERT.format(which="DESC", rows=5000, mark="ONEB"))
                (beside if company else alone).append((time.perf_counter() - began) * 1000)
                second.rollback()
                first.rollback()
    _run("DELETE FROM classes_trainingclass WHERE number LIKE 'ONE%'")
    wait = round(median(beside) - median(alone), 1)
    print(
        f"two imports of 5,000 rows into one county: {median(alone):.0f} ms alone, {median(beside):.0f} ms while the"
        " other is open"
    )
    return {
        "alone_ms": round(median(alone), 1),
        "beside_open_import_ms": round(median(beside), 1),
        "waited_ms": wait,
    }


def _while_open(options: argparse.Namespace, at: dict[str, Any]) -> dict[str, Any]:
    """The pages while a whole import lies open, then how long folding takes."""
    with transaction.atomic():
        _run(_CLASSES.format(mark="BENCH", where="", classes=-(-options.import_rows // 50)))
        _run("ANALYZE classes_trainingclass")
        _run(_INSERT.format(which="", rows=options.import_rows, mark="BENCH"))
    few = argparse.Namespace(**{**vars(options), "repeat": max(10, options.repeat // 4)})
    pages = _pages(few, at, f"{options.import_rows} rows open")
    began = time.perf_counter()
    lines = services.sweep()
    seconds = time.perf_counter() - began
    print(f"folding {lines} lines: {seconds:.1f} s in the background")
    with transaction.atomic():
        _run(
            "DELETE FROM enrolments_enrolment WHERE klass_id IN"
            " (SELECT id FROM classes_trainingclass WHERE number LIKE 'BENCH%')"
        )
        _run("DELETE FROM classes_trainingclass WHERE number LIKE 'BENCH%'")
    services.sweep()
    return {
        "open_page_p95_ms": max(row["p95_ms"] for row in pages),
        "fold_s": round(seconds, 1),
        "open_pages": pages,
    }


# --- small tools --------------------------------------------------------------------------------------


def _timed(work: Callable[[], Any], repeat: int) -> list[float]:
    """Milliseconds of each run, after one that does not count."""
    work()
    found = []
    for _turn in range(repeat):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return found


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def _of(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == name)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _all(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def _one(statement: str, params: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


def _conninfo() -> str:
    chosen = connection.get_connection_params()
    kept = ("host", "port", "dbname", "user", "password")
    return make_conninfo(**{key: chosen[key] for key in kept if chosen.get(key)})
