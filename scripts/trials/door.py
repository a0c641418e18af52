"""A name that somebody has and a name that nobody has cannot be told apart at the staff's door.

scripts/trials/door [--pairs 200] [--json]

Wrong passwords at known and at unknown names, each name once, both kinds in random order within each pair, through all
middleware, on a PostgreSQL of the trial's own. Compared: the answers byte for byte, apart from the form's token and the
name shown back; the times, by the clock and in computing of this process (which neighbours on the machine do not
stretch), both samples by a two-sided Kolmogorov-Smirnov test, and the difference within each pair, with its median and
the 99 % interval of that. Then six guesses at one name of each kind, to see the door shut in the same way.

Ends with 1 unless the bytes are equal and, both by the clock and in computing, KS p > 0.01 and the interval holds 0 or
the median is less than 1 ms from it. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import statistics
import sys
import time
from typing import Any

from _server import own_server

PASSWORD = "一个足够长的登录密码-42"
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"')
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with own_server():
        found = _measure(asked.pairs, random.Random(asked.seed))
    for name, value in found.items():
        print(f"{name:<28} {value}")
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


def _measure(pairs: int, dice: random.Random) -> dict[str, Any]:
    from django.contrib.auth.hashers import make_password

    from registry.accounts.models import User

    secret = make_password(PASSWORD)
    User.objects.bulk_create(User(username=f"known-{n:04}", password=secret) for n in range(pairs + 1))
    times: dict[str, list[tuple[float, float]]] = {"known": [], "nobody": []}
    bodies: set[bytes] = set()
    answers: set[tuple[int, tuple[str, ...]]] = set()
    for n in range(-5, pairs):
        kinds = dice.sample(["known", "nobody"], 2)
        for kind in kinds:
            # Each name once and each from an address of its own: nothing here is shut out.
            name, address = (
                f"{kind}-{abs(n):04}",
                f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(256)}",
            )
            page, took = _knock(name, address)
            if n < 0:
                continue  # warming up
            times[kind].append(took)
            bodies.add(_plain(page, name))
            answers.add((page.status_code, tuple(sorted(page.headers))))
    clock, computing = (
        _compared([took[which] for took in times["known"]], [took[which] for took in times["nobody"]])
        for which in (0, 1)
    )
    shut_alike = _shut_alike(pairs)
    return {
        "pairs": pairs,
        "different_bodies": len(bodies),
        "different_answers": len(answers),
        **{f"clock_{name}": value for name, value in clock.items()},
        **{f"computing_{name}": value for name, value in computing.items()},
        "shut_alike": shut_alike,
        "ok": len(bodies) == 1 and len(answers) == 1 and shut_alike and clock["alike"] and computing["alike"],
    }


def _compared(known: list[float], nobody: list[float]) -> dict[str, Any]:
    """How far two samples of milliseconds, taken in pairs, lie apart."""
    apart = sorted(one - other for one, other in zip(known, nobody, strict=True))
    middle, (low, high) = statistics.median(apart), _interval(apart)
    statistic, chance = _kolmogorov_smirnov(known, nobody)
    return {
        "median_known_ms": round(statistics.median(known), 2),
        "median_nobody_ms": round(statistics.median(nobody), 2),
        "median_apart_ms": round(middle, 2),
        "interval_ms": [round(low, 2), round(high, 2)],
        "ks": round(statistic, 4),
        "ks_p": round(chance, 4),
        "alike": chance > 0.01 and (low <= 0 <= high or abs(middle) < 1),
    }


def _knock(name: str, address: str) -> tuple[Any, tuple[float, float]]:
    """(the answer, (milliseconds by the clock, milliseconds of computing in this process))"""
    from django.test import Client

    client = Client(REMOTE_ADDR=address)
    began = time.perf_counter(), time.process_time()
    page = client.post(
        "/accounts/sign-in/", {"username": name, "password": "not this one"}, headers={"host": "localhost"}
    )
    ended = time.perf_counter(), time.process_time()
    return page, ((ended[0] - began[0]) * 1000, (ended[1] - began[1]) * 1000)


def _plain(page: Any, name: str) -> bytes:
    body = _TOKEN.sub(b"", page.content).replace(f'value="{name}"'.encode(), b'value=""')
    return _MOMENT.sub(b"MOMENT", body)


def _shut_alike(n: int) -> bool:
    """Five guesses at one name of each kind: the same answers in the same order, the last that the door is shut."""
    seen = []
    for kind in ("known", "nobody"):
        name = f"{kind}-{n:04}"
        pages = [_knock(name, "192.0.2.1" if kind == "known" else "192.0.2.2")[0] for _ in range(6)]
        seen.append([(page.status_code, _plain(page, name)) for page in pages])
    return seen[0] == seen[1] and [status for status, _ in seen[0]] == [200] * 4 + [429] * 2


def _interval(ordered: list[float]) -> tuple[float, float]:
    """Where the median lies with 99 %, whatever the distribution: between two of the values in order."""
    size = len(ordered)
    reach = 1.288 * math.sqrt(size)
    return ordered[max(0, math.floor(size / 2 - reach))], ordered[min(size - 1, math.ceil(size / 2 + reach))]


def _kolmogorov_smirnov(one: list[float], other: list[float]) -> tuple[float, float]:
    """(greatest distance of the two distributions, how probable so much is by chance); for large samples."""
    marked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    seen, greatest = [0, 0], 0.0
    for _value, which in marked:
        seen[which] += 1
        greatest = max(greatest, abs(seen[0] / len(one) - seen[1] / len(other)))
    size = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    reach = (size + 0.12 + 0.11 / size) * greatest
    if reach < 0.2:
        return greatest, 1.0
    chance = 2 * sum((-1) ** (k - 1) * math.exp(-2 * (k * reach) ** 2) for k in range(1, 101))
    return greatest, min(1.0, max(0.0, chance))


if __name__ == "__main__":
    sys.exit(main())
