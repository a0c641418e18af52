"""Dated figures of policy by name: limits on how often, and single numbers. The file says how they are written.

`registry/lib/data/figures.toml` ships with the program; the file that `settings.FIGURES_FILE` names lies over it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

SHIPPED = Path(__file__).with_name("data") / "figures.toml"

_LIMIT = re.compile(r"([1-9]\d*)/([1-9]\d*)([smhd])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Limit(NamedTuple):
    """At most `n` within any span of `seconds`."""

    n: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> Limit:
        """Of `5/1h`. Raises ValueError for anything else."""
        match = _LIMIT.fullmatch(text)
        if match is None:
            raise ValueError(f"not a limit: {text!r}")
        return cls(int(match[1]), int(match[2]) * _SECONDS[match[3]])


class _Line(NamedTuple):
    """What a name means from a day on."""

    since: date
    meaning: Any


def limits(name: str, on: date | None = None) -> tuple[Limit, ...]:
    """The limits that hold under this name on a day (today). Raises LookupError for an unknown name or day."""
    found: tuple[Limit, ...] = _on("limits", name, on)
    return found


def number(name: str, on: date | None = None) -> int:
    """The number that holds under this name on a day (today). Raises LookupError for an unknown name or day."""
    found: int = _on("numbers", name, on)
    return found


def known(name: str) -> None:
    """Raises LookupError unless some figure has this name, on whatever day."""
    if not any(name in part for part in _load(str(SHIPPED)).values()):
        raise LookupError(f"no figure {name}")


def _on(part: str, name: str, day: date | None) -> Any:
    own = getattr(settings, "FIGURES_FILE", None)
    day = day or timezone.localdate()
    lines = _load(str(SHIPPED), str(own or ""))[part].get(name, ())
    held = [line for line in lines if line.since <= day]
    if not held:
        raise LookupError(f"no figure {name} on {day}")
    return held[-1].meaning


@lru_cache(maxsize=8)
def _load(*paths: str) -> Mapping[str, Mapping[str, Sequence[_Line]]]:
    found: dict[str, dict[str, Sequence[_Line]]] = {"limits": {}, "numbers": {}}
    for path in filter(None, paths):
        content = tomllib.loads(Path(path).read_text("utf-8"))
        if not content.keys() <= found.keys():
            raise ValueError(f"{path}: only [limits] and [numbers]")
        for part, names in content.items():
            for name, lines in names.items():
                found[part][name] = _lines(f"{path}: {name}", part, lines)
    return found


def _lines(where: str, part: str, lines: Sequence[Mapping[str, Any]]) -> Sequence[_Line]:
    try:
        read = [
            _Line(line["from"], tuple(map(Limit.read, line["most"])) if part == "limits" else int(line["is"]))
            for line in lines
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from None
    days = [line.since for line in read]
    if not read or days != sorted(set(days)):
        raise ValueError(f"{where}: one line a day, the earliest first")
    return read
