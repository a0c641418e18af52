"""Workbooks that somebody or something has spoiled: the sheets of tests/data, each damaged in one way by chance.

Used by scripts/trials/hostile by the hundred, and in small by the suite. Deterministic from a seed.

    python -m tests.mutants FOLDER SEED COUNT      writes them as files NUMBER.HOW.NAME
"""

from __future__ import annotations

import io
import random
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parent / "data"
BIG = 40_000_000

Spoil = Callable[[bytes, random.Random], bytes]


class Mutant(NamedTuple):
    name: str
    how: str
    data: bytes


def _span(data: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randrange(max(len(data), 1))
    return start, min(len(data), start + chance.choice((1, 4, 64, 700)))


def truncated(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(max(len(data), 1))]


def flipped(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data or b"x")
    for _ in range(chance.choice((1, 3, 20, 200))):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut_out(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def repeated(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 50)) + data[end:]


def overwritten(data: bytes, chance: random.Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.randbytes(end - start) + data[end:]


def after_another(data: bytes, chance: random.Random) -> bytes:
    heads = (b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"<?xml?>")
    return chance.choice(heads) + data


def noise(_data: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 60_000))


ANYWHERE: tuple[Spoil, ...] = (
    truncated, truncated, flipped, flipped, cut_out, repeated, overwritten, after_another, noise,
)  # fmt: skip

# --- inside an archive -----------------------------------------------------------------------------


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _packed(members: dict[str, bytes], **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **more}.items():
            archive.writestr(name, content)
    return out.getvalue()


def _target(members: dict[str, bytes], chance: random.Random) -> str:
    """A part worth spoiling: sheets and strings before the rest."""
    inner = [name for name in members if re.search(r"sheet\d|sharedStrings|content\.xml", name)]
    return chance.choice(inner * 4 + list(members))


def _in_part(change: Callable[[str, random.Random], str]) -> Spoil:
    def spoil(data: bytes, chance: random.Random) -> bytes:
        members = _members(data)
        name = _target(members, chance)
        members[name] = change(members[name].decode("utf-8", "replace"), chance).encode(
            "utf-8", "surrogatepass"
        )
        return _packed(members)

    spoil.__name__ = change.__name__
    return spoil


def numbers_grow(xml: str, chance: random.Random) -> str:
    found = list(re.finditer(r"\d+", xml)) or [re.match("", xml)]
    hit = chance.choice(found)
    assert hit is not None
    huge = chance.choice(("4000000000", "99999999999999999999", "-1", "1e999", "NaN", "1048577", "16385"))
    return xml[: hit.start()] + huge + xml[hit.end() :]


def references_wander(xml: str, chance: random.Random) -> str:
    away = chance.choice(("XFD1048576", "A0", "ZZZZ9", "A1048577", "", "1A", "A2000000"))
    return re.sub(r' r="[A-Z]+\d+"', f' r="{away}"', xml, count=chance.choice((1, 3)))


def tags_break(xml: str, chance: random.Random) -> str:
    found = list(re.finditer(r"</?\w[^>]*>", xml)) or [re.match("", xml)]
    hit = chance.choice(found)
    assert hit is not None
    return (
        xml[: hit.start()]
        + chance.choice(("", "<x", "</row></row>", "<![CDATA[", "<!--", "&nope;"))
        + xml[hit.end() :]
    )


POISON = (
    *("\x00", "\x0b", "&#0;", "&#xD800;", "\ud800", "\u202e", "\ufffe", "_x0000_", "\\N", "\\.", "a\tb"),
    "𠮷" * 50,
    "王" * 90_000,
)


def texts_poison(xml: str, chance: random.Random) -> str:
    poison = chance.choice(POISON)
    found = list(re.finditer(r"(?<=>)[^<>]+(?=<)", xml)) or [re.match("", xml)]
    hit = chance.choice(found)
    assert hit is not None
    return xml[: hit.start()] + poison + xml[hit.start() :]


def entities_laugh(xml: str, _chance: random.Random) -> str:
    return xml.replace("?>", '?><!DOCTYPE l [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>', 1)


def nests_deep(xml: str, chance: random.Random) -> str:
    depth = chance.choice((500, 20_000))
    return xml.replace("<sheetData>", "<sheetData>" + "<row>" * depth, 1)


def rows_without_end(xml: str, _chance: random.Random) -> str:
    return xml.replace("</sheetData>", '<row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>', 1)


def part_dropped(data: bytes, chance: random.Random) -> bytes:
    members = _members(data)
    members.pop(chance.choice(list(members)))
    return _packed(members)


def part_renamed(data: bytes, chance: random.Random) -> bytes:
    members = _members(data)
    name = chance.choice(list(members))
    content = members.pop(name)
    members[chance.choice(("../" + name, "/etc/" + name, name.upper(), name + "\x00", "c:" + name))] = content
    return _packed(members)


def bomb_inside(data: bytes, chance: random.Random) -> bytes:
    name = chance.choice(("xl/media/image1.png", "xl/worksheets/sheet9.xml", "xl/sharedStrings.xml"))
    return _packed(_members(data), **{name: chance.choice((b" ", b"\x00", b"<a>")) * BIG})


def thousands_of_parts(data: bytes, _chance: random.Random) -> bytes:
    return _packed(_members(data), **{f"xl/x{i}.xml": b"" for i in range(6_000)})


def said_to_be_encrypted(data: bytes, _chance: random.Random) -> bytes:
    return re.sub(rb"PK\x01\x02(.{4})..", lambda m: m[0][:-2] + b"\x01\x00", data, flags=re.S)


def checksum_wrong(data: bytes, chance: random.Random) -> bytes:
    places = [m.start() for m in re.finditer(rb"PK\x01\x02", data)]
    at = chance.choice(places) + 16
    return data[:at] + chance.randbytes(4) + data[at + 4 :]


IN_ARCHIVE: tuple[Spoil, ...] = (
    *map(_in_part, (numbers_grow, numbers_grow, references_wander, tags_break, tags_break, texts_poison, texts_poison)),
    *map(_in_part, (texts_poison, entities_laugh, nests_deep, rows_without_end)),
    part_dropped, part_renamed, bomb_inside, thousands_of_parts, said_to_be_encrypted, checksum_wrong,
)  # fmt: skip

# --- inside a text ---------------------------------------------------------------------------------


def quote_left_open(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + b'"' + data[at:]


def line_without_end(data: bytes, _chance: random.Random) -> bytes:
    return data + b"," * 3_000_000


def cell_without_end(data: bytes, _chance: random.Random) -> bytes:
    return data + b"a" * 3_000_000


def nulls_between(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + b"\x00" * chance.choice((1, 2, 999)) + data[at:]


def two_encodings(data: bytes, _chance: random.Random) -> bytes:
    return data + "甲,乙\r\n".encode("utf-16-le") + b"\xff\xfe\xfa"


def copy_commands(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice((b"\\.\r\n", b"\\N,\\N,\\N\r\n", b"a\\tb\\\r\n")) * 3


IN_TEXT: tuple[Spoil, ...] = (
    quote_left_open, line_without_end, cell_without_end, nulls_between, two_encodings, copy_commands,
)  # fmt: skip


def mutants(seed: int, count: int) -> Iterator[Mutant]:
    """So many spoiled files, kinds of damage in turn, sources by chance."""
    chance = random.Random(seed)
    sources = sorted(path for path in DATA.iterdir() if path.suffix != ".toml")
    read = {path: path.read_bytes() for path in sources}
    archives = [path for path, data in read.items() if data.startswith(b"PK") and zipfile.is_zipfile(path)]
    texts = [path for path in sources if path.suffix in (".csv", ".txt") and read[path]]
    ways = [
        (how, group)
        for hows, group in ((ANYWHERE, sources), (IN_ARCHIVE, archives), (IN_TEXT, texts))
        for how in hows
    ]
    for number in range(count):
        how, group = ways[number % len(ways)]
        path = chance.choice(group)
        yield Mutant(path.name, how.__name__, how(read[path], chance))


if __name__ == "__main__":
    for number, mutant in enumerate(mutants(int(sys.argv[2]), int(sys.argv[3]))):
        Path(sys.argv[1], f"{number}.{mutant.how}.{mutant.name}").write_bytes(mutant.data)
