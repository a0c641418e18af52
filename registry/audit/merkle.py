"""The Merkle tree of RFC 6962 and RFC 9162: heads, proofs, and where its tiles lie. No database, no input or output.

Hashes are 32 bytes of SHA-256. A *node* (level, index) is the head over the complete run of 2**level leaves that begins
at index · 2**level; level 0 are the leaf hashes. Proofs are made from such nodes, wherever the caller keeps them, and
checked by the two functions of RFC 9162 §2.1.3.2 and §2.1.4.2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

HASH_BYTES = 32
#: C2SP tlog-tiles: a full tile holds 2**8 hashes.
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
EMPTY_ROOT = hashlib.sha256(b"").digest()

Node = Callable[[int, int], bytes]


def leaf_hash(body: bytes) -> bytes:
    """SHA-256(0x00 ‖ body): an entry cannot be passed off as an inner node."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Frontier:
    """All that must be kept of a tree to add leaves: the heads of its complete subtrees, largest first.

    Their sizes are the powers of two in `size`, so there are as many as `size` has one-bits.
    """

    size: int = 0
    nodes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf *hash*. About two hashes' work on average."""
        if len(leaf) != HASH_BYTES:
            raise ValueError("a leaf hash has 32 bytes")
        carry = self.size
        while carry & 1:
            leaf = node_hash(self.nodes.pop(), leaf)
            carry >>= 1
        self.nodes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The head of the tree; of an empty one SHA-256 of nothing."""
        return _fold(self.nodes)

    def copy(self) -> Frontier:
        return Frontier(self.size, list(self.nodes))

    def serialise(self) -> bytes:
        """The nodes one after another; the size is kept beside them."""
        return b"".join(self.nodes)

    @classmethod
    def load(cls, size: int, data: bytes) -> Frontier:
        """Of what `serialise` gave. Raises ValueError when the data cannot belong to a tree of this size."""
        if size < 0 or len(data) != HASH_BYTES * size.bit_count():
            raise ValueError(f"{len(data)} bytes are no frontier of a tree of {size}")
        return cls(size, [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])


def _fold(heads: Sequence[bytes]) -> bytes:
    """The head over neighbouring subtrees of falling size."""
    if not heads:
        return EMPTY_ROOT
    head = heads[-1]
    for left in reversed(heads[:-1]):
        head = node_hash(left, head)
    return head


def root(leaves: Iterable[bytes]) -> bytes:
    """The head over a run of leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


#: Of how many row hashes a leaf of a manifest's own tree is made.
PIECE_ROWS = 256


def pieces(hashes: bytes) -> list[bytes]:
    """The hashes of a manifest, 32 bytes for each row, cut into the pieces that are the leaves of its tree."""
    width = PIECE_ROWS * HASH_BYTES
    return [hashes[at : at + width] for at in range(0, len(hashes), width)]


def rows_root(hashes: bytes) -> bytes:
    """The head over a manifest's pieces, as `canon_rows_root` of the database gives it.

    Pieces, because a tree over single rows would cost an import of 100,000 rows two seconds and this one nothing
    to speak of; one row is still proved by its piece of 8 kB and a few hashes.
    """
    return root(leaf_hash(piece) for piece in pieces(hashes))


