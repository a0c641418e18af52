"""The fonts that certificates are drawn with, and which of them has a form for a character. Pure.

A text asks for one font; a character that it lacks is taken from the next one: Song, Kai, and a font of the operator's
where one is configured (`PRINT_FONT_FILE`). A character that none of them has blocks issuing; previews show 〓.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from reportlab.pdfbase.ttfonts import TTFontFile

from registry.lib import pdf

FOLDER = Path(__file__).parent / "fonts"
SONG, KAI, BOLD, OWN = "song", "kai", "bold", "own"
GETA = pdf.GETA

# Whom to ask in turn when a text wants the font on the left.
_ORDER = {SONG: (SONG, KAI, OWN), KAI: (KAI, SONG, OWN), BOLD: (BOLD, SONG, KAI, OWN)}

_PRIVATE = ((0xE000, 0xF8FF), (0xF0000, 0x10FFFD))  # without a meaning that two fonts share


class Glyph(NamedTuple):
    """A form: of which font, its number there, and its width in thousandths of the size."""

    font: str
    number: int
    width: int


class Face:
    """One font file in memory: 4 to 16 MB, read once per process (about 0.08 s)."""

    def __init__(self, key: str, path: Path) -> None:
        self.key = key
        self.file = TTFontFile(str(path))
        self.name: str = self.file.name.decode("ascii")
        self.numbers: dict[int, int] = self.file.charToGlyph
        # get_table copies; the outlines are most of the file, so they are cut out once and looked into.
        self.outlines = memoryview(self.file.get_table("glyf"))
        self._scale: float = 1000 / self.file.unitsPerEm

    def width(self, number: int) -> int:
        """Of a glyph, in thousandths of the size."""
        return round(float(self.file.hmetrics[number][0]) * self._scale)


def paths() -> dict[str, Path]:
    """Where each font lies. The operator's is named only if it is configured."""
    own = settings.PRINT_FONT_FILE
    return {
        SONG: pdf.FONT_FILE,
        KAI: FOLDER / "LXGWWenKai-Regular.ttf",
        BOLD: FOLDER / "NotoSerifSC-Bold-8105.ttf",
        **({OWN: own} if own else {}),
    }


@cache
def face(key: str) -> Face:
    return Face(key, paths()[key])


@cache
def _known(preferred: str) -> dict[str, Glyph | None]:
    """What was looked up before, for texts that want this font."""
    return {}


def glyph(preferred: str, character: str) -> Glyph | None:
    """The form of a character, from the preferred font or the next one that has it; None where none has."""
    known = _known(preferred)
    try:
        return known[character]
    except KeyError:
        found = known[character] = _look(preferred, ord(character))
        return found


def _look(preferred: str, code: int) -> Glyph | None:
    if code == 0xA0:
        code = 0x20
    if any(first <= code <= last for first, last in _PRIVATE):
        return None
    there = paths()
    for key in _ORDER[preferred]:
        if key in there:
            number = face(key).numbers.get(code)
            if number:
                return Glyph(key, number, face(key).width(number))
    return None


def missing(text: str) -> list[str]:
    """The characters that no font has a form for, each once. Blanks and line ends need none."""
    return [c for c in dict.fromkeys(text) if not c.isspace() and glyph(SONG, c) is None]


def glyphs(preferred: str, text: str) -> Iterator[tuple[str, Glyph]]:
    """Each character with its form; one that is missing comes as 〓, a line end or tab as a blank."""
    for character in text:
        found = glyph(preferred, character)
        if found is None:
            character = " " if character.isspace() else GETA
            found = glyph(preferred, character)
            assert found is not None  # every font has both
        yield character, found


def width(preferred: str, text: str, size: float) -> float:
    """How long a text is when it is set in this size, in the unit of the size."""
    return sum(found.width for _, found in glyphs(preferred, text)) * size / 1000
