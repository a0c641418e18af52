"""Doorway: reference data of the certificates app."""

from __future__ import annotations

from certificates.evaluations import defaults as evaluations
from registry.lib.reference import Loader

LOADERS = [Loader("evaluations", evaluations.load, evaluations.differences)]
