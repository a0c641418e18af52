"""Doorway: background work of every room of the registry app."""

from __future__ import annotations

from registry.intake import tasks as intake
from registry.lib import tasks as lib

__all__ = ["intake", "lib"]
