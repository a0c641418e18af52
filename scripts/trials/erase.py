"""Erase people and look for anything of them: scripts/trials/erase [--people 3000] [--erase 1000] [--json]

Starts a PostgreSQL of its own in a temporary folder. People come in by rosters (with telephone and account) and a
ledger; those who will be erased also sign in, are looked at, ask for corrections and are merged. Then they are erased,
`audit verify` compares every row with its history, the log is exported and checked by scripts/verify_registry.py
against a checkpoint signed before, and a plain pg_dump is searched for their names, numbers, telephones, accounts and
user names, as text, hex and base64. Before the erasure the same search must find them, and afterwards still the others.
Exit 1 unless all of it is as it should be. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path

from _server import own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--erase", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    with own_server(reference=False), tempfile.TemporaryDirectory() as folder:
        from tests import erasing

        outcome = erasing.attempt(options.people, options.erase, Path(folder))
    summary = {
        **dataclasses.asdict(outcome),
        "good": outcome.good,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(
        json.dumps(summary, ensure_ascii=False)
        if options.json
        else "\n".join(f"{k}: {v}" for k, v in summary.items())
    )
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
