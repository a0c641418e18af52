"""A notary that is shot at while several writers work, and everything it left, counted and proved.

Used by scripts/trials/notary for 200 kills, and in small by the suite. Two helpers are processes of their own, so that
a SIGKILL is one: `python -m tests.notarial notary` forks a notary for each line it is sent (a start of Django takes
longer than most notaries live), `python -m tests.notarial writers URL N` writes until it is told to stop.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
EVERY = 0.05  # seconds between signatures


def as_role(url: str, role: str) -> str:
    """The same database, as another of its roles; for servers that know roles without passwords."""
    scheme, rest = url.split("://", 1)
    return f"{scheme}://{role}@{rest.split('@', 1)[1]}"


@dataclass(frozen=True)
class Place:
    """Where a notary under trial works: its database as the owner, and a folder for all its files."""

    url: str
    folder: Path

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.url,
            "JIANGCE_NOTARY_DATABASE_URL": as_role(self.url, "jiangce_notary"),
            "JIANGCE_NOTARY_DIR": str(self.folder / "notary"),
            "JIANGCE_LOG_DIR": str(self.folder / "log"),
            "JIANGCE_LOG_COPY": str(self.folder / "copy" / "checkpoints.log"),
            "JIANGCE_LOG_NAME": "trial.invalid/log",
        }

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`manage.py notary …` from start to end."""
        command = [sys.executable, str(ROOT / "manage.py"), "notary", *words]
        return subprocess.run(command, env=self.environment(), cwd=ROOT, capture_output=True, text=True)

    def elsewhere(self, url: str) -> Place:
        """The same notary, sent to another database."""
        return replace(self, url=url)


@contextmanager
def helper(place: Place, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.notarial", *words],
        env=place.environment(),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate()


def told(process: subprocess.Popen[str], line: str) -> str:
    """Send a line, and read the one that is answered."""
    assert process.stdin and process.stdout
    process.stdin.write(f"{line}\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@dataclass
class Volley:
    """What was shot and what was written meanwhile."""

    kills: int = 0
    by_command: int = 0
    committed: int = 0
    rolled_back: int = 0
    seconds: float = 0.0


def shoot(place: Place, kills: int, *, writers: int = 4, seed: int = 1, command_each: int = 0) -> Volley:
    """Kill notaries at random moments of their work, one in five while it starts. Every so many by the real command."""
    chance, volley = random.Random(seed), Volley()
    began = time.monotonic()
    with (
        psycopg.connect(place.url, autocommit=True) as watch,
        helper(place, "writers", as_role(place.url, "jiangce_app"), str(writers)) as load,
        helper(place, "notary") as nursery,
    ):
        for n in range(1, kills + 1):
            since = watch.execute("SELECT clock_timestamp()").fetchone()
            if command_each and n % command_each == 0:
                with subprocess.Popen(_COMMAND, env=place.environment(), cwd=ROOT) as process:
                    _wait(watch, since, chance)
                    process.kill()
                volley.by_command += 1
            else:
                pid = int(told(nursery, "go"))
                _wait(watch, since, chance)
                os.kill(pid, signal.SIGKILL)
            volley.kills += 1
        tally = json.loads(told(load, "stop"))
    volley.committed, volley.rolled_back = tally["entries"], tally["rolled_back"]
    volley.seconds = time.monotonic() - began
    return volley


_COMMAND = [sys.executable, str(ROOT / "manage.py"), "notary", "run", "--every", str(EVERY)]
_ACTIVE = """
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND a.usename = 'jiangce_notary' AND a.backend_start > %s
"""
_STARTS_WITHIN = 60.0


def _wait(watch: psycopg.Connection[Any], since: Any, chance: random.Random) -> None:
    """Until a random moment: of starting, or of the first second in which the notary works."""
    if chance.random() < 0.2:
        time.sleep(chance.uniform(0, 0.5))
        return
    deadline = time.monotonic() + _STARTS_WITHIN
    while watch.execute(_ACTIVE, since).fetchone() == (0,) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 1.0))


