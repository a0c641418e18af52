"""Doorway: the back office of every room of the certificates app."""

from __future__ import annotations

from certificates.evaluations import admin as evaluations

__all__ = ["evaluations"]
