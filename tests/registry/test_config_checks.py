"""What is checked before the program serves anyone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django.fixtures import Settings

from registry.accounts.models import User
from registry.config import checks
from registry.config import settings as ours


@pytest.fixture
def ring(tmp_path: Path, settings: Settings) -> Path:
    path = tmp_path / "keyring.json"
    path.write_text(ours._new_keyring())
    path.chmod(0o600)
    settings.KEYRING_FILE = path
    return path


def ids(found: list[checks.CheckMessage]) -> list[str | None]:
    return [message.id for message in found]


def test_a_private_key_file_passes(ring: Path) -> None:
    assert ids(checks.key_file_is_usable_and_private()) == []


def test_a_key_file_that_others_can_read_is_refused(ring: Path) -> None:
    ring.chmod(0o640)
    assert "jiangce.E003" in ids(checks.key_file_is_usable_and_private())


def test_a_broken_key_file_is_refused(ring: Path) -> None:
    ring.write_text("{}")
    assert "jiangce.E004" in ids(checks.key_file_is_usable_and_private())


@pytest.mark.django_db
def test_the_database_of_the_tests_is_recent_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.postgresql_is_recent(["default"]) == []
    monkeypatch.setattr(checks, "OLDEST_MAJOR", 99)
    assert ids(checks.postgresql_is_recent(["default"])) == ["jiangce.E002"]


def test_fonts_are_asked_for_only_where_a_manifest_lists_them(tmp_path: Path, settings: Settings) -> None:
    settings.BASE_DIR = tmp_path
    assert checks.fonts_are_present() == []
    manifest = tmp_path / checks.FONTS
    manifest.parent.mkdir(parents=True)
    manifest.write_text("0" * 64 + "  Song.ttf\n")
    assert ids(checks.fonts_are_present()) == ["jiangce.W001"]
    (manifest.parent / "Song.ttf").touch()
    assert checks.fonts_are_present() == []


@pytest.mark.django_db
def test_production_has_no_superuser(settings: Settings) -> None:
    settings.PRODUCTION = True
    assert checks.nobody_is_superuser() == []
    root = User.objects.create(username="root", is_superuser=True)
    assert ids(checks.nobody_is_superuser()) == ["jiangce.E020"]
    with pytest.raises(SystemCheckError, match="1 accounts are superusers"):
        call_command("check", deploy=True, tags=["security"])
    User.objects.filter(pk=root.pk).update(is_superuser=False)
    assert checks.nobody_is_superuser() == []
