"""The published log, as anybody reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client, override_settings

from registry.audit.notes import Checkpoint, VerifierKey, opened
from tests.registry.test_audit_notary import Make, entries, make, work

__all__ = ["make"]

pytestmark = pytest.mark.django_db(transaction=True)

AT = "/.well-known/registry-log/"


def test_anybody_reads_heads_and_hashes(make: Make, client: Client, tmp_path: Path) -> None:
    entries(299)
    work(make)
    with override_settings(LOG_DIR=tmp_path / "log"):
        key = VerifierKey.parse(client.get(AT + "vkey").content.decode())
        answer = client.get(AT + "checkpoint")
        assert answer.headers["Cache-Control"] == "public, max-age=10"
        head = Checkpoint.parse(opened(answer.content.decode(), [key])[0])
        assert head.size == 300
        tile = client.get(AT + "tile/0/001.p/44")
        assert tile.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert tile.headers["Content-Type"] == "application/octet-stream"
        assert len(client.get(AT + "tile/0/000").content) == 256 * 32
        assert len(tile.content) == 44 * 32
        assert client.post(AT + "checkpoint").status_code == 405


@pytest.mark.parametrize(
    "place",
    [
        "tile/0/002",
        "tile/0/1",
        "tile/0/../../vkey",
        "tile/entries/000",
        "tile/0/000/x",
        "pledge.json",
        "tile/0/000.p/256",
    ],
)
def test_nothing_else_is_there(make: Make, client: Client, tmp_path: Path, place: str) -> None:
    work(make)
    with override_settings(LOG_DIR=tmp_path / "log"):
        assert client.get(AT + place).status_code == 404
