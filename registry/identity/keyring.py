"""Sealed values and keyed indexes: how an identity, phone or account number lies in the database.

A sealed value is AES-256-GCM:  0x01 | suite (1) | key id (2) | nonce (12) | ciphertext | tag (16).
Purpose, row and key id are bound in as associated data, so that a value moved to another row, column or
key fails. A blind index is HMAC-SHA-256 (32 bytes) over purpose and normalised value: equal values meet,
nothing else is told.

The file names keys, one of each sort active:
    {"enc":   {"active": "k1", "keys": {"k1": "<base64, 32 bytes>"}},
     "index": {"active": "1",  "keys": {"1":  "<base64, 32 bytes>"}}}
No key is used as it stands: HKDF derives one for every purpose, so that what opens phones opens no
identity number. A random nonce is safe up to about 2**32 values under one derived key: rotate long before
(a nation has 2**26 people).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

IDNO, PHONE, BANK, FILE, CELLS = "idno", "phone", "bank", "file", "cells"
RIGHTS, SMS, CALLS = "rights", "sms", "calls"
# What a second factor is made of; what is typed at the door, which is only ever indexed.
FACTOR, DOOR = "factor", "door"
PHOTO = "photo"  # portraits that certificates are printed with
# The holder of an attestation; the private halves of the keys that certificates are signed with.
CERTIFICATE, SIGNING = "certificate", "signing"
PURPOSES = (IDNO, PHONE, BANK, FILE, CELLS, RIGHTS, SMS, CALLS, FACTOR, DOOR, PHOTO, CERTIFICATE, SIGNING)

FORMAT, AES_256_GCM = 1, 1
_HEAD, _NONCE, _TAG = 4, 12, 16
OVERHEAD = _HEAD + _NONCE + _TAG  # bytes that sealing adds to a value

Seal = Callable[[bytes, str], bytes]
Index = Callable[[str], bytes]


class KeyringError(Exception):
    """Base of what can go wrong with keys. No text of these errors holds a key or a value."""


class KeyMissing(KeyringError):
    """The ring has no such key."""


class BadKeyFile(KeyringError):
    """The key file cannot be read as one."""


class Tampered(KeyringError):
    """Not what was sealed for this purpose and row."""


class Keyring:
    """Keys of one installation. Holds derived keys; master keys only where it was built from them."""

    def __init__(self, *, enc: _Keys, index: _Keys) -> None:
        self._enc, self._index = enc, index
        self._ciphers: dict[tuple[str, str], AESGCM] = {}
        self._sealers: dict[str, Seal] = {}
        self._indexers: dict[tuple[str, str], Index] = {}

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            raise KeyMissing(f"no key file at {path}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise BadKeyFile(f"{path}: {type(error).__name__}") from None
        try:
            return cls.from_dict(json.loads(text))
        except ValueError:
            raise BadKeyFile(f"{path} is not JSON") from None

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Keyring:
        """From a key file's content, or from what `narrowed` gave."""
        try:
            return cls(enc=_Keys("enc", content["enc"]), index=_Keys("index", content["index"]))
        except (KeyError, TypeError, AttributeError):
            raise BadKeyFile("a key file has enc and index, each with active and keys") from None

    def narrowed(self, purposes: Iterable[str]) -> dict[str, Any]:
        """Only what writes these purposes, as JSON: for a child process that reads files nobody trusts.

        It gets the active sealing key and every index version, derived: no master key and no other purpose.
        """
        names = list(purposes)
        return {
            "enc": self._enc.narrowed(names, [self._enc.active]),
            "index": self._index.narrowed(names, list(self._index.ids)),
        }

    @property
    def active_key(self) -> str:
        return self._enc.active

    @property
    def index_versions(self) -> tuple[str, ...]:
        """The active one first."""
        return (self._index.active, *(v for v in self._index.ids if v != self._index.active))

    def seal(self, plaintext: bytes | str, purpose: str, row: UUID | str) -> bytes:
        data = plaintext.encode() if isinstance(plaintext, str) else plaintext
        return self.sealer(purpose)(data, _row_text(row))

    def sealer(self, purpose: str) -> Seal:
        """A function (bytes, canonical row text) → sealed, for loops over a million rows."""
        if purpose not in self._sealers:
            self._sealers[purpose] = _sealer(
                self._cipher(self._enc.active, purpose), purpose, self._enc.active
            )
        return self._sealers[purpose]

    def open_(self, sealed: bytes, purpose: str, row: UUID | str) -> bytes:
        """Raises KeyMissing where the ring lacks the key, Tampered where this is not what was sealed here."""
        key_id = _key_id(sealed)
        cipher = self._cipher(key_id, purpose)
        nonce, body = sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        try:
            return cipher.decrypt(nonce, body, f"{purpose}|{_row_text(row)}|{key_id}".encode())
        except InvalidTag:
            raise Tampered(f"{purpose}: not sealed for this row, or altered") from None

    def needs_rotation(self, sealed: bytes) -> bool:
        return _key_id(sealed) != self._enc.active

    def reseal(self, sealed: bytes, purpose: str, row: UUID | str) -> bytes:
        return self.seal(self.open_(sealed, purpose, row), purpose, row)

    def blind_index(self, normalised: str, purpose: str, version: str | None = None) -> bytes:
        return self.indexer(purpose, version)(normalised)

    def blind_indexes(self, normalised: str, purpose: str) -> list[bytes]:
        """Under every version, the active one first: look up with IN while an index key is being changed."""
        return [self.indexer(purpose, version)(normalised) for version in self.index_versions]

    def indexer(self, purpose: str, version: str | None = None) -> Index:
        """A function (normalised text) → 32 bytes, for loops over a million rows."""
        name = (version or self._index.active, purpose)
        if name not in self._indexers:
            self._indexers[name] = _indexer(self._index.derived(*name), f"{purpose}|v{name[0]}|".encode())
        return self._indexers[name]

    def _cipher(self, key_id: str, purpose: str) -> AESGCM:
        name = (key_id, purpose)
        if name not in self._ciphers:
            self._ciphers[name] = AESGCM(self._enc.derived(*name))
        return self._ciphers[name]


