"""Doorway: background work of every room of the certificates app."""

from __future__ import annotations

from certificates.credentials import tasks as credentials
from certificates.issuance import issue_tasks, measure_tasks, status_tasks
from certificates.printing import tasks as printing
from certificates.verification import tasks as verification

__all__ = ["credentials", "issue_tasks", "measure_tasks", "printing", "status_tasks", "verification"]
