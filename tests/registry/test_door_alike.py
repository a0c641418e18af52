"""The small twin of scripts/trials/door_trainee: found or not, the same bytes by the same statements."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registry.accounts.models import SmsMessage
from registry.door.models import Knock
from registry.lib import proof
from tests.registry.knocking import NAME, NOBODYS_NUMBER, NUMBER, a_day_later, asked_by, on_record

pytestmark = pytest.mark.django_db

CHANGING = {"X-Request-ID", "Set-Cookie"}
TOKENS = re.compile(rb'name="(?:csrfmiddlewaretoken|asked)" value="[^"]*"')
VALUES = re.compile(r"'(?:''|[^'])*'(?:::\w+(?:\[\])?)?|\b\d+\b|NULL|\\x[0-9a-f]+")

#: name, number: somebody; somebody's number with another name; nobody; somebody without a telephone
TRIES = {
    "match": (NAME, NUMBER),
    "other_name": ("别人", NUMBER),
    "unknown": (NAME, NOBODYS_NUMBER),
    "silent": ("没有电话", "110101199003074514"),
}


def plain(answer: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in CHANGING)
    return answer.status_code, headers, TOKENS.sub(b"", answer.content)


def statements(context: CaptureQueriesContext) -> list[str]:
    """The statements without their values; points to return to have names drawn by chance."""
    return [re.sub(r'"s\d+_x\d+"', "", VALUES.sub("?", each["sql"])) for each in context.captured_queries]


def visit(name: str, number: str) -> tuple[list[Any], list[list[str]]]:
    """Everything that somebody who does not have the telephone sees, and every statement behind it."""
    client, answers, behind = Client(), [], []
    asked = asked_by(client.get("/door/").content.decode())
    fields = {
        "name": name,
        "number": number,
        "asked": asked,
        "answer": proof.solve(asked, proof.bits("door")),
    }
    for step in (
        lambda: client.post("/door/", fields),
        lambda: client.get("/door/code/"),
        lambda: client.post("/door/code/", {"code": "000000"}),
        lambda: client.post("/door/again/"),
    ):
        with CaptureQueriesContext(connection) as context:
            answers.append(plain(step()))
        behind.append(statements(context))
    return answers, behind


def test_found_or_not_is_answered_by_the_same_bytes_and_statements() -> None:
    on_record()
    on_record("没有电话", "110101199003074514", phone=None)
    seen = {}
    for outcome, (name, number) in TRIES.items():
        a_day_later()
        seen[outcome] = visit(name, number)
        assert Knock.objects.latest("created_at").outcome == outcome
    first = seen.pop("match")
    assert [status for status, _headers, _body in first[0]] == [302, 200, 200, 429]
    for outcome, other in seen.items():
        for step, (one, same) in enumerate(
            zip(zip(*first, strict=True), zip(*other, strict=True), strict=True)
        ):
            assert one == same, (outcome, step)


def test_what_lies_there_afterwards_differs_in_no_length() -> None:
    on_record()
    for name, number in TRIES.values():
        a_day_later()
        visit(name, number)
    assert len({len(bytes(row.sealed)) for row in SmsMessage.objects.all()}) == 1
    assert len({len(bytes(row.code)) for row in Knock.objects.all()}) == 1
