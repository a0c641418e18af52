"""The part of a font that a file needs: glyphs numbered anew in the order of their first use. Pure.

The glyphs keep their outlines byte by byte; tables that only text shaping reads are left out (ISO 32000-1, 9.9 names
those that a reader needs). The text is written as two-byte numbers of the new glyphs (Identity-H), so a font stays one
font however many characters a file has, and a map back to Unicode lets the text be copied, beyond the BMP too.
"""

from __future__ import annotations

from struct import pack, pack_into, unpack_from

from certificates.printing.glyphs import Face

_WORDS, _SCALE, _MORE, _TWO_SCALES, _MATRIX = 0x01, 0x08, 0x20, 0x40, 0x80
_COPIED = ("cvt ", "fpgm", "prep")
_MAGIC = 0xB1B0AFBA  # what the sum over a whole font is subtracted from


class Subset:
    """Glyphs of one face, in the order in which they were asked for. Not safe for two files at once."""

    def __init__(self, face: Face) -> None:
        self.face = face
        self.taken = [0]  # new number → number in the face; the first is the form of nothing
        self.new = {0: 0}
        self.text: dict[int, str] = {}  # new number → what it is copied as

    def take(self, number: int, character: str) -> int:
        """The new number of a glyph."""
        new = self.new.get(number)
        if new is None:
            new = self.new[number] = len(self.taken)
            self.taken.append(number)
        self.text.setdefault(new, character)
        return new

    def widths(self) -> str:
        """The widths as a /W array: [first [width …] …], glyphs of a full square left out (/DW 1000)."""
        out: list[str] = []
        last = -2
        for new, number in enumerate(self.taken):
            width = self.face.width(number)
            if width == 1000:
                continue
            if new != last + 1:
                out.append(f"{']' if out else ''}{new}[")
            out.append(f"{width} ")
            last = new
        return f"[{''.join(out)}]]" if out else "[]"

    def to_unicode(self) -> bytes:
        """The map from new numbers back to text, UTF-16BE, in blocks of at most a hundred (Adobe note 5014)."""
        lines = [f"<{new:04X}> <{text.encode('utf-16-be').hex()}>" for new, text in sorted(self.text.items())]
        blocks = [lines[i : i + 100] for i in range(0, len(lines), 100)]
        body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
            "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
        ).encode("ascii")

    def program(self) -> bytes:
        """A TrueType font of these glyphs, and of those that they are composed of."""
        file, outlines = self.face.file, self.face.outlines
        places = file.glyphPos
        taken, new = list(self.taken), dict(self.new)
        parts: list[bytes] = []
        offsets = [0]
        length = 0
        for number in taken:  # grows while it is gone through
            outline = bytes(outlines[places[number] : places[number + 1]])
            if outline[:1] >= b"\x80":
                outline = _composed(outline, taken, new)
            outline += b"\0" * (-len(outline) % 4)
            parts.append(outline)
            length += len(outline)
            offsets.append(length)
        count = len(taken)
        metrics = [file.hmetrics[number] for number in taken]
        head = bytearray(file.get_table("head"))
        pack_into(">L", head, 8, 0)
        pack_into(">H", head, 50, 1)  # long offsets
        hhea = bytearray(file.get_table("hhea"))
        pack_into(">H", hhea, 34, count)
        maxp = bytearray(file.get_table("maxp"))
        pack_into(">H", maxp, 4, count)
        tables = {
            "glyf": b"".join(parts),
            "head": bytes(head),
            "hhea": bytes(hhea),
            "hmtx": b"".join(pack(">HH", int(aw) & 0xFFFF, int(lsb) & 0xFFFF) for aw, lsb in metrics),
            "loca": pack(f">{count + 1}L", *offsets),
            "maxp": bytes(maxp),
            **{tag: file.get_table(tag) for tag in _COPIED if tag in file.table},
        }
        return _sfnt(tables)


def _composed(outline: bytes, taken: list[int], new: dict[int, int]) -> bytes:
    """A glyph made of others, with their new numbers; those that are not there yet are taken along."""
    out = bytearray(outline)
    at, flags = 10, _MORE
    while flags & _MORE:
        flags, number = unpack_from(">HH", out, at)
        if number not in new:
            new[number] = len(taken)
            taken.append(number)
        pack_into(">H", out, at + 2, new[number])
        at += 8 if flags & _WORDS else 6
        at += 2 if flags & _SCALE else 4 if flags & _TWO_SCALES else 8 if flags & _MATRIX else 0
    return bytes(out)


def _sum(data: bytes) -> int:
    data += b"\0" * (-len(data) % 4)
    total: int = sum(unpack_from(f">{len(data) // 4}L", data))
    return total & 0xFFFFFFFF


def _sfnt(tables: dict[str, bytes]) -> bytes:
    """The tables as one file, with the sums that a strict reader checks."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    at = 12 + 16 * count
    directory = [pack(">LHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16)]
    body: list[bytes] = []
    head_at = 0
    for tag in sorted(tables):
        data = tables[tag]
        directory.append(pack(">4sLLL", tag.encode("ascii"), _sum(data), at, len(data)))
        if tag == "head":
            head_at = at
        padded = data + b"\0" * (-len(data) % 4)
        body.append(padded)
        at += len(padded)
    whole = bytearray(b"".join((*directory, *body)))
    pack_into(">L", whole, head_at + 8, (_MAGIC - _sum(bytes(whole))) & 0xFFFFFFFF)
    return bytes(whole)
