"""Whole roads over HTTP, nothing faked: pages, queue, worker, parser child, PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django import app

from registry.intake.models import Batch
from tests import world
from tests.signing import sign_in


def drain() -> None:
    """Do all work that waits in the queue, as a worker does, and come back."""
    with app.replace_connector(app.connector.get_worker_connector()) as queue:
        queue.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, queues=["intake"])


@dataclass
class Desk:
    """A clerk at the pages."""

    world: world.World
    client: Client

    def hand_in(self, name: str, data: bytes, *, kind: str = "ledger", **fields: Any) -> Batch:
        """Upload and let the worker check."""
        answer = self.post_file(name, data, kind=kind, **fields)
        assert answer.status_code == 302, answer.content.decode()[-2000:]
        drain()
        return self.batch(answer.url)

    def post_file(self, name: str, data: bytes, *, kind: str, **fields: Any) -> Any:
        file = SimpleUploadedFile(name, data)
        return self.client.post("/intake/new/", {"kind": kind, "file": file, **fields})

    def batch(self, url: str) -> Batch:
        found = re.search(r"/intake/([0-9a-f-]{36})/", url)
        assert found, url
        return Batch.objects.get(pk=UUID(found[1]))

    def commit(self, batch: Batch) -> Batch:
        """Press the button, and let the worker write."""
        assert self.client.post(f"/intake/{batch.pk}/commit/").status_code == 302
        drain()
        batch.refresh_from_db()
        return batch

    def page(self, url: str) -> str:
        answer = self.client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return str(answer.content.decode())


@pytest.fixture
def desk(transactional_db: None) -> Desk:
    made = world.build()
    client = Client()
    sign_in(client, made.clerk)
    return Desk(made, client)


@pytest.fixture
def again(desk: Desk) -> Callable[[], Client]:
    """More browsers of the same clerk, for things that happen at once."""

    def another() -> Client:
        client = Client()
        sign_in(client, desk.world.clerk)
        return client

    return another