# --- counting afterwards ---------------------------------------------------------------------------


@dataclass
class Findings:
    """What the database, the copy and the folder say after the last notary settled everything."""

    entries: int = 0
    leaves: int = 0
    waiting: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    wrong_hashes: int = 0
    checkpoints: int = 0
    copied: int = 0
    wrong_roots: int = 0
    bad_signatures: int = 0
    contradictions: int = 0
    pairs: int = 0
    wrong_tiles: int = 0
    refusals: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        faults = (self.waiting, self.lost, self.doubled, self.gaps, self.wrong_hashes, self.wrong_roots)
        more = (self.bad_signatures, self.contradictions, self.wrong_tiles, len(self.refusals))
        return not any(faults) and not any(more) and self.entries == self.leaves and self.checkpoints > 0


_ENTRIES = """
    SELECT 'a' AS kind, id, leaf_hash FROM audit_action UNION ALL SELECT 'd', id, leaf_hash FROM audit_detail
    UNION ALL SELECT 'm', id, leaf_hash FROM audit_manifest
"""
_COUNTS = f"""
    WITH entry AS ({_ENTRIES})
    SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM audit_leaf), (SELECT count(*) FROM audit_pending),
        (SELECT count(*) FROM entry e LEFT JOIN audit_leaf l ON l.kind = e.kind AND l.row_id = e.id
            WHERE l.idx IS NULL),
        (SELECT count(*) FROM (SELECT FROM audit_leaf GROUP BY kind, row_id HAVING count(*) > 1) twice),
        (SELECT count(*) FROM audit_leaf) - (SELECT coalesce(max(idx) + 1, 0) FROM audit_leaf),
        (SELECT count(*) FROM audit_leaf l LEFT JOIN entry e ON l.kind = e.kind AND l.row_id = e.id
            WHERE e.leaf_hash IS DISTINCT FROM l.hash)
"""


def look(place: Place, *, pairs: int = 2_000, seed: int = 1) -> Findings:
    """Count entries against leaves, and prove every checkpoint that was ever signed against the others."""
    found = Findings()
    with psycopg.connect(place.url) as connection:
        row = connection.execute(_COUNTS).fetchone()
        assert row is not None
        (
            found.entries,
            found.leaves,
            found.waiting,
            found.lost,
            found.doubled,
            found.gaps,
            found.wrong_hashes,
        ) = row
        leaves = [h for (h,) in connection.execute("SELECT hash FROM audit_leaf ORDER BY idx")]
        notes = [note for (note,) in connection.execute("SELECT note FROM audit_checkpoint ORDER BY size")]
    copied = [json.loads(line)["note"] for line in _lines(place.folder / "copy" / "checkpoints.log")]
    found.checkpoints, found.copied = len(notes), len(copied)
    refusals = place.folder / "refusals"
    found.refusals = refusals.read_text("utf-8").splitlines() if refusals.exists() else []
    _prove(place, found, leaves, [*notes, *copied], pairs, seed)
    return found


def _lines(path: Path) -> list[str]:
    """Whole lines; one that a kill cut off is not there."""
    text = path.read_text("utf-8")
    whole = []
    for line in text.split("\n"):
        try:
            json.loads(line)
        except ValueError:
            continue
        whole.append(line)
    return whole


