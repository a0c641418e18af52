"""The file of a print job: sealed in slices, each bound to its job and place."""

from __future__ import annotations

from certificates.printing.models import PrintPart
from registry.identity.kept import Kept

__all__ = ["drop", "keep", "slices"]

_files = Kept(PrintPart, "job")
keep, slices, drop = _files.keep, _files.slices, _files.drop
