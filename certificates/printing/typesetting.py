"""Lines of text as operators of a PDF page: fonts by character, breaking, fitting. Pure.

Places are points from the lower left corner here; whoever calls turns millimetres into them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from certificates.printing.glyphs import Glyph, glyphs, width

# ISO 32000-1, 9.4: a line is one text object; each run of one font is one string of two-byte glyph numbers.
Take = Callable[[str, int, str], int]  # (font, number in the face, character) → number in the file

# Chinese lines do not begin with these, nor end with those (GB/T 15834).
_NOT_FIRST = frozenset("，。、；：！？）》」』〕】”’%,.;:!?)]}")
_NOT_LAST = frozenset("（《「『〔【“‘([{")
_SMALLEST = 0.72  # of the size, before a value goes on a second line
_STEP = 0.04


def number(value: float) -> str:
    """A length as a PDF writes it: at most two decimals, no exponent."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def colour(value: str) -> str:
    """#rrggbb as three parts of one."""
    return " ".join(number(int(value[i : i + 2], 16) / 255) for i in (1, 3, 5))


def line(take: Take, font: str, text: str, size: float, x: float, y: float, spacing: float = 0) -> str:
    """A line that begins at x, in the current colour."""
    parts: list[str] = [f"BT {number(x)} {number(y)} Td"]
    if spacing:
        parts.append(f"{number(spacing)} Tc")
    for name, codes in _runs(take, glyphs(font, text)):
        parts.append(f"/{name} {number(size)} Tf <{codes}> Tj")
    parts.append("0 Tc ET" if spacing else "ET")
    return " ".join(parts)


def _runs(take: Take, drawn: Iterable[tuple[str, Glyph]]) -> list[tuple[str, str]]:
    runs: list[tuple[str, list[str]]] = []
    for character, found in drawn:
        code = f"{take(found.font, found.number, character):04X}"
        if runs and runs[-1][0] == found.font:
            runs[-1][1].append(code)
        else:
            runs.append((found.font, [code]))
    return [(font, "".join(codes)) for font, codes in runs]


def length(font: str, text: str, size: float, spacing: float = 0) -> float:
    """From the beginning of a line to its end, in points."""
    return width(font, text, size) + spacing * max(0, len(text) - 1)


def start(align: str, x: float, room: float, long: float) -> float:
    """Where a line of this length begins; x is the left edge, the middle or the right edge."""
    del room
    return x - long / 2 if align == "centre" else x - long if align == "right" else x


def broken(font: str, text: str, size: float, room: float, indent: float = 0) -> list[str]:
    """The text in lines no wider than `room`, the first shorter by `indent`. Words and numbers stay whole where they
    can; marks do not begin a line.
    """
    lines: list[str] = []
    current, used, left = "", 0.0, room - indent
    for piece in _pieces(text):
        long = width(font, piece, size)
        if current and used + long > left:
            lines.append(current.rstrip())
            current, used, left = "", 0.0, room
            piece = piece.lstrip()
            long = width(font, piece, size)
        while long > left and len(piece) > 1:  # longer than a line: cut where it must be
            cut = max(1, int(len(piece) * left / long))
            lines.append(piece[:cut])
            piece, left = piece[cut:], room
            long = width(font, piece, size)
        current += piece
        used += long
    return [*lines, current.rstrip()] if current.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """What is not to be torn apart: a word, a number, a character with the marks that hang on it."""
    pieces: list[str] = []
    for character in text:
        before = pieces[-1] if pieces else ""
        tail = before[-1:]
        word = character.isascii() and not character.isspace() and tail.isascii() and not tail.isspace()
        if before and (word or character in _NOT_FIRST or tail in _NOT_LAST):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def fitted(font: str, text: str, size: float, room: float) -> tuple[float, list[str]]:
    """A value for a place of one line: smaller if need be, on two lines if that is not enough. Returns the size."""
    long = width(font, text, size)
    if not room or long <= room:
        return size, [text]
    if long * _SMALLEST <= room:
        return size * room / long, [text]
    size *= _SMALLEST
    lines = broken(font, text, size, room)
    while len(lines) > 2 and size > 4:
        size *= 0.9
        lines = broken(font, text, size, room)
    return size, lines


def filled(
    font: str, text: str, size: float, leading: float, room: float, indent: float, height: float
) -> tuple[float, float, list[str]]:
    """A paragraph for a place of so much height (0 for any) from its first baseline to its last: letters and lines grow
    smaller together, down to `_SMALLEST`. `indent` in letters. Returns size, leading, lines.
    """
    scale = 1.0
    while True:
        lines = broken(font, text, size * scale, room, indent * size * scale)
        if not height or (len(lines) - 1) * leading * scale <= height or scale <= _SMALLEST:
            return size * scale, leading * scale, lines
        scale = max(_SMALLEST, scale - _STEP)
