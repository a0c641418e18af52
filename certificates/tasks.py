"""Doorway: background work of every room of the certificates app."""

from __future__ import annotations

from certificates.issuance import measure_tasks

__all__ = ["measure_tasks"]
