"""The tree against the reference tree of Certificate Transparency, and its proofs against forgeries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.audit import merkle
from registry.audit.merkle import (
    Frontier,
    Tile,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    nodes_of,
    verify_consistency,
    verify_inclusion,
)

# The eight reference entries of certificate-transparency, the head after each, and proofs published with them.
REFERENCE = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
HEADS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
_A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
_B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
_C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
_D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
_E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
_F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
INCLUSION = {(0, 8): [_A, _B, _C], (5, 8): [_D, _E, HEADS[3]], (2, 3): [HEADS[1]], (1, 5): [HEADS[0], _B, _D]}
CONSISTENCY = {(1, 1): [], (1, 8): [_A, _B, _C], (6, 8): [_F, _E, HEADS[3]], (2, 5): [_B, _D]}

SIZES = 130


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(b"entry %d" % n) for n in range(count)]


def test_reference_tree_has_the_published_heads_and_proofs() -> None:
    hashes = [leaf_hash(entry) for entry in REFERENCE]
    frontier = Frontier()
    assert frontier.root() == hashlib.sha256(b"").digest()
    for at, leaf in enumerate(hashes):
        frontier.append(leaf)
        assert frontier.root().hex() == merkle.root(hashes[: at + 1]).hex() == HEADS[at]
        frontier = Frontier.load(frontier.size, frontier.serialise())
    node = nodes_of(hashes)
    for (index, size), proof in INCLUSION.items():
        assert [step.hex() for step in inclusion_proof(index, size, node)] == proof
    for (old, new), proof in CONSISTENCY.items():
        assert [step.hex() for step in consistency_proof(old, new, node)] == proof


def forged(proof: list[bytes]) -> Iterator[list[bytes]]:
    """A proof with one thing wrong: a bit, a step less, a step more, two steps exchanged."""
    for at, step in enumerate(proof):
        yield [*proof[:at], bytes([step[0] ^ 1]) + step[1:], *proof[at + 1 :]]
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]
    if proof:
        yield proof[1:]
        yield proof[:-1]
        yield [*proof, proof[-1]]
        yield [proof[0][:31], *proof[1:]]
    if len(proof) > 1:
        yield proof[::-1]
        yield [proof[1], proof[0], *proof[2:]]


def test_every_proof_up_to_130_leaves_holds_and_no_forged_one_does() -> None:
    """8,515 proofs of inclusion and 8,515 of consistency hold; all their forgeries, over 200,000, are refused."""
    hashes = leaves(SIZES)
    node = nodes_of(hashes)
    heads = [merkle.root(hashes[:size]) for size in range(SIZES + 1)]
    held = refused = 0
    for size in range(1, SIZES + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert verify_inclusion(hashes[index], index, size, proof, heads[size])
            held += 1
            other = hashes[(index + 1) % SIZES]
            wrong = [
                (other, index, size, proof, heads[size]),
                (hashes[index], index + 1, size, proof, heads[size]),
                (hashes[index], index - 1, size, proof, heads[size]),
                (hashes[index], index, size, proof, heads[size - 1]),
                *((hashes[index], index, size, bad, heads[size]) for bad in forged(proof)),
            ]
            for case in wrong:
                assert not verify_inclusion(*case), case
            refused += len(wrong)
    for new in range(1, SIZES + 1):
        for old in range(1, new + 1):
            proof = consistency_proof(old, new, node)
            assert verify_consistency(old, new, heads[old], heads[new], proof)
            held += 1
            cases = [
                (old, new, heads[old - 1], heads[new], proof),
                (old, new, heads[old], heads[new - 1], proof),
                (old, new, bytes(32), heads[new], proof),
                (new + 1, new, heads[old], heads[new], proof),
                *((old, new, heads[old], heads[new], bad) for bad in forged(proof)),
            ]
            if old > 1:
                cases.append((old - 1, new, heads[old], heads[new], proof))
            for bad_case in cases:
                assert not verify_consistency(*bad_case), bad_case
            refused += len(cases)
    assert held == 2 * SIZES * (SIZES + 1) // 2
    assert refused > 200_000


def test_an_empty_tree_begins_every_tree_and_nothing_else_passes_for_it() -> None:
    hashes = leaves(5)
    head = merkle.root(hashes)
    assert consistency_proof(0, 5, nodes_of(hashes)) == []
    assert verify_consistency(0, 5, merkle.EMPTY_ROOT, head, [])
    assert not verify_consistency(0, 5, bytes(32), head, [])
    assert not verify_consistency(0, 5, merkle.EMPTY_ROOT, head, [head])
    for index, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_proof(index, size, nodes_of(hashes))
    with pytest.raises(ValueError, match="cannot begin"):
        consistency_proof(6, 5, nodes_of(hashes))


def test_a_frontier_refuses_what_does_not_belong_to_it() -> None:
    with pytest.raises(ValueError, match="no frontier"):
        Frontier.load(3, bytes(32))
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier().append(b"short")


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_a_tree_grown_in_two_steps_is_the_tree_and_its_tiles_give_every_proof(
    first: int, second: int
) -> None:
    old, new = sorted((first, second))
    hashes = leaves(new)
    grown = Frontier()
    grown.extend(hashes[:old])
    grown = Frontier.load(old, grown.serialise())
    grown.extend(hashes[old:])
    assert grown.root() == merkle.root(hashes)
    # What is published: the tiles of the old tree, then those that were new; the widest of each place is read.
    node = nodes_of(hashes)
    published: dict[tuple[int, int], bytes] = {}
    for size, before in ((old, 0), (new, old)):
        for tile in merkle.tiles(size, before):
            start = tile.index * 256
            published[tile.level, tile.index] = b"".join(
                node(8 * tile.level, start + at) for at in range(tile.width)
            )
    tiled = merkle.nodes_from_tiles(lambda level, index: published[level, index])
    for index in {0, old // 2, new - 1} - {-1}:
        if index < new:
            assert inclusion_proof(index, new, tiled) == inclusion_proof(index, new, node)
    assert consistency_proof(old, new, tiled) == consistency_proof(old, new, node)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(3, 1234067), "tile/3/x001/x234/067"),
        (Tile(0, 1234, 5), "tile/0/x001/234.p/5"),
        (Tile(1, 999, 255), "tile/1/999.p/255"),
        (Tile(1, 1000), "tile/1/x001/000"),
    ],
)
def test_tiles_lie_where_the_specification_says(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/1",
        "tile/00/001",
        "tile/0/x000/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/256/000",
        "tile/entries/000",
        "tile/0/x001",
        "tile/0/../001",
        "tile/0/001\n",
        "tile/0/００1",
    ],
)
def test_paths_written_otherwise_are_no_tiles(path: str) -> None:
    with pytest.raises(ValueError, match="not the path"):
        Tile.parse(path)


def test_a_tree_that_grew_has_new_tiles_only_where_it_grew() -> None:
    assert [tile.path for tile in merkle.tiles(70_000, 69_900)] == ["tile/0/273.p/112"]
    assert list(merkle.tiles(512, 512)) == []
    assert [tile.path for tile in merkle.tiles(512, 511)] == ["tile/0/001", "tile/1/000.p/2"]
    assert merkle.entries_path(1234) == "tile/entries/x001/234"
    assert merkle.entries_path(0, 7) == "tile/entries/000.p/7"
