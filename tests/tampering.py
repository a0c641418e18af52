"""Tampering with the record, and looking for it: as an auditor who may only read, with a checkpoint from outside.

The stage is built in tampering_stage.py, the ten kinds are in tampering_kinds.py. Each tampering happens in a
transaction that is undone afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import DatabaseError, transaction

from registry.audit import export, verify
from registry.config import roles
from registry.lib.scope import Scope
from tests import logbook
from tests.tampering_kinds import KINDS
from tests.tampering_stage import COVERS, RIGHTS, Cover, Rights, Stage, acting_with, build, run, settle

__all__ = ["KINDS", "RIGHTS", "Stage", "Tally", "build", "script", "tamper"]


@dataclass
class Tally:
    """(kind, rights) → how many were refused, found by the script, found by `verify state` alone, missed."""

    counts: Counter[tuple[str, Rights, str]] = field(default_factory=Counter)
    #: The same for attempts with every trigger in place, which are for the database to refuse.
    straight: Counter[tuple[str, Rights, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    with_key: int = 0

    def total(self, how: str) -> int:
        """Of the tamperings that went past the triggers."""
        return sum(count for (_kind, _rights, found), count in self.counts.items() if found == how)


class _Undo(Exception):
    """Ends a tampering, so that nothing of it stays."""


def attempt(stage: Stage, kind: str, rights: Rights, cover: Cover) -> str:
    """Tamper once: refused, script, state, or missed."""
    found = "refused"
    try:
        with transaction.atomic():
            try:
                with acting_with(rights):
                    KINDS[kind](stage, cover)
            except DatabaseError as error:
                if not _is_refusal(error):
                    raise
                raise _Undo from error
            found = look(stage)
            raise _Undo
    except _Undo:
        pass
    return found


def _is_refusal(error: DatabaseError) -> bool:
    """The database says no; anything else is a mistake of ours."""
    return getattr(error.__cause__, "sqlstate", "") in ("42501", "23001", "23514", "23502", "23505", "23503")


def look(stage: Stage, python: str | None = None) -> str:
    """What an auditor finds who may only read: script, state, or missed."""
    settle()
    run(f"SET LOCAL SESSION AUTHORIZATION {roles.AUDIT}")
    try:
        said = script(stage, python)
        if not said.ok:
            return "script"
        return "missed" if verify.verify(Scope.all()).ok else "state"
    finally:
        run("RESET SESSION AUTHORIZATION")


def script(stage: Stage, python: str | None = None) -> logbook.Verdict:
    """The offline script over a fresh export, against the outside checkpoint."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "export"
        try:
            export.write(Scope.all(), out, with_details=True)
        except export.NothingToExport:
            return logbook.Verdict(1, ["没有检查点可以导出"], "")
        arguments = (out, "--key", stage.vkey, "--old", stage.outside)
        return logbook.verify(*arguments, python=python) if python else logbook.verify(*arguments)


def plan(each: int) -> Iterator[tuple[str, Rights, Cover]]:
    """So many of each kind, by owner and administrator in turn, and by the application where it can do anything."""
    for kind in KINDS:
        able: Sequence[Rights] = RIGHTS if kind == "edit a row of the register" else RIGHTS[1:]
        for n in range(each):
            yield kind, able[n % len(able)], COVERS[n // len(able) % len(COVERS)]


def tamper(stage: Stage, each: int, told: Callable[[str], None] = lambda line: None) -> Tally:
    """The whole plan; and beside it, what the application tries and is refused."""
    tally = Tally()
    for kind, rights, cover in plan(each):
        found = attempt(stage, kind, rights, cover)
        tally.counts[kind, rights, found] += 1
        tally.with_key += cover == "signed" and kind not in ("edit a row of the register", "replace the key")
        if found in ("missed", "refused"):
            tally.missed.append(f"{kind} by {rights}, cover {cover}: {found}")
        told(f"{kind} / {rights} / {cover}: {found}")
    stage.lifting = False
    for kind in KINDS:
        if kind == "edit a row of the register":
            continue  # what is done to the register past the program is an action, `audit.unannounced`
        for rights in RIGHTS:
            for cover in COVERS if rights == "application" else COVERS[:1]:
                found = attempt(stage, kind, rights, cover)
                tally.straight[kind, rights, found] += 1
                if found == "missed":
                    tally.missed.append(f"{kind} by {rights}, triggers in place, cover {cover}: missed")
    stage.lifting = True
    return tally
