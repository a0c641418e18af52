"""Settings fail loudly: each in a process of its own, since a process reads them once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from registry.config import settings

ROOT = Path(__file__).resolve().parents[2]


def load(environment: dict[str, str], show: str = "'fine'", folder: Path = ROOT) -> str:
    """What a fresh process prints after reading the settings, or the last line of its complaint."""
    said = subprocess.run(
        [sys.executable, "-B", "-c", f"from registry.config import settings as s; print({show})"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return (said.stdout or said.stderr).strip().splitlines()[-1]


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The least that production must be told."""
    ring = tmp_path / "keyring.json"
    ring.write_text(settings._new_keyring())
    return {
        "JIANGCE_ENV": "production",
        "DJANGO_SECRET_KEY": "k" * 50,
        "DATABASE_URL": "postgres://jiangce@db.example/jiangce",
        "JIANGCE_KEYRING_FILE": str(ring),
        "JIANGCE_ALLOWED_HOSTS": "jiangce.example",
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project folder without keys."""
    shutil.copytree(ROOT / "registry" / "config", tmp_path / "registry" / "config")
    (tmp_path / "registry" / "__init__.py").touch()
    return tmp_path


def test_production_starts_with_the_least_it_needs(production: dict[str, str]) -> None:
    assert load(production) == "fine"
    assert load(production, "s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_NAME") == "True __Host-sid"


@pytest.mark.parametrize(
    "name", ["DJANGO_SECRET_KEY", "DATABASE_URL", "JIANGCE_KEYRING_FILE", "JIANGCE_ALLOWED_HOSTS"]
)
def test_production_refuses_to_start_without(production: dict[str, str], name: str) -> None:
    del production[name]
    complaint = load(production)
    assert "ImproperlyConfigured" in complaint
    assert name in complaint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("JIANGCE_ENV", "staging"),
        ("JIANGCE_DEBUG", "perhaps"),
        ("JIANGCE_DEBUG", "1"),
        ("JIANGCE_INTAKE_MAX_BYTES", "20 MB"),
        ("JIANGCE_INTAKE_MAX_BYTES", "0"),
        ("JIANGCE_KEYRING_FILE", "/nowhere/keyring.json"),
        ("DATABASE_URL", "sqlite:///x.db"),
        ("DATABASE_URL", "postgres://host/"),
        ("DATABASE_URL", "postgres://host:many/x"),
    ],
)
def test_a_wrong_value_is_named(production: dict[str, str], name: str, value: str) -> None:
    complaint = load({**production, name: value})
    assert "ImproperlyConfigured" in complaint
    assert name in complaint


def test_development_makes_its_keys_once(clone: Path) -> None:
    assert load({}, folder=clone) == "fine"
    ring, secret = clone / ".keys" / "keyring.json", clone / ".keys" / "secret_key"
    assert ring.stat().st_mode & 0o777 == secret.stat().st_mode & 0o777 == 0o600
    assert (clone / ".keys").stat().st_mode & 0o777 == 0o700
    before = ring.read_text(), secret.read_text()
    assert load({}, folder=clone) == "fine"
    assert (ring.read_text(), secret.read_text()) == before
    assert sorted(json.loads(before[0])) == ["enc", "index"]


def test_a_lost_key_file_is_never_replaced_silently(clone: Path) -> None:
    assert "JIANGCE_KEYRING_FILE" in load({"JIANGCE_KEYRING_FILE": "lost.json"}, folder=clone)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p%40ss@h:5433/n", ("h", "5433", "u", "p@ss", "n", {})),
        ("postgresql://u@/n?host=/run/pg&port=7", ("/run/pg", "7", "u", "", "n", {})),
        ("postgres://h/n?sslmode=verify-full", ("h", "", "", "", "n", {"sslmode": "verify-full"})),
    ],
)
def test_database_url(url: str, expected: tuple[object, ...]) -> None:
    config = settings.database_from_url(url)
    assert tuple(config[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME", "OPTIONS")) == expected


def test_only_the_web_process_keeps_its_connections(production: dict[str, str]) -> None:
    assert load(production, "s.DATABASES['default']['CONN_MAX_AGE']") == "0"
    kept = {**production, "JIANGCE_CONNECTION_SECONDS": "600"}
    assert load(kept, "s.DATABASES['default']['CONN_MAX_AGE']") == "600"


def test_helpers_name_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIANGCE_X", "-3")
    with pytest.raises(ImproperlyConfigured, match="JIANGCE_X"):
        settings.env_int("JIANGCE_X", 1)
    monkeypatch.setenv("JIANGCE_X", "Yes")
    assert settings.env_bool("JIANGCE_X", False)
    monkeypatch.setenv("JIANGCE_X", " a, ,b ")
    assert settings.env_list("JIANGCE_X", []) == ["a", "b"]
    monkeypatch.setenv("JIANGCE_X", "some/file")
    assert settings.env_path("JIANGCE_X", ROOT) == settings.BASE_DIR / "some" / "file"
