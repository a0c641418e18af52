"""The layouts that ship with the program: one file for each family, by its name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from certificates.printing import layouts

DATA = Path(__file__).parent / "data" / "layouts"
FAMILIES = tuple(sorted(path.stem for path in DATA.glob("*.json")))


@cache
def layout(family: str) -> layouts.Layout:
    """Raises KeyError for a family of which none ships."""
    if family not in FAMILIES:
        raise KeyError(family)
    return layouts.read(json.loads((DATA / f"{family}.json").read_text("utf-8")))
