"""Random histories of certificates: scripts/trials/histories [--count 500] [--rounds 6] [--seed 1] [--papers 20]

Starts a PostgreSQL of its own in a temporary folder. So many certificates are issued; in each round each of them is
suspended, restored, revoked, replaced or left alone at random, by the program's own verbs with two persons where it
takes two, and days pass, so that half of them end. After each round every channel is asked about every certificate:
the public page by code and by number and name, its JSON, the holder's link, the API with and without the QR, the page
of the record, the published status lists, what can be told offline from QR and lists, the feed of changes, and the
printed page (of `--papers` certificates a round). A plain model of a few lines says what each must answer.
Exit 1 unless all agree and nothing says valid after a revocation. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import sys

from _server import own_server


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--papers", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with own_server(reference=False):
        from django.test.utils import setup_test_environment

        from tests import histories

        setup_test_environment()
        told = histories.run(
            count=options.count, rounds=options.rounds, seed=options.seed, papers=options.papers
        )
    summary = {
        "histories": told.histories,
        "steps": dict(told.steps),
        "asked": dict(told.asked),
        "answers": dict(told.answers),
        "disagreements": len(told.wrong),
        "valid_after_revocation": told.valid_after_revocation,
        "good": told.good,
        "seconds": round(told.seconds, 1),
    }
    for line in told.wrong[:20]:
        print(line, file=sys.stderr)
    print(
        json.dumps(summary, ensure_ascii=False)
        if options.json
        else "\n".join(f"{k}: {v}" for k, v in summary.items())
    )
    return 0 if told.good else 1


if __name__ == "__main__":
    sys.exit(main())
