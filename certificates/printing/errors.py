"""What printing refuses."""

from __future__ import annotations


class NotAllowed(Exception):
    """It cannot be printed, noted, fetched or taken now; the text says why."""
