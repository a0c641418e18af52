"""Doorway: reference data of the training app."""

from __future__ import annotations

from registry.lib.reference import Loader
from training.catalogue import defaults
from training.catalogue import services as catalogue
from training.targets import services as targets

LOADERS = [
    Loader("catalogue", defaults.load, defaults.differences),
    Loader("targets", targets.load_plans, targets.plan_differences),
    Loader("catalogue", catalogue.load_demo, catalogue.demo_differences, demo=True),
]
