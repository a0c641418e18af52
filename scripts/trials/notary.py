"""kill -9 of the notary under load: 0 entries lost, 0 doubled, no two checkpoints that contradict each other.

scripts/trials/notary [--kills 200] [--writers 4] [--seed 1] [--json]

Starts a PostgreSQL of its own. Writers commit, and roll back, without a pause while notaries are killed at random
moments; every tenth is the real command. Then the database is dumped and restored, beside it and into another
cluster, and copied file by file, and a notary is sent to each copy: none of them may sign. The last line of --json is
one object.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from _server import ROOT, own_server


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> int:
    options = parse()
    with own_server(), tempfile.TemporaryDirectory(prefix="jiangce-notary-", dir="/tmp") as folder:
        from django.core.management import call_command

        from registry.config import roles

        call_command("migrate", verbosity=0)
        roles.apply(ddl_events=False)
        return trial(options, Path(folder))


def trial(options: argparse.Namespace, folder: Path) -> int:
    from tests import notarial

    place = notarial.Place(os.environ["DATABASE_URL"], folder)
    # Migrating leaves entries too; the trial counts from here.
    before = place.command("once")
    assert before.returncode == 0, before.stderr
    there = notarial.look(place, pairs=0).entries
    volley = notarial.shoot(place, options.kills, writers=options.writers, seed=options.seed, command_each=10)
    last = place.command("once")
    found = notarial.look(place, seed=options.seed)
    summary: dict[str, object] = {
        **asdict(volley),
        **asdict(found),
        "last_notary": last.returncode,
        "entries_missing": there + volley.committed - found.entries,
    }
    print(f"kills done: {summary}", file=sys.stderr, flush=True)
    summary["copies"] = copies(place, folder)
    print(json.dumps(summary, ensure_ascii=False) if options.json else report(summary))
    refused = all(copy["signed"] == 0 and copy["exit"] != 0 for copy in summary["copies"].values())  # type: ignore[attr-defined]
    return 0 if found.clean and not last.returncode and not summary["entries_missing"] and refused else 1


def report(summary: dict[str, object]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in summary.items())


# --- copies that must not sign ---------------------------------------------------------------------


def copies(place, folder: Path) -> dict[str, dict[str, object]]:  # type: ignore[no-untyped-def]
    """Make the copies, let the original go on, and send its notary to each of them."""
    from registry.config import binaries, embedded

    tools = binaries.find(None)
    dump = folder / "dump"
    run(tools["pg_dump"], "-Fc", "-f", str(dump), place.url)
    cold = folder / "cold"
    with embedded_copy(cold) as start_copy:
        shot(place)  # the original lives on
        answers = {}
        beside = place.url.replace("/jiangce?", "/beside?")
        run(tools["psql"], "-q", place.url, "-c", "CREATE DATABASE beside")
        run(tools["pg_restore"], "-d", beside, str(dump))
        answers["dump_beside"] = asked(place, beside)
        other = folder / "other"
        other.mkdir(mode=0o755)
        folder.chmod(0o755)
        elsewhere = embedded.ensure_running(other).url
        try:
            from registry.config import roles

            run(
                tools["psql"],
                "-q",
                elsewhere,
                "-c",
                "; ".join(
                    f"CREATE ROLE {role} LOGIN"
                    for role in (*roles.ROLES, "jiangce_staging", "jiangce_retention")
                ),
            )
            run(tools["pg_restore"], "-d", elsewhere, str(dump))
            answers["dump_in_another_cluster"] = asked(place, elsewhere)
        finally:
            home = Path(embedded.locate(other).host).parent
            embedded.stop(other)
            shutil.rmtree(home, ignore_errors=True)
        with start_copy() as url:
            answers["copy_of_the_files"] = asked(place, url)
    # And the original still may.
    shot(place)
    return answers


def shot(place) -> None:  # type: ignore[no-untyped-def]
    """One more entry in the original, signed."""
    import psycopg

    with psycopg.connect(place.url) as connection:
        connection.execute("SELECT audit_log('t.on', 't', '', 1, '', NULL, NULL, '', NULL, '', NULL, '', '')")
    done = place.command("once")
    assert done.returncode == 0, done.stderr


def asked(place, url: str) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """Send the notary to a copy in which something was done, and count what it signed there."""
    import psycopg

    count = "SELECT count(*) FROM audit_checkpoint"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT audit_log('t.copy', 't', '', 1, '', NULL, NULL, '', NULL, '', NULL, '', '')"
        )
        before = connection.execute(count).fetchone()[0]  # type: ignore[index]
        answer = place.elsewhere(url).command("once")
        after = connection.execute(count).fetchone()[0]  # type: ignore[index]
    said = answer.stderr.strip().splitlines()
    return {"exit": answer.returncode, "signed": after - before, "said": said[-1] if said else ""}


def run(*command: str) -> None:
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


def embedded_copy(folder: Path):  # type: ignore[no-untyped-def]
    """The files of the server as a backup of the whole machine has them: copied while it stands still."""
    from contextlib import contextmanager

    from registry.config import embedded

    project = Path(os.environ["JIANGCE_TRIAL_SERVER"])

    @contextmanager
    def started():  # type: ignore[no-untyped-def]
        try:
            yield embedded.ensure_running(folder).url
        finally:
            embedded.stop(folder)

    @contextmanager
    def copied():  # type: ignore[no-untyped-def]
        embedded.stop(project)
        folder.mkdir(mode=0o755)
        home = embedded.status(project).home
        target = folder / ".pgdata"
        subprocess.run(["cp", "-a", str(home), str(target)], check=True)
        (target / "location").unlink(missing_ok=True)
        for part in ("lock", "run"):
            path = target / part
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        embedded.ensure_running(project)
        yield started

    return copied()


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
