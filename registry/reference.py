"""Doorway: reference data of the registry app, in the order in which they lean on each other."""

from __future__ import annotations

from registry.exports import rules as reading
from registry.lib.reference import Loader
from registry.occupations import services as occupations
from registry.regions import services as regions
from registry.rights import defaults as rights

LOADERS = [
    Loader("regions", lambda: {"regions": regions.load_reference()}, regions.differences),
    Loader("occupations", occupations.load_reference, occupations.differences),
    Loader("exports", reading.load, reading.differences),
    Loader("rights", rights.load, rights.differences),
]
