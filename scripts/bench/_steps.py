"""What the intake benchmark does in processes of their own: `_steps.py STEP ARGUMENTS`, both ways JSON.

Settings and database come from the environment, which `_databases.py` fills.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django

django.setup()

import _ledger  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

ROLLUP_TABLES = ("enrolments_enrolment", "issuance_certificate", "claims_payment")
ROSTER_CLASS = "BENCH"
PROVINCE = "65"


def prepare() -> dict[str, Any]:
    """Tables, reference data, providers, and statistics."""
    call_command("migrate", verbosity=0)
    call_command("reference", "load", stdout=io.StringIO())
    made = providers()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return made


def providers() -> dict[str, Any]:
    """Providers in every county and one endless class for rosters, so far as they are missing."""
    from registry.institutions.models import Institution
    from training.classes.models import TrainingClass

    wanted = _ledger.schools(_counties())
    there = set(Institution.objects.values_list("name", flat=True))
    made = Institution.objects.bulk_create(
        Institution(name=school.name, name_key=_key(school.name), region_id=school.county)
        for school in wanted
        if school.name not in there
    )
    first = Institution.objects.get(name=wanted[0].name)
    TrainingClass.objects.get_or_create(
        institution=first,
        number=ROSTER_CLASS,
        defaults={
            "region_id": first.region_id,
            "starts_on": "2026-03-02",
            "ends_on": "2026-12-31",
            "occupation_text": "焊工",
        },
    )
    return {"institutions": len(made)}


def file(path: str, rows: int, kind: str) -> dict[str, Any]:
    counties = _counties()
    cast = _ledger.people([code for code, _ in counties])
    if kind == "roster":
        _ledger.write(Path(path), _ledger.ROSTER_HEADINGS, _ledger.roster(rows, cast))
    else:
        _ledger.write(Path(path), _ledger.HEADINGS, _ledger.ledger(rows, _ledger.schools(counties), cast))
    return {"bytes": Path(path).stat().st_size}


def fill(persons: int, enrolments: int) -> dict[str, Any]:
    """A registry the size of a province."""
    import _scale

    return _scale.fill(connection, persons, enrolments)


def know(rows: int) -> dict[str, Any]:
    """Let people who are on record already be those whom the ledger of so many rows calls so."""
    from registry.identity.current import keyring
    from registry.lib.text import clean_name, name_key

    cast = _ledger.people([code for code, _ in _counties()])
    index = keyring().indexer("idno")
    numbers = sorted({number for number in map(_ledger.number_of, range(rows)) if _ledger.on_record(number)})
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE b_known "
            "(i bigserial, name text, name_key text, sex text, born date, bidx bytea)"
        )
        with cursor.copy("COPY b_known (name, name_key, sex, born, bidx) FROM STDIN") as copy:
            for person in map(cast.person, numbers):
                name = clean_name(person.name)
                copy.write_row((name, name_key(name), person.sex, person.born, index(person.id_number)))
        cursor.execute(
            "CREATE TEMP TABLE b_chosen AS SELECT row_number() OVER () AS i, id FROM "
            "(SELECT id FROM people_person ORDER BY hashtext(id::text), id LIMIT %s) p",
            [len(numbers)],
        )
        cursor.execute("ANALYZE b_known; ANALYZE b_chosen")
        cursor.execute(
            "UPDATE people_person p "
            "SET name = k.name, name_key = k.name_key, sex = k.sex, birth_date = k.born "
            "FROM b_chosen c JOIN b_known k USING (i) WHERE p.id = c.id"
        )
        cursor.execute(
            "UPDATE people_document d SET blind_index = k.bidx "
            "FROM b_chosen c JOIN b_known k USING (i) WHERE d.person_id = c.id"
        )
        known = cursor.rowcount
        cursor.execute("VACUUM ANALYZE people_person, people_document")
    return {"known": known}


def ours(
    path: str, kind: str, rollups: bool = True, manifests: bool = True, queue: bool = True
) -> dict[str, Any]:
    """The program's own road, from the file to committed rows. Memory: this process and its child."""
    from registry.audit import services as audit
    from registry.intake import services as intake
    from training.classes.models import TrainingClass

    if not rollups:
        without_rollups()
    if not queue:
        without_queue()
    recorded = audit.record = _Timed(audit.record)  # type: ignore[assignment]
    written = _Timed(audit.manifest)
    audit.manifest = written if manifests else lambda *_: 0  # type: ignore[assignment]
    options = {"class": TrainingClass.objects.get(number=ROSTER_CLASS).pk} if kind == "roster" else {}
    connection.close()
    began = time.perf_counter()
    with Path(path).open("rb") as data:
        batch, _new = intake.receive(
            kind=kind, file=data, name=Path(path).name, actor=None, options=options, max_bytes=1 << 30
        )
    batch = intake.load(batch.pk, valid_rows_only=False)
    seconds = time.perf_counter() - began
    if batch.state != batch.State.COMMITTED:
        raise SystemExit(
            f"not committed: {batch.state} {batch.counts} {batch.file_error} {_some_issues(batch.pk)}"
        )
    return {
        "seconds": seconds,
        "manifest_seconds": written.seconds,
        "record_seconds": recorded.seconds,
        "rows": batch.counts["read"],
        "counts": batch.counts,
        "created": batch.created,
        "parent_mb": _peak_of_this_process(),
        "child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }


class _Timed:
    """A function, and how long it took in all."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds = function, 0.0

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return self.function(*arguments, **named)
        finally:
            self.seconds += time.perf_counter() - began


def bulk_create(path: str) -> dict[str, Any]:
    import _bulk_create

    without_rollups()
    began = time.perf_counter()
    rows = _bulk_create.load(Path(path))
    return {"seconds": time.perf_counter() - began, "rows": rows, "parent_mb": _peak_of_this_process()}


def import_export(path: str, batch_size: int) -> dict[str, Any]:
    import _import_export

    without_rollups()
    began = time.perf_counter()
    rows = _import_export.load(Path(path), batch_size)
    return {"seconds": time.perf_counter() - began, "rows": rows, "parent_mb": _peak_of_this_process()}


def without_queue() -> None:
    """Nothing that is recorded gets into the signed log."""
    with connection.cursor() as cursor:
        for table in ("audit_action", "audit_detail", "audit_manifest"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_enqueue")


def without_rollups() -> None:
    """Put the roll-ups' triggers aside; foreign keys and history stay as they are."""
    with connection.cursor() as cursor:
        for table in ROLLUP_TABLES:
            cursor.execute(
                f"ALTER TABLE {table} DISABLE TRIGGER targets_came, DISABLE TRIGGER targets_changed"
            )


def _counties() -> list[tuple[str, str]]:
    from registry.regions.models import Region

    found = Region.objects.filter(level=3, valid_to=None, code__startswith=PROVINCE).order_by("code")
    return [
        (code, name.removeprefix("新疆维吾尔自治区")) for code, name in found.values_list("code", "full_name")
    ]


def _key(name: str) -> str:
    from registry.lib.text import org_key

    return org_key(name)


def _some_issues(batch: object) -> list[tuple[str, str]]:
    from registry.intake.models import Issue

    return list(Issue.objects.filter(batch_id=batch, severity="error").values_list("code", "message")[:3])


def _peak_of_this_process() -> float:
    """MiB. Not ru_maxrss: that one begins with the peak of whoever started this process."""
    try:
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS = {
    step.__name__: step for step in (prepare, providers, file, fill, know, ours, bulk_create, import_export)
}

if __name__ == "__main__":
    print(json.dumps(STEPS[sys.argv[1]](**json.loads(sys.argv[2]))))
