"""Doorway: the back office of every room of the registry app."""

from __future__ import annotations

from registry.audit import admin as audit
from registry.exports import admin as exports
from registry.institutions import admin as institutions
from registry.occupations import admin as occupations
from registry.regions import admin as regions

__all__ = ["audit", "exports", "institutions", "occupations", "regions"]
