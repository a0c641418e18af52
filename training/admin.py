"""Doorway: the back office of every room of the training app."""

from __future__ import annotations

from training.catalogue import admin as catalogue

__all__ = ["catalogue"]
