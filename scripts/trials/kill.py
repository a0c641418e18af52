"""kill -9 at random points of imports: 0 rows lost, 0 doubled, every batch finishes or can be resumed.

scripts/trials/kill [--trials 200] [--rows 1500] [--seed 1] [--json]

Starts a PostgreSQL of its own in a temporary folder and a worker process; one file is handed in after another.
In each, one of worker, parser child and database backend is killed at a random moment. The last line of
--json is one object.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
from collections import Counter

from _server import own_server


def main() -> int:
    options = parse()
    with own_server():
        return shoot(options)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def shoot(options: argparse.Namespace) -> int:
    from registry.institutions.demo import PROVIDERS
    from tests import killing

    schools = tuple(provider.name for provider in PROVIDERS[:8])
    began = time.monotonic()
    outcomes: list[killing.Outcome] = []
    first = 0

    def one(victim: str, at: float) -> killing.Outcome:
        nonlocal first
        data = killing.ledger(first, options.rows, schools)
        first += options.rows
        trial = killing.Trial(victim, data, options.rows, at, killing.kill_process)
        return trial.run(worker, f"trial-{first}.csv")

    with killing.worker() as worker:
        calm = [one("worker", 1e9) for _ in range(3)]
        whole = min(outcome.seconds for outcome in calm)
        aims = killing.moments(random.Random(options.seed), whole, whole / 2)
        while len(outcomes) < options.trials:
            outcome = one(*next(aims))
            outcomes.append(outcome)
            if not outcome.clean:
                print(outcome, flush=True)
            elif not options.json and len(outcomes) % 20 == 0:
                print(f"{len(outcomes)} trials, {time.monotonic() - began:.0f} s", flush=True)
        summary = summarise(outcomes, worker.starts, options.rows, whole, time.monotonic() - began)
    summary["roll_ups_agree"] = verify()
    print(json.dumps(summary, ensure_ascii=False) if options.json else report(summary))
    good = not (
        summary["rows_lost"] or summary["rows_doubled"] or summary["not_finished"] or summary["faults"]
    )
    return 0 if good and summary["roll_ups_agree"] else 1


def summarise(outcomes: list, starts: int, rows: int, whole: float, seconds: float) -> dict[str, object]:  # type: ignore[type-arg]
    hits = Counter(outcome.victim for outcome in outcomes if outcome.hit)
    return {
        "trials": len(outcomes),
        "kills": {victim: hits[victim] for victim in ("worker", "child", "backend")},
        "missed": sum(not outcome.hit for outcome in outcomes),
        "rows_each": rows,
        "rows_lost": sum(outcome.lost for outcome in outcomes),
        "rows_doubled": sum(outcome.doubled for outcome in outcomes),
        "not_finished": sum(outcome.state != "committed" for outcome in outcomes),
        "finished_by_themselves": sum(outcome.clean and not outcome.resumed for outcome in outcomes),
        "resumed_by_hand": sum(outcome.resumed > 0 for outcome in outcomes),
        "faults": [fault for outcome in outcomes for fault in outcome.faults],
        "worker_starts": starts,
        "undisturbed_seconds": whole,
        "seconds": round(seconds, 1),
    }


def verify() -> bool:
    from django.core.management import CommandError, call_command

    try:
        call_command("targets", "verify", stdout=io.StringIO())
    except (CommandError, SystemExit) as error:
        return isinstance(error, SystemExit) and not error.code
    return True


def report(summary: dict[str, object]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in summary.items())


if __name__ == "__main__":
    sys.exit(main())
