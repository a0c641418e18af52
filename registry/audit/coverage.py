"""Which tables are proved from the record, and why the others need not be: `coverage.toml`, read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("coverage.toml")


@cache
def proved() -> frozenset[str]:
    """Tables of which every row must stand in a manifest."""
    content = tomllib.loads(FILE.read_text("utf-8"))
    return frozenset({*content["watched"], *content["committed"]})


@cache
def watched() -> frozenset[str]:
    """Tables whose triggers write the manifests."""
    return frozenset(tomllib.loads(FILE.read_text("utf-8"))["watched"])


@cache
def record() -> frozenset[str]:
    """The tables of the record itself."""
    return frozenset(tomllib.loads(FILE.read_text("utf-8"))["record"])


@cache
def unproved() -> Mapping[str, str]:
    """The others, each with the reason."""
    return dict(tomllib.loads(FILE.read_text("utf-8"))["unproved"])
