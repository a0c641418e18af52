"""Where the log is published: a folder that anybody may read, and a file elsewhere that only grows.

The folder holds `checkpoint`, `vkey` and `tile/…` as C2SP lays them out. Tiles are written first and the checkpoint
last, so that whoever reads a checkpoint finds the tiles it needs. The copy is one JSON object a line,
{"origin", "size", "note"}; it should lie on another host, where nothing can be taken back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from registry.audit import merkle
from registry.audit.keeping import replace_file
from registry.audit.notes import BadNote, Checkpoint, VerifierKey, opened

_HASH, _WIDTH = merkle.HASH_BYTES, merkle.TILE_WIDTH
#: How much of the copy's end is looked through for the last line of this log.
_TAIL_BYTES = 1 << 20

Leaves = Callable[[int, int], Sequence[bytes]]


class Damaged(Exception):
    """Something that was published reads differently from what it must be; the text says which file."""


@dataclass(frozen=True, slots=True)
class Published:
    """Folder and copy of one log."""

    folder: Path
    copy: Path

    def checkpoint(self, key: VerifierKey) -> Checkpoint | None:
        """What the folder says; None when it says nothing yet. Raises BadNote for what we did not sign."""
        try:
            note = (self.folder / "checkpoint").read_text("utf-8")
        except FileNotFoundError:
            return None
        return Checkpoint.parse(opened(note, [key])[0])

    def copied(self, key: VerifierKey) -> Checkpoint | None:
        """The last line of this log in the copy. Raises BadNote for what we did not sign."""
        note = self._last_line(key.name)
        return None if note is None else Checkpoint.parse(opened(note, [key])[0])

    def notes(self, origin: str) -> list[str]:
        """What stands in the folder and last in the copy, nothing checked."""
        head = self.folder / "checkpoint"
        notes = [head.read_text("utf-8") if head.exists() else "", self._last_line(origin) or ""]
        return [note for note in notes if note]

    def _last_line(self, origin: str) -> str | None:
        try:
            with self.copy.open("rb") as file:
                file.seek(max(0, self.copy.stat().st_size - _TAIL_BYTES))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        for line in reversed(lines[:-1]):  # the last one is empty, or cut off by a crash
            try:
                said = json.loads(line)
            except ValueError:
                continue
            if isinstance(said, dict) and said.get("origin") == origin:
                return str(said["note"])
        return None

    def tile(self, level: int, index: int) -> bytes:
        """A tile's bytes as far as it goes, full or partial; empty when there is none."""
        path = self.folder / merkle.Tile(level, index).path
        try:
            return path.read_bytes()
        except FileNotFoundError:
            pass
        partials = self.folder / f"{merkle.Tile(level, index).path}.p"
        widths = [int(each.name) for each in partials.glob("[0-9]*")] if partials.is_dir() else []
        return (partials / str(max(widths))).read_bytes() if widths else b""

    def frontier(self, size: int) -> merkle.Frontier:
        """The right edge of the tree of this size, from the tiles. Raises LookupError when they do not reach."""
        node = merkle.nodes_from_tiles(self.tile)
        return merkle.Frontier(size, [node(level, index) for level, index in merkle.complete_nodes(0, size)])

    def contains(self, old: Checkpoint, size: int, root: bytes) -> bool:
        """Whether the tiles prove the tree of `old` to be the beginning of this one. Raises LookupError."""
        node = merkle.nodes_from_tiles(self.tile)
        proof = merkle.consistency_proof(old.size, size, node)
        return merkle.verify_consistency(old.size, size, old.root, root, proof)

    def leaves(self, start: int, stop: int) -> list[bytes]:
        """Leaf hashes from the tiles. Raises LookupError when they do not reach."""
        node = merkle.nodes_from_tiles(self.tile)
        return [node(0, index) for index in range(start, stop)]

    def publish(self, note: str, size: int, old: int, leaves: Leaves, key: VerifierKey) -> None:
        """Bring the folder from a tree of `old` leaves to one of `size`, then the checkpoint, then the copy.

        Raises Damaged when a full tile is there already and differs, OSError when it cannot be written.
        """
        for tile in merkle.tiles(size, old):
            self._write_tile(tile, leaves)
        vkey = self.folder / "vkey"
        if not vkey.exists() or vkey.read_text("utf-8") != f"{key}\n":
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(vkey, f"{key}\n".encode())
        replace_file(self.folder / "checkpoint", note.encode())
        self.append_copy(note, size, key.name)

    def append_copy(self, note: str, size: int, origin: str) -> None:
        """Add a line to the copy, unless it is the last one already."""
        if self._last_line(origin) == note:
            return
        self.copy.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"origin": origin, "size": size, "note": note}, ensure_ascii=False) + "\n"
        descriptor = os.open(self.copy, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            if self._ends_within_line(descriptor):
                line = "\n" + line
            os.write(descriptor, line.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @staticmethod
    def _ends_within_line(descriptor: int) -> bool:
        length = os.fstat(descriptor).st_size
        return length > 0 and os.pread(descriptor, 1, length - 1) != b"\n"

    def _write_tile(self, tile: merkle.Tile, leaves: Leaves) -> None:
        path = self.folder / tile.path
        data = b"".join(self._hashes(tile, leaves))
        if len(data) != tile.width * _HASH:
            raise LookupError(f"no hashes for {tile.path}")
        full = tile.width == _WIDTH
        if full and path.exists():
            if path.read_bytes() != data:
                raise Damaged(tile.path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
        if full:
            self._forget_partials(tile)

    def _hashes(self, tile: merkle.Tile, leaves: Leaves) -> Sequence[bytes]:
        start = tile.index * _WIDTH
        if tile.level == 0:
            return leaves(start, start + tile.width)
        # What stands there already is not counted again: its hashes are those of full tiles, which never change.
        there = self.tile(tile.level, tile.index)[: tile.width * _HASH]
        known = [there[at : at + _HASH] for at in range(0, len(there), _HASH)]
        return known + [self._head(tile.level - 1, start + at) for at in range(len(known), tile.width)]

    def _head(self, level: int, index: int) -> bytes:
        data = self.tile(level, index)
        if len(data) != _WIDTH * _HASH:
            raise LookupError(f"tile {level}/{index} is not full")
        return merkle.root(data[at : at + _HASH] for at in range(0, len(data), _HASH))

    def _forget_partials(self, tile: merkle.Tile) -> None:
        """Once a tile is full nobody needs its beginnings; the standard allows them to go."""
        partials = self.folder / f"{tile.path}.p"
        if partials.is_dir():
            for each in partials.iterdir():
                each.unlink()
            partials.rmdir()

    def put_aside(self, name: str) -> None:
        """Move an ended log out of the way, whole: everything it published stays readable below `old/`."""
        target = self.folder / "old" / name
        target.mkdir(parents=True)
        for part in ("checkpoint", "vkey", "tile"):
            if (self.folder / part).exists():
                (self.folder / part).rename(target / part)


__all__ = ["BadNote", "Damaged", "Published"]
