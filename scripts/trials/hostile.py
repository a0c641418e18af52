"""Spoiled workbooks: 0 crashes of the worker, each refused file has a code and a Chinese message, memory stays low.

scripts/trials/hostile [--files 500] [--seed 1] [--json]

Every file goes through receive and check as in the worker, on a PostgreSQL of the trial's own. A file may also turn
out to be readable: damage can be harmless. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from _server import ROOT, own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with own_server(), tempfile.TemporaryDirectory() as folder:
        # Made by a process of its own: what spoiling takes of memory is not ours.
        made = [sys.executable, "-m", "tests.mutants", folder, str(options.seed), str(options.files)]
        subprocess.run(made, cwd=ROOT, check=True)
        return try_all(options, sorted(Path(folder).iterdir(), key=lambda path: int(path.name.split(".")[0])))


def try_all(options: argparse.Namespace, files: list[Path]) -> int:
    from tests import hostility

    began = time.monotonic()
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    slowest = (0.0, "")
    for path in files:
        _number, _how, name = path.name.split(".", 2)
        started = time.monotonic()
        with path.open("rb") as file:
            found = hostility.hand_in(name, file)
        slowest = max(slowest, (time.monotonic() - started, path.name))
        outcomes[found.code or "READABLE"] += 1
        if found.wrong:
            wrong.append(f"{path.name}: {found.wrong}")
            print(wrong[-1], flush=True)
    summary = {
        "files": options.files,
        "crashes": len(wrong),
        "outcomes": dict(outcomes.most_common()),
        "parent_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "child_peak_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
        "slowest_seconds": [round(slowest[0], 2), slowest[1]],
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(summary) if options.json else "\n".join(f"{k}: {v}" for k, v in summary.items()))
    return int(bool(wrong) or summary["parent_peak_mb"] > 150)


if __name__ == "__main__":
    sys.exit(main())
