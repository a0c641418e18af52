"""Nouns over the catalogue. What is subsidised is public, so nothing here takes a Scope."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date

from training.catalogue.models import Project, ProjectQuerySet


def projects(*, on: date | None = None, kind: str | None = None) -> ProjectQuerySet:
    """Projects by code; those in force on a day, of one kind of training, on request."""
    found = Project.objects.all() if on is None else Project.objects.valid_on(on)
    return (found if kind is None else found.filter(kind=kind)).order_by("code", "version")


def resolve(texts: Iterable[str], on: date | None = None) -> dict[str, int]:
    """Project id of each text that is the code or name of a project in force on the day (newest without one).

    Brackets and blanks do not count. A name that several projects share is not guessed.
    """
    by_key: dict[str, dict[str, int]] = {}
    for pk, code, name in projects(on=on).values_list("id", "code", "name"):
        for key in {_key(code), _key(name)}:
            # Ordered by version, so the newest of one code stays.
            by_key.setdefault(key, {})[code] = pk
    found = {text: by_key.get(_key(text), {}) for text in texts if _key(text)}
    return {text: next(iter(options.values())) for text, options in found.items() if len(options) == 1}


def _key(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())
