"""What a room with vendored reference data offers to `manage.py reference`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps

from registry.lib.upsert import Counts


@dataclass(frozen=True, slots=True)
class Loader:
    """`load` may run again and again; `differences` names rows that the database lacks or holds otherwise.

    A `demo` loader brings invented rows, and only runs when asked for.
    """

    room: str
    load: Callable[[], dict[str, Counts]]
    differences: Callable[[], list[str]]
    demo: bool = False


def loaders() -> Iterator[Loader]:
    """The loaders of every app that has a `reference` doorway, lower apps first."""
    for config in apps.get_app_configs():
        if config.name in {"registry", "certificates", "training"} and find_spec(f"{config.name}.reference"):
            yield from import_module(f"{config.name}.reference").LOADERS
