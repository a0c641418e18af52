"""Doorway: the back office of every room of the training app."""

from __future__ import annotations

from training.catalogue import admin as catalogue
from training.targets import admin as targets

__all__ = ["catalogue", "targets"]
