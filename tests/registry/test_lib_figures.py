"""Dated figures: what holds on which day, an installation's own file over ours, and no faulty line passed over."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any

import pytest

from registry.lib import figures
from registry.lib.figures import Limit

OWN = """
[limits]
"door.test" = [{ from = 2026-01-01, most = ["1/60s", "5/1h"] }, { from = 2027-01-01, most = ["2/1d"] }]
[numbers]
"days.test" = [{ from = 2026-01-01, is = 7 }]
"""


@pytest.fixture
def own(tmp_path: Path, settings: Any) -> Path:
    settings.FIGURES_FILE = tmp_path / "figures.toml"
    settings.FIGURES_FILE.write_text(OWN, "utf-8")
    return tmp_path / "figures.toml"


def test_a_figure_holds_from_its_day_until_the_next(own: Path) -> None:
    assert figures.limits("door.test", dt.date(2026, 12, 31)) == (Limit(1, 60), Limit(5, 3600))
    assert figures.limits("door.test", dt.date(2027, 1, 1)) == (Limit(2, 86_400),)
    assert figures.number("days.test", dt.date(2026, 5, 1)) == 7


def test_no_figure_is_an_error_and_not_no_limit(own: Path) -> None:
    for name, day in (("door.test", dt.date(2025, 12, 31)), ("door.unknown", dt.date(2026, 5, 1))):
        with pytest.raises(LookupError):
            figures.limits(name, day)


def test_what_ships_can_be_read_and_holds_today(own: Path) -> None:
    for part, names in tomllib.loads(figures.SHIPPED.read_text("utf-8")).items():
        for name in names:
            held = getattr(figures, part.removesuffix("s") if part == "numbers" else part)(name)
            assert held or held == 0


@pytest.mark.parametrize(
    "line",
    [
        '[limits]\nx = [{ from = 2026-01-01, most = ["5 per hour"] }]',
        '[limits]\nx = [{ from = 2026-01-01, most = ["0/1h"] }]',
        "[numbers]\nx = [{ is = 3 }]",
        "[numbers]\nx = [{ from = 2026-02-01, is = 3 }, { from = 2026-01-01, is = 4 }]",
        "[others]\nx = []",
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, settings: Any, line: str) -> None:
    settings.FIGURES_FILE = tmp_path / "own.toml"
    settings.FIGURES_FILE.write_text(line, "utf-8")
    with pytest.raises(ValueError, match=r"own\.toml"):
        figures.limits("x")
