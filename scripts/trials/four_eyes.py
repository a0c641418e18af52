"""Four eyes: 10,000 random sequences of acts as a plain model says, and 500 rounds of sixteen reviewers on one row.

scripts/trials/four_eyes [--sequences 10000] [--acts 8] [--rounds 500] [--kills 200] [--seed 1] [--json]

Starts a PostgreSQL of its own in a temporary folder. Eleven accounts of six people take part in the sequences, among
them two and three accounts of one person, one of nobody known and one that is closed; acts go through the services and
around them. In the rounds every reviewer has a connection of their own, and one more edits the row meanwhile. In the
end processes are killed while they decide: a decision stands as a whole, with its record, or not at all. Exit 1 for
any breach, disagreement, double decision or error that a user would have seen. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from _server import own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--acts", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with own_server():
        return attempt(options)


def attempt(options: argparse.Namespace) -> int:
    from django.db import connection

    from registry.regions.models import Region
    from tests import four_eyes

    stage = four_eyes.Stage(Region.objects.get(code="653222"), Region.objects.get(code="653200"))
    with connection.cursor() as cursor:
        # Thousands of small transactions on a server that is thrown away: nothing here is about the disk.
        cursor.execute("SET synchronous_commit = off")
    before, began = deadlocks(), time.monotonic()
    tally = four_eyes.Tally()
    for seed in range(options.seed, options.seed + options.sequences):
        four_eyes.Sequence(stage, seed, tally).run(options.acts)
        if tally.sequences % 500 == 0:
            print(
                f"{tally.sequences} sequences, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
            )
    middle = time.monotonic()
    found = four_eyes.Crowd(stage).run(options.rounds)
    rounds_over = time.monotonic()
    killed = four_eyes.kill(stage, options.kills, options.seed) if options.kills else four_eyes.Kills()
    summary: dict[str, Any] = {
        "sequences": tally.sequences,
        "acts": tally.acts,
        "answers": dict(tally.answers.most_common()),
        "breaches": len(tally.breaches) + len(found.faults) + len(killed.faults),
        "disagreements": len(tally.disagreements),
        "seconds": round(middle - began, 1),
        "rounds": found.rounds,
        "decisions_in_rounds": found.decisions,
        "answers_in_rounds": dict(found.answers.most_common()),
        "errors_shown": len(found.shown) + sum(n for a, n in tally.answers.items() if a.startswith("shown")),
        "deadlocks_in_the_server": deadlocks() - before,
        "seconds_of_rounds": round(rounds_over - middle, 1),
        "kills": killed.kills,
        "decided_before_the_kill": killed.decided,
        "seconds_of_kills": round(time.monotonic() - rounds_over, 1),
    }
    for fault in (*tally.breaches, *tally.disagreements, *found.faults, *found.shown, *killed.faults)[:50]:
        print(fault, file=sys.stderr)
    if options.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        print("\n".join(f"{name}: {value}" for name, value in summary.items()))
    return 0 if tally.clean and found.clean and not killed.faults and not summary["errors_shown"] else 1


def deadlocks() -> int:
    """How many the server has broken up so far, also those that were tried again and nobody saw."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    sys.exit(main())
