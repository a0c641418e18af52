"""Dated rows that hold where nobody has set others: terms, periods of retention, texts of consent."""

from __future__ import annotations

from registry.lib.upsert import Counts
from registry.rights import consents, retention, terms


def load() -> dict[str, Counts]:
    """Add the default rows that are missing; rows that somebody changed stay as they are."""
    return {**terms.load(), **retention.load(), **consents.load()}


def differences() -> list[str]:
    """Defaults that no row holds any more, changed or not."""
    return [*terms.differences(), *retention.differences(), *consents.differences()]