def complete_nodes(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The nodes that make up the leaves from `start` to before `stop`, where `start` is a fit beginning of the run."""
    while start < stop:
        level = (stop - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Nodes computed from a list of leaf hashes, each level once; for trees that fit in memory."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)])
    return lambda level, index: levels[level][index]


def _head(start: int, stop: int, node: Node) -> bytes:
    return _fold([node(level, index) for level, index in complete_nodes(start, stop)])


def _half(size: int) -> int:
    """The largest power of two below a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The heads that lead from leaf `index` to the head of the tree of `size`, lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _half(stop - start)
        if index < middle:
            path.append(_head(middle, stop, node))
            stop = middle
        else:
            path.append(_head(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """The heads that show a tree of `old` leaves to be the beginning of one of `new`; none when nothing is to show."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} cannot begin one of {new}")
    if old in (0, new):
        return []
    path: list[bytes] = []
    start, stop = 0, new
    # True as long as the old tree's own head is the whole run looked at, which the checker knows already.
    whole = True
    while old != stop:
        middle = start + _half(stop - start)
        if old <= middle:
            path.append(_head(middle, stop, node))
            stop = middle
        else:
            path.append(_head(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_head(start, stop, node))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether the proof shows this leaf hash at `index` of the tree of `size` whose head is `head`."""
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in proof):
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == head


def verify_consistency(old: int, new: int, old_head: bytes, new_head: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows the tree of `old` leaves to be the beginning of the tree of `new`."""
    if not 0 <= old <= new or any(len(step) != HASH_BYTES for step in proof):
        return False
    if old == new:
        return not proof and old_head == new_head
    if old == 0:
        return not proof and old_head == EMPTY_ROOT
    steps = list(proof)
    if not old & (old - 1):
        steps.insert(0, old_head)
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(step, was), node_hash(step, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, step)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_head and now == new_head


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The hashes of up to 256 neighbouring nodes of level 8 · `level`, from 256 · `index` on; `width` of them."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where it is published: tile/0/x001/234, and tile/0/x001/234.p/5 while it holds only five hashes."""
        return f"tile/{self.level}/{_number_path(self.index)}{_partial(self.width)}"

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Of a path; raises ValueError for one that is not written as it must be."""
        match = re.fullmatch(r"tile/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?", path, re.ASCII)
        if match:
            level, index, width = match.groups()
            tile = cls(int(level), int(re.sub("[x/]", "", index)), int(width or TILE_WIDTH))
            if tile.path == path and 0 < tile.width <= TILE_WIDTH and tile.level < TILE_WIDTH:
                return tile
        raise ValueError(f"not the path of a tile: {path!r}")


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """Where the bundle of entries beside a tile of level 0 lies: tile/entries/x001/234."""
    return f"tile/entries/{_number_path(index)}{_partial(width)}"


def _number_path(number: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.append(f"x{number % 1000:03}")
    return "/".join(reversed(parts))


def _partial(width: int) -> str:
    return "" if width == TILE_WIDTH else f".p/{width}"


def tiles(new: int, old: int = 0) -> Iterator[Tile]:
    """The tiles of a tree of `new` leaves that one of `old` did not have as they are: full ones, then what is partial.

    Lowest level first, so that whoever writes them in this order always has what the next level is made of.
    """
    level = 0
    while (nodes := new >> (TILE_HEIGHT * level)) > 0:
        before = old >> (TILE_HEIGHT * level)
        for index in range(before // TILE_WIDTH, nodes // TILE_WIDTH):
            yield Tile(level, index)
        if nodes % TILE_WIDTH and nodes != before:
            yield Tile(level, nodes // TILE_WIDTH, nodes % TILE_WIDTH)
        level += 1


def node_in_tile(level: int, index: int) -> tuple[int, int, int, int]:
    """Which tile holds what a node is made of: (tile level, tile index, first hash, number of hashes)."""
    within = level % TILE_HEIGHT
    first = index << within
    return level // TILE_HEIGHT, first // TILE_WIDTH, first % TILE_WIDTH, 1 << within


def nodes_from_tiles(read: Callable[[int, int], bytes]) -> Node:
    """Nodes taken from tiles: `read(level, index)` gives a tile's bytes, full or as far as it goes."""

    def node(level: int, index: int) -> bytes:
        tile_level, tile_index, first, count = node_in_tile(level, index)
        data = read(tile_level, tile_index)
        hashes = [data[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(first, first + count)]
        if any(len(digest) != HASH_BYTES for digest in hashes):
            raise LookupError(f"tile {tile_level}/{tile_index} does not reach node {level}/{index}")
        return root(hashes)

    return node
