"""Doorway: background work of every room of the registry app."""

from __future__ import annotations

from registry.intake import tasks as intake

__all__ = ["intake"]
