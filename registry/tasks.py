"""Doorway: background work of every room of the registry app."""

from __future__ import annotations

from registry.accounts import tasks as accounts
from registry.apikeys import tasks as apikeys
from registry.door import tasks as door
from registry.exports import tasks as exports
from registry.inspection import tasks as inspection
from registry.intake import tasks as intake
from registry.lib import tasks as lib
from registry.rights import tasks as rights

__all__ = ["accounts", "apikeys", "door", "exports", "inspection", "intake", "lib", "rights"]
