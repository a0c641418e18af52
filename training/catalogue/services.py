"""Verbs that write the catalogue: load the examples."""

from __future__ import annotations

from registry.lib.upsert import Counts, upsert
from training.catalogue import reference
from training.catalogue.models import Project


def load_demo() -> dict[str, Counts]:
    """Load the example projects; a second run changes nothing."""
    rows = reference.demo_projects()
    return {
        "projects": upsert("catalogue_project", reference.ProjectRow._fields, rows, key=["code", "version"])
    }


def demo_differences() -> list[str]:
    """Example projects that the database lacks or holds otherwise."""
    held = set(Project.objects.filter(demo=True).values_list(*reference.ProjectRow._fields))
    return [f"{row.code}/{row.version}" for row in reference.demo_projects() if tuple(row) not in held]
