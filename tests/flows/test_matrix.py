"""Every address × every role × four places × two states, each answered as `matrix.toml` says and not otherwise.

What is expected is worked out here from the file itself and from plain sets of places, by none of the program's own
code. `JIANGCE_MATRIX=whole` (scripts/trials/matrix) asks everything; the suite asks a part of it.
"""

from __future__ import annotations

import os
import re
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from registry.accounts.models import Role
from registry.config.endpoints import Endpoint, endpoints
from tests import matrix_world as worlds
from tests.matrix_pages import PAGES, Page
from tests.matrix_world import MARKS, PLACES, STATES, WITHIN_REGION, World

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

WHOLE = os.environ.get("JIANGCE_MATRIX") == "whole"
# Parts of addresses' names, between commas, while working on them.
ONLY = os.environ.get("JIANGCE_MATRIX_ONLY", "").split(",")
MATRIX = tomllib.loads((Path(settings.BASE_DIR) / "registry/accounts/matrix.toml").read_text("utf-8"))
CELLS = {
    name: dict(zip(MATRIX["roles"], cells.split(), strict=True))
    for name, (_label, cells) in MATRIX["actions"].items()
}
# So that two processes share the work.
PARTS = 4
REFUSED, UNSEEN = 403, 404


@dataclass
class Asked:
    """One request, what came and what should have."""

    name: str
    method: str
    role: str
    place: str
    state: str
    came: Any
    wanted: Any


@dataclass
class Tally:
    n: Counter[int] = field(default_factory=Counter)
    wrong: list[Asked] = field(default_factory=list)

    def note(self, asked: Asked) -> None:
        self.n[asked.came if isinstance(asked.came, int) else 0] += 1
        if asked.came != asked.wanted and not (isinstance(asked.wanted, set) and asked.came in asked.wanted):
            self.wrong.append(asked)


def reaches(role: str, action: str, place: str) -> bool:
    """By the letter of the cell alone."""
    match CELLS[action][role][0]:
        case "a":
            return True
        case "i" | "o":
            return place == "own"
        case "r":
            return place in WITHIN_REGION[Role(role)]
    return False


def wanted(page: Page, each: Endpoint, method: str, role: str, place: str, state: str) -> int:
    action = each.actions[method]
    assert action is not None
    if role == Role.PUB and CELLS[action][role] == "-":
        return 401 if each.source == "api" else 302
    if CELLS[action][role] == "-":
        return REFUSED
    if page.own and role != Role.TRN:
        return UNSEEN
    if (narrower := page.narrower(role, place, method)) is not None:
        return narrower
    if page.thing:
        if not reaches(role, action, place) or page.beyond(role, place):
            return UNSEEN
        if (
            page.also
            and not (role == Role.AUD and method == "GET")
            and (CELLS[page.also][role] == "-" or not reaches(role, page.also, place))
        ):
            return UNSEEN
    if method == "GET":
        return page.wrong_get if state == "wrong" and page.wrong_get is not None else page.get
    return page.wrong if state == "wrong" and page.wrong is not None else page.post


def ask(client: Client, each: Endpoint, method: str, page: Page, thing: Any) -> tuple[Any, bool]:
    """The answer, and whether the fact changed; whatever was written is undone."""
    path = reverse(each.name, args=page.args(thing) if "<" in each.route else [])
    keep = dict(client.cookies)
    with transaction.atomic():
        before = page.fact(thing) if page.fact and method != "GET" else None
        if method == "GET":
            answer = client.get(path + page.query)
        else:
            kind = {"content_type": "application/json"} if page.json else {}
            answer = (
                client.generic(method, path)
                if method != "POST"
                else client.post(path, page.body(thing), **kind)
            )
        for close in answer._resource_closers:
            close()  # and not the answer, for with it the connection would be
        changed = page.fact is not None and method != "GET" and page.fact(thing) != before
        transaction.set_rollback(True)
    client.cookies.clear()
    client.cookies.update(keep)
    return answer, changed


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = worlds.build()
        connection.check_constraints()  # now, and not in every part anew
        yield made
        transaction.set_rollback(True)


def test_every_address_is_asked() -> None:
    """An address without an entry in tests/matrix_pages.py is one that nobody tried."""
    named = {each.name for each in endpoints() if not each.public and each.source != "admin"}
    assert named - set(PAGES) == set()
    assert set(PAGES) - named == set(), "entries of addresses that are gone"


@pytest.mark.parametrize("part", range(PARTS))
def test_every_address_answers_every_role_as_the_matrix_says(world: World, part: int, capsys: Any) -> None:
    tally, began = Tally(), time.perf_counter()
    for each in endpoints()[part::PARTS]:
        if each.public or each.source == "admin" or not any(part in each.name for part in ONLY):
            continue
        page = PAGES[each.name]
        for method in each.actions:
            for role in Role:
                client = world.clients[role]
                client.raise_request_exception = ONLY != [""]
                for place, state in _cells(page, method, CELLS[each.actions[method] or ""][role]):
                    thing = world.thing(page.thing, place, state, role) if page.thing else None
                    answer, changed = ask(client, each, method, page, thing)
                    want = wanted(page, each, method, role, place, state)
                    tally.note(Asked(each.name, method, role, place, state, answer.status_code, want))
                    _look_at_changes(tally, page, each, method, (role, place, state), changed)
                    _look_for_others(tally, each, method, (role, place, state), answer)
    _told(tally, began, capsys)


