"""Sealing and indexing: what was sealed opens at its own place only, and keys can be changed."""

from __future__ import annotations

import base64
import hmac
import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from registry.identity import keyring as module
from registry.identity.keyring import BadKeyFile, KeyMissing, Keyring, Tampered, new_key_file

ROW = UUID("0190a000-0000-7000-8000-000000000001")
OTHER_ROW = UUID("0190a000-0000-7000-8000-000000000002")


def key(n: int) -> str:
    return base64.b64encode(bytes([n]) * 32).decode()


def content(active: str = "k1", index: str = "1") -> dict[str, Any]:
    return {
        "enc": {"active": active, "keys": {"k1": key(1), "k2": key(2)}},
        "index": {"active": index, "keys": {"1": key(3), "2": key(4)}},
    }


ring = Keyring.from_dict(content())


@given(st.binary(max_size=200), st.sampled_from(module.PURPOSES), st.uuids())
def test_what_is_sealed_opens_again(data: bytes, purpose: str, row: UUID) -> None:
    sealed = ring.seal(data, purpose, row)
    assert len(sealed) == len(data) + module.OVERHEAD
    assert ring.open_(sealed, purpose, str(row)) == data


def test_the_envelope_is_the_documented_one() -> None:
    sealed = ring.seal("11010519491231002X", "idno", ROW)
    assert (len(sealed), sealed[:4]) == (50, b"\x01\x01k1")
    assert sealed != ring.seal("11010519491231002X", "idno", ROW)


@given(st.integers(0, 49), st.integers(1, 255))
def test_any_altered_byte_is_noticed(at: int, flip: int) -> None:
    sealed = bytearray(ring.seal("11010519491231002X", "idno", ROW))
    sealed[at] ^= flip
    with pytest.raises((Tampered, KeyMissing)):
        ring.open_(bytes(sealed), "idno", ROW)


@pytest.mark.parametrize(("purpose", "row"), [("idno", OTHER_ROW), ("phone", ROW)])
def test_a_value_moved_to_another_place_does_not_open(purpose: str, row: UUID) -> None:
    sealed = ring.seal("11010519491231002X", "idno", ROW)
    with pytest.raises(Tampered):
        ring.open_(sealed, purpose, row)


@pytest.mark.parametrize("sealed", [b"", b"\x01\x01k1", b"\x02\x01k1" + bytes(40)])
def test_what_is_no_sealed_value_is_refused(sealed: bytes) -> None:
    with pytest.raises(Tampered):
        ring.open_(sealed, "idno", ROW)


def test_the_bulk_functions_are_the_same_functions() -> None:
    assert ring.open_(ring.sealer("idno")(b"x", str(ROW)), "idno", ROW) == b"x"
    assert ring.indexer("idno")("x") == ring.blind_index("x", "idno")


def test_the_index_is_hmac_over_purpose_version_and_value() -> None:
    derived = HKDF(SHA256(), 32, None, b"jiangce|index|1|idno").derive(bytes([3]) * 32)
    expected = hmac.digest(derived, b"idno|v1|11010519491231002X", "sha256")
    assert ring.blind_index("11010519491231002X", "idno") == expected


@given(st.text(max_size=30), st.text(max_size=30))
def test_equal_values_meet_and_others_do_not(one: str, other: str) -> None:
    assert (ring.blind_index(one, "idno") == ring.blind_index(other, "idno")) == (one == other)
    assert ring.blind_index(one, "idno") != ring.blind_index(one, "phone")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = ring.seal("x", "idno", ROW)
    changed = Keyring.from_dict(content(active="k2"))
    assert changed.open_(old, "idno", ROW) == b"x"
    assert changed.needs_rotation(old) and not ring.needs_rotation(old)
    resealed = changed.reseal(old, "idno", ROW)
    assert not changed.needs_rotation(resealed)
    assert changed.open_(resealed, "idno", ROW) == b"x"


def test_while_an_index_key_changes_both_versions_are_looked_up() -> None:
    changed = Keyring.from_dict(content(index="2"))
    assert changed.index_versions == ("2", "1")
    found = changed.blind_indexes("x", "idno")
    assert found == [changed.blind_index("x", "idno"), ring.blind_index("x", "idno")]
    assert found[0] != found[1]


def test_a_lost_key_is_named() -> None:
    lost = content(active="k2")
    del lost["enc"]["keys"]["k1"]
    with pytest.raises(KeyMissing, match="k1"):
        Keyring.from_dict(lost).open_(ring.seal("x", "idno", ROW), "idno", ROW)


def test_a_narrowed_ring_writes_its_purposes_and_nothing_else() -> None:
    changed = Keyring.from_dict(content(active="k2", index="2"))
    shared = changed.narrowed(["idno"])
    assert not {key(n) for n in range(1, 5)} & set(json.dumps(shared).split('"'))
    child = Keyring.from_dict(json.loads(json.dumps(shared)))
    assert changed.open_(child.seal("x", "idno", ROW), "idno", ROW) == b"x"
    assert child.blind_indexes("x", "idno") == changed.blind_indexes("x", "idno")
    with pytest.raises(KeyMissing):
        child.seal("x", "phone", ROW)
    with pytest.raises(KeyMissing):
        child.open_(ring.seal("x", "idno", ROW), "idno", ROW)


def test_a_new_file_is_the_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    new_key_file(path)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600 and not module.readable_by_others(path)
    with pytest.raises(FileExistsError):
        new_key_file(path)
    assert path.read_bytes() == before
    made = Keyring.from_file(path)
    assert made.open_(made.seal("x", "idno", ROW), "idno", ROW) == b"x"
    assert made.blind_index("x", "idno") != ring.blind_index("x", "idno")


def test_a_missing_file_is_a_missing_key(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing):
        Keyring.from_file(tmp_path / "none.json")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"enc": 1, "index": 2}',
        json.dumps(content(active="k9")),
        json.dumps(content()).replace(key(1), "AAAA"),
        json.dumps(content()).replace(key(1), "?" * 44),
        json.dumps(content()).replace("k1", "key1"),
    ],
)
def test_a_broken_file_is_refused_without_showing_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(BadKeyFile) as caught:
        Keyring.from_file(path)
    assert key(2) not in str(caught.value)


def test_a_forked_child_never_repeats_a_nonce() -> None:
    ring.seal("x", "idno", ROW)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"".join(ring.seal("", "idno", ROW)[4:16] for _ in range(100)))
        os._exit(0)
    os.close(write)
    mine = {ring.seal("", "idno", ROW)[4:16] for _ in range(100)}
    with os.fdopen(read, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    assert len(mine) == 100
    assert not mine & {theirs[at : at + 12] for at in range(0, len(theirs), 12)}
