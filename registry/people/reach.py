"""Whom assessors of an institution have to do with beside those who are trained there: rooms above say so.

A candidate who came straight to an exam has no enrolment. Their body must know them by name, number and telephone; the
account into which a subsidy is paid is no business of an exam, and stays with whoever trains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

#: institution → one column: ids of people
People = Callable[[int], QuerySet[Any, Any]]

_assessed: dict[str, People] = {}


def register(name: str, people: People) -> None:
    """Called once per room from ``AppConfig.ready``; the same name again replaces it."""
    _assessed[name] = people


def assessed(institution_id: int) -> list[QuerySet[Any, Any]]:
    """Ids of whom each room names, as queries that can be united."""
    return [people(institution_id) for people in _assessed.values()]
