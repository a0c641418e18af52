"""Imports that are shot at: a worker, its parser child or its database backend dies at a random moment.

Used by scripts/trials/kill with SIGKILL for all three, and in small by the suite. One trial hands in a file
of its own, kills once, takes the batch up again as its clerk would (the page's button), and counts every row.
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import OperationalError, connection

from registry.intake import progress, services, tasks
from registry.intake.models import Batch, Progress
from registry.people.demo import Cast
from tests.sheets import cast, ledger_cases
from tests.sheets.plain import delimited

ROOT = Path(__file__).resolve().parents[1]
State = Batch.State
VICTIMS = ("worker", "child", "backend")
PATIENCE = 90.0  # seconds after which a batch counts as lost
TICK = 0.01
CLASS_SIZE = 40


def ledger(first: int, rows: int, schools: tuple[str, ...]) -> bytes:
    """A clean ledger of people and classes that no other trial has: ``first`` numbers them on."""
    people, entries = Cast(7, ["653122"]), []
    for i in range(first, first + rows):
        invented = people.person(i)
        person = cast.Person(invented.name, invented.id_number)
        klass = i // CLASS_SIZE
        entries.append(
            ledger_cases.Entry(
                person,
                school=schools[klass % len(schools)],
                number=f"T{klass:06d}",
                certificate_number=ledger_cases.number(1 + i % 999_999, site=f"{i // 999_999 + 1:06d}"),
            ).cells()
        )
    return delimited([ledger_cases.HEAD, *entries])


@dataclass
class Outcome:
    """What became of one trial. ``lost`` and ``doubled`` count rows."""

    victim: str
    at: float
    hit: bool
    state: str
    resumed: int
    seconds: float
    lost: int
    doubled: int
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return self.state == State.COMMITTED and not (self.lost or self.doubled or self.faults)


COMMAND = (sys.executable, str(ROOT / "manage.py"), "procrastinate", "worker", "--queues")


class Worker:
    """The queue's worker as a process of its own, started again when it has died."""

    def __init__(self, environment: dict[str, str], *queues: str) -> None:
        self._environment, self._queues = environment, queues or ("intake",)
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def ensure(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.starts += 1
            self.process = subprocess.Popen(
                [*COMMAND, ",".join(self._queues)],
                cwd=ROOT,
                env=self._environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def kill(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.kill()
        self.process.wait()
        return True

    def parsers(self) -> list[int]:
        """Process ids of the parser children that this worker has."""
        assert self.process is not None
        return [pid for pid in _children(self.process.pid) if b"registry.intake.child" in _command(pid)]


def _children(parent: int) -> list[int]:
    try:
        tasks_of = Path(f"/proc/{parent}/task").iterdir()
        return [int(pid) for task in tasks_of for pid in (task / "children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@contextmanager
def worker(*queues: str) -> Iterator[Worker]:
    """A worker on the database that this process uses, for these queues (intake)."""
    one = Worker(dict(os.environ), *queues)
    try:
        one.ensure()
        yield one
    finally:
        one.kill()


class Trial:
    """One file on its road, and one shot at it."""

    def __init__(
        self, victim: str, data: bytes, rows: int, at: float, kill_backend: Callable[[int], None]
    ) -> None:
        self.victim, self.data, self.rows, self.at = victim, data, rows, at
        self.kill_backend = kill_backend
        self.hit = False
        self.resumed = 0
        self.seen = (-1, -1)
        self.faults: list[str] = []

    def run(self, worker: Worker, name: str) -> Outcome:
        batch, _new = services.receive(kind="ledger", file=io.BytesIO(self.data), name=name, actor=None)
        began = time.monotonic()
        tasks.enqueue_check(batch.pk)
        quiet_since = began
        while time.monotonic() - began < PATIENCE:
            if not self.hit and time.monotonic() - began >= self.at:
                self.hit = self._shoot(worker)
                quiet_since = time.monotonic()
            try:
                state = self._step(batch, worker, time.monotonic() - quiet_since)
            except OperationalError:
                # The database is coming back from its crash, and we with it.
                connection.close()
                time.sleep(0.1)
                continue
            if state == State.COMMITTED:
                break
            time.sleep(TICK)
        return self._count(batch, time.monotonic() - began)

    def _shoot(self, worker: Worker) -> bool:
        if self.victim == "worker":
            return worker.kill()
        if self.victim == "child":
            shot = [_kill(pid) for pid in worker.parsers()]
            return any(shot)
        return self._shoot_backend()

    def _shoot_backend(self) -> bool:
        """One of the worker's sessions, the one at work before those that wait."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
                "ORDER BY xact_start NULLS LAST LIMIT 1"
            )
            found = cursor.fetchone()
        if found is None:
            return False
        self.kill_backend(int(found[0]))
        return True

    def _step(self, batch: Batch, worker: Worker, quiet: float) -> str:
        """What clerk and supervisor do: start what died, decide after review, press 继续 if nothing moves."""
        state = str(Batch.objects.values_list("state", flat=True).get(pk=batch.pk))
        self._watch_progress(batch)
        worker.ensure()
        if state == State.REVIEW:
            self._decide(batch)
        elif state == State.FAILED or (self.hit and state != State.COMMITTED and quiet > self._patience()):
            self.resumed += 1
            tasks.enqueue_again(services.resume(batch.pk, actor=None))
        return state

    def _decide(self, batch: Batch) -> None:
        """Press 提交. What is under way once more after all is left to go its way."""
        try:
            services.send_to_commit(batch.pk, actor=None, valid_rows_only=False)
        except services.NotAllowed:
            batch.refresh_from_db()
            if batch.counts.get("rejected"):
                codes = batch.issues.filter(severity="error").values_list("code", flat=True).distinct()
                raise AssertionError(f"a clean file was not taken: {list(codes)}") from None
        else:
            tasks.enqueue_commit(batch.pk)

    def _patience(self) -> float:
        """Seconds until the clerk helps: a killed worker leaves nobody who tries again by itself."""
        return (1.0 if self.victim == "worker" else 5.0) + 5.0 * self.resumed

    def _watch_progress(self, batch: Batch) -> None:
        shown = Progress.objects.filter(pk=batch.pk).values_list("stage", "done").first()
        if shown is None or not shown[0]:
            return
        now = (progress.STAGES.index(shown[0]), shown[1])
        if now < self.seen:
            self.faults.append(f"progress went back from {self.seen} to {now}")
        self.seen = now

    def _count(self, batch: Batch, seconds: float) -> Outcome:
        batch.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, {"batch": batch.pk})
            enrolled, distinct, certificates, payments, manifested, staged = cursor.fetchone()
        counts = {"certificates": certificates, "payments": payments, "manifest rows": manifested}
        for what, count in counts.items():
            if count != self.rows and batch.state == State.COMMITTED:
                self.faults.append(f"{count} {what} for {self.rows} rows")
        if staged and batch.state == State.COMMITTED:
            self.faults.append("staged rows left behind")
        return Outcome(
            self.victim,
            round(self.at, 3),
            self.hit,
            batch.state,
            self.resumed,
            round(seconds, 2),
            lost=max(0, self.rows - distinct),
            doubled=max(enrolled - distinct, enrolled - self.rows, 0),
            faults=self.faults,
        )


_COUNTS = """
SELECT (SELECT count(*) FROM enrolments_enrolment WHERE batch_id = %(batch)s),
       (SELECT count(DISTINCT row_no) FROM enrolments_enrolment WHERE batch_id = %(batch)s),
       (SELECT count(*) FROM issuance_certificate WHERE batch_id = %(batch)s),
       (SELECT count(*) FROM claims_payment WHERE batch_id = %(batch)s),
       (SELECT coalesce(sum(cardinality(m.row_ids)), 0)
        FROM audit_manifest m JOIN intake_batch b ON b.action_id = m.action_id
        WHERE b.id = %(batch)s AND m.table_name = 'enrolments_enrolment'),
       (SELECT count(*) FROM pg_class
        WHERE relkind = 'r' AND relname LIKE '%%' || replace(%(batch)s::text, '-', '') || '%%')
"""


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def kill_process(pid: int) -> None:
    """For servers of our own: the real thing, after which PostgreSQL restarts all its backends."""
    _kill(pid)


def terminate(pid: int) -> None:
    """For servers that other tests share: the session ends, the server lives."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def moments(chance: random.Random, whole: float, reading: float) -> Iterator[tuple[str, float]]:
    """Victims in turn, each at a random moment of an undisturbed run; children live while a file is read."""
    while True:
        for victim in VICTIMS:
            yield victim, chance.uniform(0.0, reading if victim == "child" else whole)
