"""Doorway: background work of every room of the training app."""

from __future__ import annotations

from training.targets import tasks as targets

__all__ = ["targets"]