def _prove(
    place: Place, found: Findings, leaves: list[bytes], notes: list[str], pairs: int, seed: int
) -> None:
    from registry.audit import merkle
    from registry.audit.notes import BadNote, Checkpoint, VerifierKey, opened
    from registry.audit.publishing import Published

    key = VerifierKey.parse((place.folder / "log" / "vkey").read_text("utf-8"))
    heads: dict[int, bytes] = {}
    for note in notes:
        try:
            head = Checkpoint.parse(opened(note, [key])[0])
        except BadNote:
            found.bad_signatures += 1
            continue
        if heads.setdefault(head.size, head.root) != head.root:
            found.contradictions += 1
    sizes = sorted(heads)
    frontier = merkle.Frontier()
    for size in sizes:
        frontier.extend(leaves[frontier.size : size])
        found.wrong_roots += frontier.root() != heads[size]
    # Neighbours, each with the last, and a draw from all pairs; by proofs from the published tiles alone.
    chance = random.Random(seed)
    drawn = {(a, b) for a, b in pairwise(sizes)} | {(a, sizes[-1]) for a in sizes}
    for _ in range(pairs):
        a, b = sorted((chance.choice(sizes), chance.choice(sizes)))
        drawn.add((a, b))
    published = Published(place.folder / "log", place.folder / "copy" / "checkpoints.log")
    tiles: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if (level, index) not in tiles:
            tiles[level, index] = published.tile(level, index)
        return tiles[level, index]

    node = merkle.nodes_from_tiles(read)
    for old, new in sorted(drawn):
        proof = merkle.consistency_proof(old, new, node)
        found.contradictions += not merkle.verify_consistency(old, new, heads[old], heads[new], proof)
    found.pairs = len(drawn)
    for tile in merkle.tiles(sizes[-1]):
        if tile.level == 0:
            start = tile.index * merkle.TILE_WIDTH
            found.wrong_tiles += read(0, tile.index) != b"".join(leaves[start : start + tile.width])


# --- the helpers -----------------------------------------------------------------------------------

_WRITE = """
    SELECT (audit_log('trial.write', 'thing', %s, 1, '', NULL, NULL, '', NULL, '', NULL, '', '', %s::uuid, %s, %s)).id
"""
_MANIFEST = """
    INSERT INTO audit_manifest (action_id, table_name, canon, row_ids, hashes)
    SELECT %s, 'thing', 'thing_v1', ARRAY[n], sha256('') FROM generate_series(1, %s) n
"""


def writers(url: str, count: int) -> None:
    """Write until a line comes, each writer holding its transaction up to 20 ms; then say how much is committed."""
    stopped, tallies = threading.Event(), [[0, 0] for _ in range(count)]

    def write(number: int) -> None:
        chance, tally = random.Random(number), tallies[number]
        with psycopg.connect(url, autocommit=True) as connection:
            while not stopped.is_set():
                personal, more = chance.random() < 0.2, chance.choice((0, 0, 0, 1, 3))
                salt, detail = (os.urandom(32), "{}") if personal else (None, None)
                with connection.transaction(force_rollback=chance.random() < 0.1) as transaction:
                    row = connection.execute(_WRITE, [str(number), None, salt, detail]).fetchone()
                    assert row is not None
                    if more:
                        connection.execute(_MANIFEST, [row[0], more])
                    time.sleep(chance.uniform(0, 0.02))
                entries = 1 + personal + more
                tally[transaction.force_rollback] += entries

    threads = [threading.Thread(target=write, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    sys.stdin.readline()
    stopped.set()
    for thread in threads:
        thread.join()
    print(
        json.dumps({"entries": sum(t[0] for t in tallies), "rolled_back": sum(t[1] for t in tallies)}),
        flush=True,
    )


def nursery() -> None:
    """Fork a notary for each line that comes, and say its number; what one refuses goes to a file."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")
    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.close(0)
            _be_notary()
        print(pid, flush=True)


def _be_notary() -> None:
    from django.conf import settings

    from registry.audit.notary import Refused
    from registry.management.commands.notary import notary

    words: list[Any] = []
    try:
        notary().run(EVERY, threading.Event(), words.append)
    except Refused as refusal:
        words.append(str(refusal))
    except BaseException as error:
        words.append(repr(error))
    with (settings.LOG_DIR.parent / "refusals").open("a", encoding="utf-8") as file:
        file.write(f"{words[-1]}\n")
    os._exit(1)


if __name__ == "__main__":
    if sys.argv[1] == "notary":
        nursery()
    else:
        writers(sys.argv[2], int(sys.argv[3]))
