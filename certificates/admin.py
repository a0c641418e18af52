"""Doorway: the back office of every room of the certificates app."""

from __future__ import annotations

from certificates.evaluations import admin as evaluations
from certificates.issuance import admin as issuance

__all__ = ["evaluations", "issuance"]
