"""The house keeps its shape."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
LONGEST = 450
# To be parted; until then they may not grow. Since 2026-11-22, when formatting made them longer.
OVERLONG = {}
APPS = ("registry", "certificates", "training")
SOURCES = sorted(
    path
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if "migrations" not in path.parts and path.stat().st_size
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a line at the top says what the file is for"
    lines = text.count("\n")
    assert lines <= LONGEST, "two files are hiding in this one"


def test_rooms_are_two_levels_deep() -> None:
    deep = {"data", "sql", "commands", "fonts", "management"}
    packages = [p.parent.relative_to(ROOT) for app in APPS for p in (ROOT / app).rglob("__init__.py")]
    assert [str(p) for p in packages if len(p.parts) > 2 and not set(p.parts[2:]) <= deep] == []


@pytest.mark.parametrize("app", APPS)
def test_migrations_stand_in_one_line(app: str) -> None:
    graph = MigrationLoader(None, ignore_no_migrations=True).graph
    assert len(graph.leaf_nodes(app)) == 1
    numbers = sorted(name[:4] for label, name in graph.nodes if label == app)
    assert numbers == [f"{n:04}" for n in range(1, len(numbers) + 1)]


def test_the_lock_names_no_place() -> None:
    """Anybody's package index will do: hashes say what a package must be, not where it lies."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"://|^-|--(?:extra-)?index-url|/(?:home|root|opt|tmp)/", lock, re.M)


def test_scripts_can_be_run() -> None:
    for name in ("start", "test", "check", "prepare"):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text("utf-8")