def _cells(page: Page, method: str, cell: str) -> list[tuple[str, str]]:
    if not page.thing:
        return [("own", "right")]
    if WHOLE:
        return [(place, state) for place in PLACES for state in STATES]
    if cell == "-":
        # Refused by its role alone, wherever: asked where it is likeliest to be let in.
        return [("own", "right")]
    far = [("own", "right"), ("sibling", "right"), ("county", "right"), ("province", "right")]
    return far if method == "GET" else [("own", "right"), ("own", "wrong"), ("county", "right")]


def _look_at_changes(
    tally: Tally,
    page: Page,
    each: Endpoint,
    method: str,
    cell: tuple[str, str, str],
    changed: bool,
) -> None:
    if page.fact is None or method == "GET":
        return
    role, place, state = cell
    may = (
        role != Role.PUB and state == "right" and wanted(page, each, method, role, place, state) == page.post
    )
    tally.note(Asked(each.name, f"{method} changed", role, place, state, changed, may))


def _look_for_others(
    tally: Tally, each: Endpoint, method: str, cell: tuple[str, str, str], answer: Any
) -> None:
    """A page that is shown names no school beyond the reader's reach."""
    role, place, state = cell
    if answer.status_code != 200 or answer.streaming or role in (Role.AUD, Role.SYS, Role.SEC, Role.AAD):
        return
    seen = WITHIN_REGION.get(Role(role), {"own"})
    text = answer.content.decode("utf-8", "replace")
    for other in set(PLACES) - seen:
        if MARKS[other] in text:
            tally.wrong.append(
                Asked(each.name, method, role, place, state, f"names {other}", "nobody beyond")
            )


def _told(tally: Tally, began: float, capsys: Any) -> None:
    seconds = time.perf_counter() - began
    n = sum(tally.n.values())
    with capsys.disabled():
        print(
            f"\nmatrix: {n} answers looked at in {seconds:.1f} s, {len(tally.wrong)} not as the matrix says"
        )
    lines = Counter(
        f"{one.name} {one.method}: came {one.came}, wanted {one.wanted}: {one.role} {one.place} {one.state}"
        for one in tally.wrong
    )
    assert not lines, "\n".join(sorted(lines)[:200])


# --- the back office -----------------------------------------------------------------------------------


def test_the_back_office_lets_in_whom_the_matrix_says(world: World, capsys: Any) -> None:
    """What an administrator then does there is the library's business; here: who gets in, page by page."""
    tally, began = Tally(), time.perf_counter()
    for each in endpoints():
        if each.source != "admin" or each.public:
            continue
        if not WHOLE and each.name.count("_") and not each.name.endswith(("_changelist", "_add", "_import")):
            continue
        path = _admin_path(each)
        for role in Role:
            client = world.clients[role]
            client.raise_request_exception = False
            for method in each.actions if WHOLE else ("GET",):
                keep = dict(client.cookies)
                with transaction.atomic():
                    came = client.generic(method, path).status_code
                    transaction.set_rollback(True)
                client.cookies.clear()
                client.cookies.update(keep)
                cell = CELLS[each.actions[method] or ""][role]
                want: Any = (
                    302 if role == Role.PUB else REFUSED if cell == "-" else {200, 302, 400, 403, 404, 405}
                )
                tally.note(Asked(each.name, method, role, "-", "-", came, want))
    _told(tally, began, capsys)


def _admin_path(each: Endpoint) -> str:
    """With the first row of the table where the address names one."""
    model = next(
        (m for m in apps.get_models() if f":{m._meta.app_label}_{m._meta.model_name}_" in each.name), None
    )
    row = model._default_manager.values_list("pk", flat=True).first() if model else None
    path = re.sub(r"<[^>]+>", str(row or 1), each.route)
    return re.sub(r"\(\?P<app_label>([a-z_]+)[^)]*\)", r"\1", path).replace("(?P1.*)", "nothing")


# --- methods -------------------------------------------------------------------------------------------


def test_other_methods_are_not_taken(world: World) -> None:
    client = world.clients[Role.RG]
    wrong = []
    for each in endpoints():
        if each.source == "admin" or each.public:
            continue
        page = PAGES[each.name]
        thing = world.thing(page.thing, "own", "right", Role.RG) if page.thing else None
        for method in ("GET", "POST", "PUT", "DELETE"):
            if method in each.actions:
                continue
            answer, _changed = ask(client, each, method, page, thing)
            if answer.status_code != 405:
                wrong.append((each.name, method, answer.status_code))
    assert wrong == []
