"""Things that happen at the same moment have one effect; what was cut off goes on."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from registry.intake.models import Batch
from tests import killing, world
from tests.flows.conftest import Desk, drain
from tests.sheets import ledger_cases
from training.enrolments.models import Enrolment

DATA = Path(__file__).resolve().parents[1] / "data"
AT_ONCE = 20


def test_twenty_uploads_at_once_have_one_effect(desk: Desk, again: Callable[[], Client]) -> None:
    data = (DATA / "ledger_plain.xlsx").read_bytes()
    before = Enrolment.objects.count()
    browsers = [again() for _ in range(AT_ONCE)]

    def upload(client: Client) -> str:
        try:
            file = SimpleUploadedFile("台账.xlsx", data)
            return str(client.post("/intake/new/", {"kind": "ledger", "file": file}).url)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        urls = set(pool.map(upload, browsers))
    assert len(urls) == 1
    drain()
    batch = desk.batch(urls.pop())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda client: _press(client, batch), browsers))
    drain()
    batch.refresh_from_db()
    assert batch.state == Batch.State.COMMITTED
    assert Enrolment.objects.count() == before + 10


def _press(client: Client, batch: Batch) -> None:
    try:
        client.post(f"/intake/{batch.pk}/commit/")
    finally:
        connections.close_all()


@pytest.mark.slow
def test_killed_imports_lose_and_double_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """scripts/trials/kill in small; sessions are ended, not shot, since other tests share the server."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    world.build()
    chance, rows = random.Random(11), 400
    schools = (ledger_cases.SCHOOL, ledger_cases.OTHER_SCHOOL)
    with killing.worker() as worker:
        aims = killing.moments(chance, 1.5, 0.8)
        for turn in range(6):
            victim, at = next(aims)
            data = killing.ledger(turn * rows, rows, schools)
            trial = killing.Trial(victim, data, rows, at, killing.terminate)
            outcome = trial.run(worker, f"trial-{turn}.csv")
            assert outcome.clean, outcome
