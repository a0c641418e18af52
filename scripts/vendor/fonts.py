#!/usr/bin/env python3
"""Make the fonts of certificates from their packages: scripts/vendor/fonts.py WENKAI_PACKAGE NOTO_PACKAGE

Both arguments are folders that `npm pack` and `tar` left behind (third_party.toml names the versions). Needs fontTools,
which the program itself does not. Two runs write the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOT = Path(__file__).resolve().parents[2]
ROOM = ROOT / "certificates/printing"
FONTS = ROOM / "fonts"

# What stands beside Chinese in a heading: Latin, punctuation, numerals in circles, full-width forms.
BESIDE = (
    (0x20, 0x7E),
    (0xA0, 0xFF),
    (0x2010, 0x203B),
    (0x2160, 0x217F),
    (0x2460, 0x2473),
    (0x3000, 0x301F),
    (0xFF01, 0xFF5E),
)


def heading_characters() -> set[int]:
    """The 8,105 standard characters, and those in the names of occupations and divisions."""
    found = {ord(c) for c in (ROOM / "data/characters_8105.txt").read_text("utf-8") if not c.isspace()}
    for first, last in BESIDE:
        found.update(range(first, last + 1))
    for name in ("occupations/data/occupations_2022.csv", "regions/data/divisions.csv"):
        with (ROOT / "registry" / name).open(encoding="utf-8", newline="") as file:
            found.update(ord(c) for row in csv.reader(file) for cell in row for c in cell if ord(c) > 0xFF)
    return found


def wenkai(package: Path) -> None:
    # The package calls the Regular of the whole font "latin-500"; of its two forms only the .woff unpacks fast.
    font = TTFont(package / "files/lxgw-wenkai-latin-500-normal.woff", recalcTimestamp=False)
    font.flavor = None
    font.save(FONTS / "LXGWWenKai-Regular.ttf")
    (FONTS / "OFL-LXGWWenKai.txt").write_bytes((package / "LICENSE").read_bytes())


def noto_bold(package: Path) -> None:
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
    font = TTFont(package / "700Bold/NotoSerifSC_700Bold.ttf", recalcTimestamp=False)
    work = subset.Subsetter(options)
    work.populate(unicodes=heading_characters())
    work.subset(font)
    font.save(FONTS / "NotoSerifSC-Bold-8105.ttf")
    (FONTS / "OFL-NotoSerifSC.txt").write_bytes((package / "LICENSE_FONT").read_bytes())


def sums() -> None:
    """The manifest that the program looks at when it starts; `sha256sum -c` reads it too."""
    files = [*sorted(FONTS.glob("*.ttf")), ROOT / "registry/lib/fonts/NotoSerifSC-Regular.ttf"]
    lines = []
    for path in files:
        name = path.name if path.parent == FONTS else "../../../registry/lib/fonts/" + path.name
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n")
    (FONTS / "SHA256SUMS").write_text("".join(lines), "ascii")


if __name__ == "__main__":
    FONTS.mkdir(exist_ok=True)
    wenkai(Path(sys.argv[1]))
    noto_bold(Path(sys.argv[2]))
    sums()
