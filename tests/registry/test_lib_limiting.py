"""Pages that cost much, or tell who is on record, are given to one account only so often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from registry.accounts.models import Role
from registry.lib.limiting import limited
from tests.registry.places import make_user, make_world
from tests.signing import sign_in

NOBODY = {"q": "653222199001011234"}


@pytest.fixture
def twice_an_hour(settings: Any, tmp_path: Path) -> None:
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text(
        '[limits]\n"people.search" = [{ from = 2026-01-01, most = ["2/1h"] }]\n'
        '"intake.upload" = [{ from = 2026-01-01, most = ["2/1h"] }]\n',
        "utf-8",
    )


@pytest.mark.django_db
def test_the_third_search_is_told_to_wait_and_a_colleagues_is_not(
    client: Client, twice_an_hour: None
) -> None:
    world = make_world()
    sign_in(client, make_user("one", Role.C1, region=world.county))
    assert [client.post("/people/", NOBODY).status_code for _ in range(2)] == [302, 302]
    refused = client.post("/people/", NOBODY)
    assert refused.status_code == 429 and 3500 < int(refused["Retry-After"]) <= 3600
    assert "请在60分钟后再试" in refused.content.decode()
    assert client.get("/people/").status_code == 200, "looking at the form costs nothing"
    other = Client()
    sign_in(other, make_user("two", Role.C1, region=world.county))
    assert other.post("/people/", NOBODY).status_code == 302


@pytest.mark.django_db
def test_a_program_is_told_in_json(client: Client, twice_an_hour: None) -> None:
    world = make_world()
    sign_in(client, make_user("one", Role.C1, region=world.county))

    def hand_in() -> Any:
        file = SimpleUploadedFile("a.xlsx", b"x")
        return client.post("/api/intake/batches", {"kind": "nothing", "file": file})

    assert [hand_in().status_code for _ in range(2)] == [422, 422]
    refused = hand_in()
    assert refused.status_code == 429 and refused.json()["code"] == "too_many"
    assert int(refused["Retry-After"]) > 3500


def test_a_limit_without_figures_fails_where_it_is_written() -> None:
    with pytest.raises(LookupError):
        limited("no.such")
