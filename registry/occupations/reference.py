"""The vendored occupations, levels and common wordings. Where they come from: third_party.toml."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from registry.occupations.models import OccupationEdition, OccupationKind

DATA = Path(__file__).parent / "data"


class OccupationRow(NamedTuple):
    """One row of `occupations_occupation`, without its id."""

    edition: str
    code: str
    name: str
    kind: str
    category: str
    group: str
    green: bool
    digital: bool
    active: bool = True


class LevelRow(NamedTuple):
    """One row of `occupations_skilllevel`."""

    rank: int
    code: str | None
    name: str
    short_name: str
    high_skilled: bool


def _read(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def occupations() -> list[OccupationRow]:
    """Level 4 of the 2022 dictionary, common ones with their group, then the special abilities."""
    dictionary = list(_read("occupations_2022.csv"))
    seeds = list(_read("seed_occupations.csv"))
    groups = {(seed["code"], seed["name"]): seed["group"] for seed in seeds if seed["kind"] == "national"}
    # 中类 and 小类 are incomplete in the source, so only the eight 大类 are shown.
    categories = {row["code"][0]: row["name"] for row in dictionary if row["level"] == "1"}
    national = [
        OccupationRow(
            OccupationEdition.DICTIONARY_2022.value,
            row["code"],
            row["name"],
            OccupationKind.NATIONAL.value,
            categories[row["code"][0]],
            groups.get((row["code"], row["name"]), ""),
            row["green"] == "1",
            row["digital"] == "1",
        )
        for row in dictionary
        if row["level"] == "4"
    ]
    special = [
        OccupationRow(
            OccupationEdition.LOCAL.value,
            seed["code"],
            seed["name"],
            OccupationKind.SPECIAL.value,
            "",
            seed["group"],
            seed["green"] == "1",
            seed["digital"] == "1",
        )
        for seed in seeds
        if seed["kind"] == "special"
    ]
    return national + special


def levels() -> list[LevelRow]:
    """The eight grades. Letters of the three without a digit are for the authority to fill in."""
    return [
        LevelRow(int(r["rank"]), r["code"] or None, r["name"], r["short_name"], r["high_skilled"] == "1")
        for r in _read("levels.csv")
    ]


def wordings() -> list[tuple[str, str]]:
    """(wording, code of the 2022 dictionary): old and short names that everybody uses."""
    return [(row["text"], row["code"]) for row in _read("aliases.csv")]
