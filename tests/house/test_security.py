"""SECURITY.md names tests; they exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def named() -> list[tuple[str, str]]:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text)


def test_every_test_that_answers_a_threat_exists() -> None:
    missing = []
    for file, name in named():
        path = ROOT / file
        if not path.exists():
            missing.append(file)
        elif name:
            functions = {
                node.name
                for node in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(node, ast.FunctionDef)
            }
            missing += [] if name in functions else [f"{file}::{name}"]
    assert len(named()) > 40 and not missing


def test_every_threat_of_the_table_is_answered_or_says_when() -> None:
    lines = [
        line for line in (ROOT / "SECURITY.md").read_text("utf-8").splitlines() if re.match(r"\| T\d", line)
    ]
    silent = [
        line.split("|")[1].strip() for line in lines if "`tests/" not in line and "come with" not in line
    ]
    assert not silent
