"""Docs say what the program does: settings, words, links, twins."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import Choices

from registry.intake import kinds, refusal

ROOT = Path(settings.BASE_DIR)
APPS = ("registry", "certificates", "training")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Provoked by a second sheet or a large one, in the tests of their rooms.
TOLD_OTHERWISE = {
    "ALREADY_REGISTERED",
    "ASSESSOR_CONFLICT",
    "CERTIFICATE_NOT_FOUND",
    "CONDITION_UNMET",
    "EVIDENCE_MISSING",
    "EXAM_CLOSED",
    "EXAM_MISMATCH",
    "FILE_TOO_LARGE",
    "NOT_ENROLLED",
    "NOT_PASSED",
}
OURS = re.compile(rf"({'|'.join(APPS)})\.\w+\.(models|codes)")
DOORWAY_FOLDERS = {"management", "migrations", "static", "templatetags", "__pycache__"}


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def rooms() -> list[str]:
    folders = [path for app in APPS for path in (ROOT / app).iterdir() if (path / "__init__.py").exists()]
    return sorted(path.name for path in folders if path.name not in DOORWAY_FOLDERS)


def every_choice() -> list[type[Choices]]:
    """The code lists that rows are made of, whoever inherits from whom."""
    found: list[type[Choices]] = []
    waiting: list[type[Choices]] = [Choices]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting.extend(children)
        found.extend(c for c in children if OURS.fullmatch(c.__module__))
    return found


def test_every_setting_has_its_line() -> None:
    source = (ROOT / "registry" / "config" / "settings.py").read_text("utf-8")
    read = set(re.findall(r"""(?:env_\w+|environ\.get)\(\s*"([A-Z_]+)\"""", source))
    first_cells = re.findall(r"^\| (`[^|]+) \|", page("settings.md"), re.M)
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join(first_cells)))
    assert read - documented == set()
    elsewhere = {"PORT", "HOST", "PYTHON", "JIANGCE_CHROMIUM", "JIANGCE_PG_BIN"}
    assert documented - read == elsewhere


def test_every_command_has_its_part() -> None:
    files = [file for app in APPS for file in (ROOT / app / "management" / "commands").glob("[a-z]*.py")]
    headings = set(re.findall(r"^## (\w+)$", page("commands.md"), re.M))
    assert {file.stem for file in files} <= headings


def test_every_check_has_its_line_and_every_line_its_workbook() -> None:
    """Codes that the program declares, those that sheets provoke, and those that the page explains."""
    documented = set(re.findall(r"`([A-Z]+_[A-Z_]+|EMPTY|ENCODING|CLEANED)`", page("checks.md")))
    declared = {check.code for kind in kinds.every() for check in kind.checks} | set(refusal.CODES)
    sheets = tomllib.loads((ROOT / "tests" / "data" / "expectations.toml").read_text("utf-8")).values()
    provoked = {issue[2] for sheet in sheets for issue in sheet.get("issues", [])}
    provoked |= {sheet["file_error"] for sheet in sheets if "file_error" in sheet}
    assert (declared | provoked) - documented == set()
    assert documented - provoked <= TOLD_OTHERWISE


def test_glossary_has_every_room_and_model() -> None:
    lines = page("glossary.md").splitlines()
    missing = [room for room in rooms() if not any(line.startswith(f"| `{room}` |") for line in lines)]
    missing += [
        f"| `{model.__name__}` | {model._meta.verbose_name} |"
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if not any(line.startswith(f"| `{model.__name__}` | {model._meta.verbose_name} |") for line in lines)
    ]
    assert missing == []


def test_glossary_has_every_state_and_code() -> None:
    lines = page("glossary.md").splitlines()
    missing = []
    for choices in every_choice():
        room = choices.__module__.split(".")[1]
        line = next((line for line in lines if line.startswith(f"| `{room}.{choices.__qualname__}` |")), "")
        missing += [
            f"{room}.{choices.__qualname__}: `{value}` {label}"
            for value, label in choices.choices
            if value and f"`{value}` {label}" not in line
        ]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8"))
    local = [target for target in targets if "://" not in target and not target.startswith("mailto:")]
    assert [target for target in local if not (path.parent / target).exists()] == []


def test_readme_and_its_twin_have_the_same_shape() -> None:
    """The same headings, commands and pictures, in the same order."""

    def shape(name: str) -> list[str]:
        text = (ROOT / name).read_text("utf-8")
        commands = [
            re.sub(r"\s+#.*", "", line) for line in re.findall(r"^(?:scripts|\.venv)/\S.*", text, re.M)
        ]
        return (
            ["#" * len(mark) for mark in re.findall(r"^(#+) ", text, re.M)]
            + commands
            + re.findall(r"!\[.*?\]\((.*?)\)", text)
        )

    assert shape("README.md") == shape("README.zh.md")


def test_decisions_are_numbered_without_gaps_and_have_their_parts() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in pages] == list(range(len(pages)))
    for path in pages:
        text = path.read_text("utf-8")
        for part in ("- Status:", "- Date:", "## Context", "## Options", "## Decision", "## Consequences"):
            assert part in text, (path.name, part)


def test_changelog_has_a_place_for_the_next_release() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text("utf-8")
