"""Doorway: the back office of every room of the registry app."""

from __future__ import annotations

from registry.accounts import admin as accounts
from registry.audit import admin as audit

__all__ = ["accounts", "audit"]
