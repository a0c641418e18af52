"""Issuing with kill -9 at every step: 0 numbers twice, 0 gaps, 0 certificates without a stored payload.

scripts/trials/issuing [--trials 180] [--people 40] [--size 8] [--seed 1] [--json]

Starts a PostgreSQL of its own in a temporary folder. In each trial two bodies have an order each, four workers carry
both out at once by chunks of --size, and one of them is killed at a step, before or after which nothing of its own
runs any more; the steps take turns (tests/issuing_killed.py names them) until so many were killed. Then the orders are
taken up again. All trials number in the same spaces, which in the end must be dense; every signature is checked
against the stored payload, and history against every row. Exit 1 for anything else. The last line of --json is one
object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from _server import own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=180)
    parser.add_argument("--people", type=int, default=40, help="of each order")
    parser.add_argument("--size", type=int, default=8, help="lines of a chunk")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with own_server():
        return shoot(options)


def shoot(options: argparse.Namespace) -> int:
    from registry.audit.verify import Report, verify_table
    from registry.lib.scope import Scope
    from tests.issuing_killed import STEPS, Range

    began = time.monotonic()
    ground = Range(people_each=options.people, size=options.size, seed=options.seed)
    n = 0
    # Where the others were faster and had done all the work, nobody was killed; that trial is made again.
    while ground.found.killed < options.trials and n < 2 * options.trials:
        before = ground.found.killed
        ground.trial(before % len(STEPS))
        n += 1
        if (now := ground.found.killed) % 20 == 0 and now > before:
            print(f"{now} killed, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    found = ground.count()
    for table in ("issuance_attestation", "issuance_certificate"):
        report = Report()
        verify_table(Scope.all(), table, report)
        if not report.ok:
            found.faults.append(f"{table}: {len(report.differences)} rows are not as history says")
    summary = {**asdict(found), "seconds": round(time.monotonic() - began, 1)}
    for name, value in summary.items():
        print(f"{name}: {value}")
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
    return 0 if found.clean and found.killed == options.trials else 1


if __name__ == "__main__":
    sys.exit(main())
