"""A person on record and one who is not cannot be told apart at the trainees' door; guessing whose record it is ends.

scripts/trials/door_trainee [--pairs 1000] [--floor MS] [--json]

Name and number of somebody on record, and of nobody, each once and from an address of its own, both kinds in random
order within each pair, through all middleware, on a PostgreSQL of the trial's own. Each try: the form sent (timed), the
page that asks for the code, a wrong code sent (timed). Compared: status, headers and bytes of every answer apart from
tokens; both samples of times by a two-sided Kolmogorov-Smirnov test; the difference within each pair, whose median is
given with its 95 % interval. --floor sets the time that no answer comes before, which ships as `door.floor_ms`; with 0
the bare work is seen.

Then the guessing, by the limits as shipped: one name with number after number from a hundred networks, and names by the
hundred from one network, until the door shuts.

Ends with 1 unless the bytes are equal, KS p > 0.01 and the interval holds 0 or the median is less than 1 ms from it, at
both steps, and both kinds of guessing were shut out. The last line of --json is one object.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from _server import own_server
from door import _interval, _kolmogorov_smirnov

_TOKENS = re.compile(rb'name="(csrfmiddlewaretoken|asked)" value="[^"]*"')
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_CHANGING = {"X-Request-ID", "Set-Cookie", "Date"}
# Everything may be asked for as often as the trial needs; proofs cost nothing.
_FIGURES = """
[limits]
"door.number" = [{{ from = 2026-01-01, most = ["1000000/1s"] }}]
"door.network" = [{{ from = 2026-01-01, most = ["1000000/1s"] }}]
"door.name" = [{{ from = 2026-01-01, most = ["1000000/1s"] }}]
[numbers]
"door.proof_bits" = [{{ from = 2026-01-01, is = 1 }}]
{floor}
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--floor", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    dice = random.Random(asked.seed)
    logging.disable(logging.CRITICAL)
    with own_server(reference=False), tempfile.TemporaryDirectory() as folder:
        people = _people(2 * asked.pairs + 220)
        _register(people[: asked.pairs + 20])
        found = _measure(asked.pairs, people, asked.floor, dice, Path(folder))
        found |= _guess(people, dice, Path(folder))
    found["ok"] = _judge(found)
    for name, value in found.items():
        print(f"{name:<30} {value}")
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    return 0 if found["ok"] else 1


def _people(n: int) -> list[Any]:
    from registry.people.demo import Cast

    cast = Cast(7, ["653201", "653222", "653101", "653121", "652901"])
    return [cast.person(each) for each in range(n)]


def _register(people: list[Any]) -> None:
    from tests.registry.knocking import on_record

    for each in people:
        on_record(each.name, each.id_number, each.phone)


def _measure(
    pairs: int, people: list[Any], floor: int | None, dice: random.Random, folder: Path
) -> dict[str, Any]:
    from registry.lib import figures

    _lay_over(
        folder / "open.toml",
        _FIGURES.format(
            floor="" if floor is None else f'"door.floor_ms" = [{{ from = 2026-01-01, is = {floor} }}]'
        ),
    )
    held, others = people[: pairs + 20], people[pairs + 20 : 2 * pairs + 40]
    times: dict[str, dict[str, list[float]]] = {step: {"hit": [], "miss": []} for step in ("knock", "code")}
    answers: dict[str, set[Any]] = {"knock": set(), "page": set(), "code": set()}
    for n in range(-20, pairs):
        for kind in dice.sample(["hit", "miss"], 2):
            who = (held if kind == "hit" else others)[n + 20]
            one = _try(who, _address(dice))
            if n < 0:
                continue  # warming up
            for step in times:
                times[step][kind].append(one[step][0])
            for step in answers:
                answers[step].add(one[step][1])
    found: dict[str, Any] = {"requests": 2 * pairs, "floor_ms": figures.number("door.floor_ms")}
    for step, said in answers.items():
        found[f"different_{step}"] = len(said)
    for step, kinds in times.items():
        apart = sorted(a - b for a, b in zip(kinds["hit"], kinds["miss"], strict=True))
        low, high = _interval(apart)
        statistic, chance = _kolmogorov_smirnov(kinds["hit"], kinds["miss"])
        found |= {
            f"{step}_median_hit_ms": round(statistics.median(kinds["hit"]), 3),
            f"{step}_median_miss_ms": round(statistics.median(kinds["miss"]), 3),
            f"{step}_median_gap_ms": round(statistics.median(apart), 3),
            f"{step}_its_interval_ms": [round(low, 3), round(high, 3)],
            f"{step}_ks_statistic": round(statistic, 4),
            f"{step}_ks_p": round(chance, 4),
        }
    return found