class _Keys:
    """One half of the file: which key is active, and the derived key of any id and purpose."""

    def __init__(self, use: str, content: Mapping[str, Any]) -> None:
        self._use = use
        self.active = str(content["active"])
        self._derived = {
            (str(key_id), str(purpose)): _decoded(text)
            for key_id, purposes in content.get("derived", {}).items()
            for purpose, text in purposes.items()
        }
        self._masters = {str(key_id): _decoded(text) for key_id, text in content.get("keys", {}).items()}
        self.ids = tuple(dict.fromkeys((*self._masters, *(key_id for key_id, _ in self._derived))))
        if self.active not in self.ids:
            raise BadKeyFile(f"the active {use} key is not among its keys")
        if use == "enc" and any(len(key_id.encode()) != 2 for key_id in self.ids):
            raise BadKeyFile("the id of an enc key has two characters, like k1")

    def derived(self, key_id: str, purpose: str) -> bytes:
        if (key_id, purpose) not in self._derived:
            if key_id not in self._masters:
                raise KeyMissing(f"no {self._use} key {key_id} for {purpose}")
            label = f"jiangce|{self._use}|{key_id}|{purpose}".encode()
            kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=label)
            self._derived[key_id, purpose] = kdf.derive(self._masters[key_id])
        return self._derived[key_id, purpose]

    def narrowed(self, purposes: Iterable[str], key_ids: Iterable[str]) -> dict[str, Any]:
        derived = {
            key_id: {
                purpose: base64.b64encode(self.derived(key_id, purpose)).decode() for purpose in purposes
            }
            for key_id in key_ids
        }
        return {"active": self.active, "derived": derived}


def new_key_file(path: Path) -> None:
    """Write fresh keys that only the owner reads. Raises FileExistsError: keys are never written over."""
    content = {
        "enc": {"active": "k1", "keys": {"k1": _fresh()}},
        "index": {"active": "1", "keys": {"1": _fresh()}},
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def readable_by_others(path: Path) -> bool:
    """Whether anybody but the owner may read the key file."""
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _sealer(cipher: AESGCM, purpose: str, key_id: str) -> Seal:
    head = bytes((FORMAT, AES_256_GCM)) + key_id.encode()
    encrypt, draw = cipher.encrypt, _nonces.pop

    def seal(plaintext: bytes, row: str) -> bytes:
        try:
            nonce = draw()
        except IndexError:
            nonce = _first_of_new_nonces()
        return head + nonce + encrypt(nonce, plaintext, f"{purpose}|{row}|{key_id}".encode())

    return seal


def _indexer(key: bytes, prefix: bytes) -> Index:
    # HMAC written out, with both key blocks hashed once: half the time of hmac.digest, same bytes.
    block = key.ljust(64, b"\0")
    inner = sha256(bytes(b ^ 0x36 for b in block) + prefix)
    outer = sha256(bytes(b ^ 0x5C for b in block))

    def index(normalised: str) -> bytes:
        first = inner.copy()
        first.update(normalised.encode())
        second = outer.copy()
        second.update(first.digest())
        return second.digest()

    return index


_nonces: list[bytes] = []  # list.pop gives each of them to one thread only


def _first_of_new_nonces() -> bytes:
    block = os.urandom(_NONCE * 1024)
    _nonces.extend(block[at : at + _NONCE] for at in range(_NONCE, len(block), _NONCE))
    return block[:_NONCE]


# A forked child must never use the nonces that its parent still holds: GCM breaks when one is used twice.
os.register_at_fork(after_in_child=_nonces.clear)


def _row_text(row: UUID | str) -> str:
    if isinstance(row, UUID):
        return str(row)
    return row.lower() if len(row) == 36 else str(UUID(row))


def _key_id(sealed: bytes) -> str:
    if len(sealed) < OVERHEAD or sealed[:2] != bytes((FORMAT, AES_256_GCM)):
        raise Tampered("not a sealed value of a known suite")
    return bytes(sealed[2:4]).decode("ascii", "replace")


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadKeyFile("a key is not base64") from None
    if len(key) != 32:
        raise BadKeyFile("a key has 32 bytes")
    return key


def _fresh() -> str:
    return base64.b64encode(os.urandom(32)).decode()
