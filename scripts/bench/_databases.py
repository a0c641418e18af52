"""Scratch databases on one server, copied from each other so that contestants begin with the same content.

Each measured piece of work runs in a process of its own (`_steps.py`) with DATABASE_URL naming its copy; this
side holds no rows, so that nobody's peak memory is anybody else's.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parents[2]
STEPS = Path(__file__).with_name("_steps.py")
LARGE = 1 << 30  # bytes from which copying files beats writing all pages to the log


class StepFailed(RuntimeError):
    """A process of the benchmark ended badly; the message is the end of what it said."""


class Server:
    """The server that DATABASE_URL names, or the program's own."""

    def __init__(self) -> None:
        self.own = not os.environ.get("DATABASE_URL", "").strip()
        self.started = False
        self.url = os.environ.get("DATABASE_URL", "").strip()
        self.prefix = f"jiangce_bench_{os.getpid()}_"
        self._made: list[str] = []

    def start(self) -> None:
        if self.own:
            from registry.config import embedded

            self.started = not embedded.status(ROOT).running
            self.url = embedded.ensure_running(ROOT).url

    def stop(self, *, keep: bool) -> None:
        """Drop what was made here; stop the server only if it was started here."""
        if keep:
            print("kept:", ", ".join(self._made), file=sys.stderr)
        else:
            for name in reversed(self._made[:]):
                self.drop(name)
        if self.started:
            from registry.config import embedded

            embedded.stop(ROOT)

    # ------------------------------------------------------------ databases

    def name(self, what: str) -> str:
        return f"{self.prefix}{what}"

    def create(self, what: str, template: str | None = None) -> str:
        """A new database, empty or like `template` (nobody may be connected to that); returns its name."""
        name = self.name(what)
        with self.admin() as connection:
            copied = ""
            if template:
                row = connection.execute("SELECT pg_database_size(%s)", [template]).fetchone()
                how = "FILE_COPY" if row and row[0] > LARGE else "WAL_LOG"
                copied = f'TEMPLATE "{template}" STRATEGY {how}'
            connection.execute(f'CREATE DATABASE "{name}" {copied}')
        self._made.append(name)
        return name

    @contextmanager
    def copy(self, template: str, what: str) -> Iterator[str]:
        """A copy for one measurement, dropped afterwards. What copying dirtied is on disk by then."""
        name = self.create(what, template)
        try:
            with self.admin() as connection:
                connection.execute("CHECKPOINT")
            yield name
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        with self.admin() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        with contextlib.suppress(ValueError):
            self._made.remove(name)

    def rename(self, name: str, to: str) -> None:
        """Give a scratch database a name of its own; it then outlives us."""
        with self.admin() as connection:
            connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{to}"')
        self._made.remove(name)

    def url_of(self, name: str) -> str:
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{quote(name)}"))

    @contextmanager
    def connect(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(_plain(self.url_of(name)), autocommit=True) as connection:
            yield connection

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        with self.connect("postgres") as connection:
            yield connection

    # ------------------------------------------------------------ processes

    def step(self, step: str, database: str, **arguments: Any) -> dict[str, Any]:
        """Run one step in a fresh process on this database; its answer is the last line that it printed."""
        command = [sys.executable, str(STEPS), step, json.dumps(arguments)]
        environment = {
            **os.environ,
            "DATABASE_URL": self.url_of(database),
            "DJANGO_SETTINGS_MODULE": "registry.config.settings",
            "JIANGCE_LOG_LEVEL": "CRITICAL",
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise StepFailed(f"{step}: {done.stderr.strip()[-2000:]}")
        answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answer


def _plain(url: str) -> str:
    """libpq wants the user's place filled even when the host stands in the query."""
    return url.replace("postgres://", "postgresql://", 1)
