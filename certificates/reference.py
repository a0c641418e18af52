"""Doorway: reference data of the certificates app."""

from __future__ import annotations

from certificates.evaluations import defaults as evaluations
from certificates.issuance import reasons, rules
from certificates.printing import defaults as printing
from registry.lib.reference import Loader

LOADERS = [
    Loader("evaluations", evaluations.load, evaluations.differences),
    Loader("issuance", rules.load, rules.differences),
    Loader("measures", reasons.load, reasons.differences),
    Loader("printing", printing.load, printing.differences),
]
