"""The file of an export: sealed in slices, each bound to its export and place, opened only to be downloaded."""

from __future__ import annotations

from registry.exports.models import ExportPart
from registry.identity.kept import Kept

__all__ = ["drop", "keep", "slices"]

_files = Kept(ExportPart, "export")
keep, slices, drop = _files.keep, _files.slices, _files.drop