def _try(who: Any, address: str) -> dict[str, tuple[float, Any]]:
    from django.test import Client

    client = Client(REMOTE_ADDR=address, headers={"host": "localhost"})
    fields = _form(client, who)
    knocked, took = _timed(lambda: client.post("/door/", fields))
    page = client.get("/door/code/")
    wrong, took_code = _timed(lambda: client.post("/door/code/", {"code": "000000"}))
    return {"knock": (took, _plain(knocked)), "page": (0, _plain(page)), "code": (took_code, _plain(wrong))}


def _form(client: Any, who: Any) -> dict[str, str]:
    from registry.lib import proof
    from tests.registry.knocking import asked_by

    asked = asked_by(client.get("/door/").content.decode())
    return {
        "name": who.name,
        "number": who.id_number,
        "asked": asked,
        "answer": proof.solve(asked, proof.bits("door")),
    }


def _timed(work: Any) -> tuple[Any, float]:
    began = time.perf_counter()
    answer = work()
    return answer, (time.perf_counter() - began) * 1000


def _plain(page: Any) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
    """Status, headers and bytes without what differs from any answer to the next."""
    headers = tuple(sorted((name, value) for name, value in page.headers.items() if name not in _CHANGING))
    cookies = tuple(sorted((name, str(each["max-age"])) for name, each in page.cookies.items()))
    return page.status_code, (*headers, *cookies), _MOMENT.sub(b"", _TOKENS.sub(b"", page.content))


def _guess(people: list[Any], dice: random.Random, folder: Path) -> dict[str, Any]:
    from registry.lib.models import Counter

    _lay_over(folder / "shut.toml", '[numbers]\n"door.proof_bits" = [{ from = 2026-01-01, is = 1 }]\n')
    found = {}
    target, numbers = people[0], people[-200:]
    for how in ("one_name", "one_network"):
        Counter.objects.all().delete()
        through = 0
        for n, each in enumerate(numbers[:100]):
            who = each if how == "one_network" else type(each)(**{**_facts(each), "name": target.name})
            address = f"10.0.{n}.7" if how == "one_name" else "192.0.2.9"
            through += _knock_only(who, address) == 302
        found[f"{how}_guesses_let_through"] = f"{through} of 100"
        found[f"{how}_shut"] = through < 100
    return found


def _facts(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def _knock_only(who: Any, address: str) -> int:
    from django.test import Client

    client = Client(REMOTE_ADDR=address, headers={"host": "localhost"})
    return int(client.post("/door/", _form(client, who)).status_code)


def _address(dice: random.Random) -> str:
    return f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def _lay_over(path: Path, text: str) -> None:
    from django.conf import settings

    path.write_text(text, "utf-8")
    settings.FIGURES_FILE = path


def _judge(found: dict[str, Any]) -> bool:
    alike = all(found[f"different_{step}"] == 1 for step in ("knock", "page", "code"))
    timed = True
    for step in ("knock", "code"):
        low, high = found[f"{step}_its_interval_ms"]
        near = low <= 0 <= high or abs(found[f"{step}_median_gap_ms"]) < 1
        timed = timed and near and found[f"{step}_ks_p"] > 0.01
    return alike and timed and found["one_name_shut"] and found["one_network_shut"]


if __name__ == "__main__":
    sys.exit(main())
