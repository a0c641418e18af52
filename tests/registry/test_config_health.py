"""Watchers learn whether the house is in order, and callers that it is only busy."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory, override_settings

from registry.config import health, views


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["live", "ready", "all"])
def test_a_house_in_order_says_so_to_anybody(client: Client, path: str) -> None:
    answer = client.get(f"/health/{path}")
    assert answer.status_code == 200 and answer.json()["ok"] is True


@pytest.mark.django_db
def test_a_question_that_fails_is_named_and_nothing_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> bool:
        raise OperationalError("connection to server at 10.1.2.3 failed")

    monkeypatch.setitem(health.ALL, "queue", gone)
    answer = client.get("/health/all")
    assert answer.status_code == 503
    assert answer.json()["checks"]["queue"] is False and "10.1.2.3" not in answer.content.decode()


@pytest.mark.django_db
@override_settings(HEALTH_FREE_BYTES=2**62)
def test_a_full_disk_is_told_before_it_is_full(client: Client) -> None:
    assert client.get("/health/all").json()["checks"] == {
        **dict.fromkeys(health.ALL, True),
        "disk": False,
    }


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (psycopg.OperationalError("connection refused"), 503),
        (psycopg.errors.QueryCanceled("statement timeout"), 503),
        (psycopg.errors.LockNotAvailable("lock timeout"), 503),
        (psycopg.errors.DiskFull("no space"), 500),
        (psycopg.errors.UniqueViolation("once"), 500),
    ],
)
@pytest.mark.parametrize("path", ["/people/", "/api/intake/kinds"])
def test_busy_is_not_broken(error: psycopg.Error, status: int, path: str) -> None:
    request = RequestFactory().get(path)
    try:
        try:
            raise error
        except psycopg.Error as cause:
            raise OperationalError("as Django tells it") from cause
    except OperationalError:
        answer = views.server_error(request)
    assert answer.status_code == status
    assert ("Retry-After" in answer) == (status == 503)
    if path.startswith("/api/"):
        assert json.loads(answer.content)["case"]
    else:
        assert "案例号" in answer.content.decode()


@pytest.mark.django_db
def test_a_wrong_method_gets_our_page_and_names_the_right_one(client: Client) -> None:
    answer = client.post("/health/live")
    assert answer.status_code == 405 and answer["Allow"] == "GET, HEAD"
    assert "这个地址不支持这种操作" in answer.content.decode()


@pytest.mark.django_db
def test_a_program_gets_every_trouble_as_json(client: Client) -> None:
    for path, status in (("/api/no-such-thing", 404), ("/api/intake/kinds", 401)):
        answer = client.get(path)
        assert answer.status_code == status and answer["Content-Type"].startswith("application/json")
        assert set(answer.json()) >= {"code", "message"}
