"""Tampering with the record: ten kinds, with the rights of the application, an owner and a database administrator.

scripts/trials/tamper [--each 30] [--rows 60] [--seed 1] [--json]

Starts a PostgreSQL of its own in a temporary folder, reads a ledger and a roster in, lets the notary sign three
checkpoints, and keeps the second as an auditor outside would. Then it tampers so many times in each kind, a quarter of
it with the log's own key, and looks with the offline script and with `audit verify` through a role that only reads.
What is tried with every trigger in place, by the application too, is for the database to refuse and counted apart.
Exit 1 for anything missed, or when the honest record does not pass on the oldest and newest Python at hand.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _server import own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=30)
    parser.add_argument("--rows", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="jiangce-tamper-"))
    try:
        with own_server(reference=False):
            return attempt(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def attempt(options: argparse.Namespace, folder: Path) -> int:
    from django.db import transaction

    from registry.audit import verify
    from registry.lib.scope import Scope
    from tests import logbook, tampering

    stage = tampering.build(folder, options.rows)
    stage.rng = random.Random(options.seed)
    honest: dict[str, bool] = {}
    with transaction.atomic():
        for python in logbook.PYTHONS:
            honest[Path(python).name] = tampering.script(stage, python).ok
        honest["audit verify"] = verify.verify(Scope.all()).ok
    began = time.monotonic()
    tally = tampering.tamper(
        stage, options.each, (lambda line: None) if options.json else lambda line: print(line, flush=True)
    )
    summary: dict[str, Any] = {
        "honest": honest,
        "tamperings": options.each * len(tampering.KINDS),
        "found_by_script": tally.total("script"),
        "found_by_audit_verify": tally.total("state"),
        "missed": tally.total("missed"),
        "with_the_logs_key": tally.with_key,
        "with_triggers_in_place": {
            how: sum(count for (_k, _r, h), count in tally.straight.items() if h == how)
            for how in ("refused", "script", "state", "missed")
        },
        "seconds": round(time.monotonic() - began, 1),
        "table": {
            kind: {
                rights: {
                    how: count
                    for (k, r, how), count in sorted(tally.counts.items())
                    if (k, r) == (kind, rights)
                }
                for rights in tampering.RIGHTS
            }
            for kind in tampering.KINDS
        },
    }
    for line in tally.missed:
        print(line, file=sys.stderr)
    print(json.dumps(summary, ensure_ascii=False, indent=None if options.json else 1))
    return 0 if all(honest.values()) and not tally.missed else 1


if __name__ == "__main__":
    sys.exit(main())
