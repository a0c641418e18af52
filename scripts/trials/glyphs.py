"""All 8,105 standard characters and the list of rare ones of names: drawn as their font has them, and copied out right.

scripts/trials/glyphs [--font song --font kai --font bold] [--pictures] [--json]

Each font's file goes through PDFium: its text must be the characters that went in, in their order; each character's
picture is laid beside the one that FreeType makes of the glyph in the font file itself. A character whose picture is
another's, blank or 〓 fails. `--pictures` writes a page of each family into docs/screens. The last line of --json is
one object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")

import pypdfium2  # noqa: E402
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont  # noqa: E402

from certificates.printing import glyphs, layouts, pdf, samples, shipped  # noqa: E402

DATA = ROOT / "certificates/printing/data"
ACROSS, DOWN, SIZE = 20, 30, 20.0  # a page of so many characters, points
LEFT, TOP, STEP = 20.0, 20.0, 9.0  # millimetres
SCALE = 3.0
LIKE = 0.72  # of the ink of two pictures that lies in the same place: 0.75 to 0.9 for one glyph, at most 0.7 for two


def characters() -> list[str]:
    found: dict[str, None] = {}
    for name in ("characters_8105.txt", "rare_names.txt"):
        found |= dict.fromkeys("".join((DATA / name).read_text("utf-8").split()))
    return list(found)


def page(font: str, text: str) -> layouts.Layout:
    """A page of nothing but lines of twenty."""
    lines = [text[at : at + ACROSS] for at in range(0, len(text), ACROSS)]
    elements = [
        {
            "id": f"l{n}",
            "kind": "text",
            "text": each,
            "x": LEFT,
            "y": TOP + n * STEP,
            "font": font,
            "size": SIZE,
        }
        for n, each in enumerate(lines)
    ]
    look = {"frame": "#ffffff", "ink": "#ffffff"}
    return layouts.read({"page": [210, 297], "title": "字", "look": look, "elements": elements})


def spoiled(font: str, text: str) -> list[str]:
    """The characters of one page that came out wrong."""
    document = pypdfium2.PdfDocument(pdf.render([pdf.Printed({})], page(font, text)))
    leaf = document[0]
    copied = leaf.get_textpage()
    said = "".join(copied.get_text_range().split())
    picture = leaf.render(scale=SCALE, grayscale=True).to_pil()
    for each in (copied, leaf, document):
        each.close()
    if said != text:
        return [a for a, b in zip(text, said.ljust(len(text)), strict=False) if a != b] or [text[0]]
    return [c for n, c in enumerate(text) if not alike(font, c, picture, n)]


_fonts: dict[str, Any] = {}


def alike(font: str, character: str, picture: Any, place: int) -> bool:
    """Whether the cell of the page shows the glyph of the font that has to draw it."""
    found = glyphs.glyph(font, character)
    if found is None:
        return False
    if found.font not in _fonts:
        _fonts[found.font] = ImageFont.truetype(str(glyphs.paths()[found.font]), round(SIZE * SCALE))
    box = round(SIZE * SCALE)
    x = (LEFT * pdf.MM + place % ACROSS * SIZE) * SCALE
    y = (TOP + place // ACROSS * STEP) * pdf.MM * SCALE
    cell = picture.crop((round(x), round(y) - box, round(x) + box, round(y) + box // 4))
    drawn = Image.new("L", cell.size, 255)
    start = (x - round(x), box + y - round(y))
    ImageDraw.Draw(drawn).text(start, character, font=_fonts[found.font], fill=0, anchor="ls")
    # A little out of focus, so that two ways of smoothing edges count for nothing.
    soft = (ImageChops.invert(each).filter(ImageFilter.GaussianBlur(1.2)) for each in (cell, drawn))
    return shared(*soft) >= LIKE


def shared(one: Any, other: Any) -> float:
    """Ink in both as a part of the ink of both, for the best of nine places a pixel apart."""
    best = 0.0
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            moved = ImageChops.offset(other, dx, dy)
            both, either = (
                sum(_ink(each)) for each in (ImageChops.darker(one, moved), ImageChops.lighter(one, moved))
            )
            if either:
                best = max(best, both / either)
    return best


def _ink(picture: Any) -> Iterator[int]:
    return (value * count for value, count in enumerate(picture.histogram()))


def pictures() -> list[str]:
    """A page of each family, in both ways, to be looked at."""
    folder = ROOT / "docs" / "screens"
    made = []
    for family in shipped.FAMILIES:
        for bilingual in (False, True):
            data = pdf.render([samples.sample(family)], shipped.layout(family), pdf.Way(bilingual))
            document = pypdfium2.PdfDocument(data)
            leaf = document[0]
            name = f"certificate-{family}{'-both' if bilingual else ''}.png"
            picture = leaf.render(scale=1.25).to_pil().quantize(64)
            picture.save(folder / name, optimize=True)
            leaf.close()
            document.close()
            made.append(name)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--font", action="append", choices=layouts.FONTS)
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    asked = characters()
    wrong: dict[str, list[str]] = {}
    for font in options.font or layouts.FONTS:
        wrong[font] = []
        for at in range(0, len(asked), ACROSS * DOWN):
            wrong[font] += spoiled(font, "".join(asked[at : at + ACROSS * DOWN]))
        if not options.json:
            print(
                f"{font}: {len(asked)} characters, {len(wrong[font])} wrong {''.join(wrong[font])}",
                flush=True,
            )
    found = {
        "characters": len(asked),
        "beyond_bmp": sum(ord(each) > 0xFFFF for each in asked),
        "missing": glyphs.missing("".join(asked)),
        "wrong": {font: len(each) for font, each in wrong.items()},
    }
    if options.pictures:
        found["pictures"] = pictures()
    if options.json:
        print(json.dumps(found))
    return 1 if found["missing"] or any(wrong.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
