"""Whole roads over HTTP, nothing faked: pages, queue, worker, parser child, PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.test import Client
from procrastinate.contrib.django import app

from registry.config import roles
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
def as_served(transactional_db: None) -> Iterator[None]:
    """Every connection works as the role that the web process has, new ones of threads and workers too.

    What only the owner may do (building a world of reference data) comes before.
    """

    def become(connection: BaseDatabaseWrapper, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {roles.APP}")

    roles.apply(ddl_events=False)
    connection_created.connect(become)
    become(connection)
    yield
    connection_created.disconnect(become)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def desk(as_served: None) -> Desk:
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
