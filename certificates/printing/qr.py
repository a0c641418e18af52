"""QR codes of certificates, made fast and always in the same way, as one path of a PDF. Pure.

ISO/IEC 18004, bytes only, error correction L, one mask. A general encoder tries eight masks and places bit by bit; here
all that depends on the version alone is worked out once, and the bits of a content fall into place in one go: some
tenths of a millisecond for 300 characters. The same content always gives the same code.

Level L: on the same square of paper its modules are a tenth wider than those of M, and what codes fail by is photos out
of focus (scripts/trials/qr).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from operator import itemgetter
from typing import NamedTuple

QUIET = 4  # blank modules around a code, ISO/IEC 18004 5.3.8
_MASK = 3  # (row + column) % 3: no repeats with the bytes of a payload; any reader copes with any mask
_FORMAT = 0b01 << 3 | _MASK  # level L is 01

# Level L, by version from 1: check bytes of a block, and blocks (ISO/IEC 18004 table 9).
_CHECKS = (7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28)
_BLOCKS = (1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8)
HIGHEST = len(_CHECKS)


Pick = Callable[[bytes], Iterable[int]]


class _Plan(NamedTuple):
    """What all codes of one version share."""

    size: int  # modules in a row
    data: int  # bytes of content with its head
    lengths: tuple[int, ...]  # data bytes of each block
    checks: int  # check bytes of each block
    # bytes of the blocks, one after the other → the order in which they are placed
    interleaved: Pick
    place: Pick  # bits in that order, then a zero → the module of each place
    base: int  # the patterns, and the mask over everything else, as one number of 8 bits a module


def modules(content: str) -> list[bytes]:
    """The rows of the code, each module a byte 0 or 1. Raises ValueError for more than 858 bytes."""
    raw = content.encode("utf-8")
    version = _version(len(raw))
    plan = _plan(version)
    bits = 4 if version < 10 else 12
    # Mode 0100, the length in 8 or 16 bits, the bytes, four zero bits; then filled up with EC 11 EC 11 …
    head = (4 << (bits + 4) | len(raw)) << (8 * len(raw) + 4)
    filled = (head | int.from_bytes(raw, "big") << 4).to_bytes(len(raw) + (3 if bits == 12 else 2), "big")
    filled += (b"\xec\x11" * plan.data)[: plan.data - len(filled)]
    table = _multiples(plan.checks)
    blocks, at = [], 0
    for length in plan.lengths:
        blocks.append(filled[at : at + length])
        at += length
    stream = filled + b"".join(_remainder(block, table, plan.checks) for block in blocks)
    placed = bytes(plan.interleaved(stream))
    ones = format(int.from_bytes(placed, "big"), f"0{len(placed) * 8}b").encode("ascii") + b"0"
    flat = bytes(plan.place(ones))
    whole = (int.from_bytes(flat, "big") & _ones(len(flat)) ^ plan.base).to_bytes(len(flat), "big")
    return [whole[i : i + plan.size] for i in range(0, len(whole), plan.size)]


_RUN = re.compile(b"\x01+")


def path(content: str) -> tuple[str, int]:
    """Rectangles in modules, y upwards from the lower edge, and how many modules wide the code is without its quiet
    zone. Filled in one go, so that no reader shows seams between rows.
    """
    rows = modules(content)
    size = len(rows)
    out: list[str] = []
    for y, row in zip(range(size - 1, -1, -1), rows, strict=True):
        end = f" {y} "
        out += [f"{m.start()}{end}{m.end() - m.start()} 1 re" for m in _RUN.finditer(row)]
    out.append("f")
    return "\n".join(out), size


def _version(length: int) -> int:
    for version in range(1, HIGHEST + 1):
        head = 12 if version < 10 else 20
        if length * 8 + head <= _capacity(version) * 8:
            return version
    raise ValueError("more than a code of version 20 holds")


def _total(version: int) -> int:
    """All bytes of a version: the modules that no pattern takes."""
    aligned = version // 7 + 2 if version > 1 else 0
    taken = 3 * 64 + 2 * (4 * version + 1) + 31 + (36 if version >= 7 else 0)
    if aligned:
        taken += (aligned * aligned - 3) * 25 - 2 * (aligned - 2) * 5
    return ((17 + 4 * version) ** 2 - taken) // 8


def _capacity(version: int) -> int:
    return _total(version) - _CHECKS[version - 1] * _BLOCKS[version - 1]


@cache
def _ones(length: int) -> int:
    return int.from_bytes(b"\x01" * length, "big")


def _powers() -> tuple[list[int], list[int]]:
    """Powers of 2 and logarithms in the field of 256 elements (polynomial 0x11D)."""
    power, log, value = [0] * 255, [0] * 256, 1
    for exponent in range(255):
        power[exponent], log[value] = value, exponent
        value = value << 1 ^ (0x11D if value & 0x80 else 0)
    return power, log


@cache
def _multiples(checks: int) -> list[int]:
    """The generator of so many check bytes, times each of 256 factors, as numbers of so many bytes."""
    power, log = _powers()

    def times(a: int, b: int) -> int:
        return power[(log[a] + log[b]) % 255] if a and b else 0

    generator = [1]
    for exponent in range(checks):
        shifted = [*generator, 0]
        for i, each in enumerate(generator):
            shifted[i + 1] ^= times(each, power[exponent])
        generator = shifted
    return [int.from_bytes(bytes(times(f, each) for each in generator[1:]), "big") for f in range(256)]


def _remainder(block: bytes, table: list[int], checks: int) -> bytes:
    rest, top, kept = 0, 8 * (checks - 1), (1 << 8 * (checks - 1)) - 1
    for byte in block:
        rest = (rest & kept) << 8 ^ table[byte ^ rest >> top]
    return rest.to_bytes(checks, "big")


@cache
def _plan(version: int) -> _Plan:
    size = 17 + 4 * version
    checks, blocks = _CHECKS[version - 1], _BLOCKS[version - 1]
    data = _capacity(version)
    short, longer = divmod(data, blocks)
    lengths = tuple(short + (i >= blocks - longer) for i in range(blocks))
    starts = [sum(lengths[:i]) for i in range(blocks)]
    order = [starts[b] + i for i in range(short + 1) for b in range(blocks) if i < lengths[b]]
    order += [data + b * checks + i for i in range(checks) for b in range(blocks)]
    pattern = _patterns(version, size)
    bits = len(order) * 8
    place, base = [bits] * (size * size), bytearray(size * size)
    bit = 0
    for row, column in _way(size):
        if pattern[row][column] is None:
            place[row * size + column] = min(bit, bits)
            base[row * size + column] = (row + column) % 3 == 0
            bit += 1
    for row in range(size):
        for column in range(size):
            base[row * size + column] |= bool(pattern[row][column])
    return _Plan(
        size, data, lengths, checks, itemgetter(*order), itemgetter(*place), int.from_bytes(base, "big")
    )


def _way(size: int) -> list[tuple[int, int]]:
    """All modules in the order in which bits are placed: two columns at a time, up and down, from the right."""
    found, up = [], True
    right = size - 1
    while right > 0:
        if right == 6:  # the column of the timing pattern
            right = 5
        for step in range(size):
            row = size - 1 - step if up else step
            found += [(row, right), (row, right - 1)]
        up = not up
        right -= 2
    return found


def _patterns(version: int, size: int) -> list[list[int | None]]:
    """The modules that do not depend on the content; None for the others."""
    grid: list[list[int | None]] = [[None] * size for _ in range(size)]
    for i in range(size):
        grid[6][i] = grid[i][6] = (i + 1) % 2
    for top, left in ((0, 0), (0, size - 7), (size - 7, 0)):
        for row in range(max(0, top - 1), min(size, top + 8)):
            for column in range(max(0, left - 1), min(size, left + 8)):
                away = max(abs(row - top - 3), abs(column - left - 3))
                grid[row][column] = int(away not in (2, 4))
    centres = _centres(version, size)
    for row in centres:
        for column in centres:
            corner = (row, column) in ((6, 6), (6, size - 7), (size - 7, 6))
            if corner:
                continue
            for y in range(-2, 3):
                for x in range(-2, 3):
                    grid[row + y][column + x] = int(max(abs(x), abs(y)) != 1)
    said = _protected(_FORMAT, 10, 0b10100110111) ^ 0b101010000010010
    for i in range(15):
        bit = said >> i & 1
        # Once around the upper left finder, once split over the other two.
        if i < 6:
            grid[i][8] = bit
        elif i < 8:
            grid[i + 1][8] = bit
        elif i == 8:
            grid[8][7] = bit
        else:
            grid[8][14 - i] = bit
        if i < 8:
            grid[8][size - 1 - i] = bit
        else:
            grid[size - 15 + i][8] = bit
    grid[size - 8][8] = 1
    if version >= 7:
        said = _protected(version, 12, 0b1111100100101)
        for i in range(18):
            a, b = size - 11 + i % 3, i // 3
            grid[a][b] = grid[b][a] = said >> i & 1
    return grid


def _centres(version: int, size: int) -> list[int]:
    """Where alignment patterns stand, in rows and columns."""
    if version == 1:
        return []
    count = version // 7 + 2
    step = (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    return [6, *sorted(size - 7 - i * step for i in range(count - 1))]


def _protected(value: int, bits: int, divisor: int) -> int:
    """A value with its check bits after it."""
    rest = value << bits
    while rest.bit_length() > bits:
        rest ^= divisor << rest.bit_length() - divisor.bit_length()
    return value << bits | rest
