"""The frame and the rosette behind a certificate, as curves. Pure; no emblem of any state or body is among them."""

from __future__ import annotations

from math import cos, pi, sin

from certificates.printing.typesetting import colour, number

_CIRCLE = 0.5523  # of the radius: how far the handles of a quarter of a circle lie
_WAVE = 0.3642  # of half a wave: the handles of an arc that looks like a sine


def _pale(value: str, share: float) -> str:
    """The colour with so much white in it."""
    mixed = (round(255 - (255 - int(value[i : i + 2], 16)) * (1 - share)) for i in (1, 3, 5))
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _wave(x: float, y: float, long: float, steps: int, high: float, across: bool) -> str:
    """A wave along one side: to the right, or upwards. `high` below zero begins on the other side."""
    half = long / steps
    out = [f"{number(x)} {number(y)} m"]
    for i in range(steps):
        side = high * 2 if i % 2 == 0 else -high * 2
        points = (
            (half * (i + _WAVE), side * 0.667),
            (half * (i + 1 - _WAVE), side * 0.667),
            (half * (i + 1), 0.0),
        )
        out.append(
            " ".join(
                f"{number(x + along)} {number(y + off)}"
                if across
                else f"{number(x + off)} {number(y + along)}"
                for along, off in points
            )
            + " c"
        )
    return "\n".join(out)


def frame(width: float, height: float, tint: str, ink: str, margin: float = 28.35) -> str:
    """Two lines with a band of woven waves between them; points."""
    band = 14.0
    out = [f"q {colour(ink)} RG 1.6 w {_box(margin, width, height)} S"]
    out.append(f"{colour(tint)} RG 0.5 w {_box(margin + 3, width, height)} S")
    out.append(f"{_box(margin + 3 + band, width, height)} S")
    out.append(f"0.9 w {_box(margin + 6 + band, width, height)} S 0.45 w")
    inner = margin + 3 + band / 2
    for turn, high in enumerate((4.6, -4.6, 2.6, -2.6)):
        wide, tall = width - 2 * inner, height - 2 * inner
        across, up = _even(wide / 11), _even(tall / 11)
        shade = _pale(tint, 0.15 if turn < 2 else 0.4)
        out.append(f"{colour(shade)} RG")
        for y in (inner, height - inner):
            out.append(_wave(inner, y, wide, across, high, True))
        for x in (inner, width - inner):
            out.append(_wave(x, inner, tall, up, high, False))
        out.append("S")
    for x in (inner, width - inner):
        for y in (inner, height - inner):
            out.append(_corner(x, y, band, tint, ink))
    out.append("Q")
    return "\n".join(out)


def _even(count: float) -> int:
    return max(2, round(count / 2) * 2)


def _box(margin: float, width: float, height: float) -> str:
    return f"{number(margin)} {number(margin)} {number(width - 2 * margin)} {number(height - 2 * margin)} re"


def _corner(x: float, y: float, band: float, tint: str, ink: str) -> str:
    """A square with a flower of eight petals where two bands meet."""
    half = band / 2 + 1.2
    out = [f"1 1 1 rg {colour(tint)} RG 0.6 w"]
    out.append(f"{number(x - half)} {number(y - half)} {number(2 * half)} {number(2 * half)} re B")
    out.append(f"{colour(_pale(ink, 0.25))} RG 0.45 w")
    for step in range(8):
        out.append(_ellipse(x, y, 3.0, 1.25, step * pi / 4, 3.0))
    out.append("S")
    out.append(f"{colour(ink)} rg {_ellipse(x, y, 0.9, 0.9, 0, 0)} f")
    return "\n".join(out)


def rosette(x: float, y: float, radius: float, tint: str) -> str:
    """A pale figure of ellipses turned around one point, as on printed papers of value."""
    out = [f"q 0.35 w {colour(_pale(tint, 0.82))} RG"]
    for step in range(36):
        out.append(_ellipse(x, y, radius, radius * 0.36, step * pi / 36, 0))
    out.append(f"S {colour(_pale(tint, 0.86))} RG")
    for step in range(48):
        out.append(_ellipse(x, y, radius * 0.30, radius * 0.13, step * pi / 24, radius * 0.42))
    out.append("S Q")
    return "\n".join(out)


def _ellipse(x: float, y: float, a: float, b: float, turn: float, out: float) -> str:
    """An ellipse whose middle lies `out` from (x, y) in the direction of `turn`."""
    c, s = cos(turn), sin(turn)

    def at(u: float, v: float) -> str:
        u += out
        return f"{number(x + u * c - v * s)} {number(y + u * s + v * c)}"

    k, m = a * _CIRCLE, b * _CIRCLE
    return (
        f"{at(a, 0)} m {at(a, m)} {at(k, b)} {at(0, b)} c {at(-k, b)} {at(-a, m)} {at(-a, 0)} c "
        f"{at(-a, -m)} {at(-k, -b)} {at(0, -b)} c {at(k, -b)} {at(a, -m)} {at(a, 0)} c"
    )
