"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint), with Ed25519 keys.

A note is a text, a blank line, and signature lines `— name base64(key id ‖ signature)`. Lines of keys that the reader
does not know are ignored: so a witness may co-sign and a key may be changed without breaking anybody's tools.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_ID_BYTES = 4
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
_PRIVATE = "PRIVATE+KEY+"


class BadNote(ValueError):
    """The note is not written as it must be, or no trusted key vouches for it."""


def key_id(name: str, public: bytes) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:KEY_ID_BYTES]


def _fit_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() for c in name) and name.isprintable()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name it signs under; as text `name+key id in hex+base64(0x01 ‖ key)`."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _fit_name(self.name) or len(self.public) != 32:
            raise ValueError("a verifier key has a name without blanks or plus, and 32 bytes")

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Of its text; raises ValueError when the parts do not belong together."""
        name, identity, data = _key_parts(text.strip())
        key = cls(name, data)
        if identity != key.id:
            raise ValueError("the key id does not belong to this name and key")
        return key

    def vouches(self, text: str, signature: bytes) -> bool:
        """Whether the signature over the text was made by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def _key_parts(text: str) -> tuple[str, bytes, bytes]:
    try:
        name, identity, encoded = text.split("+", 2)
        raw, data = bytes.fromhex(identity), base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError("a key is written name+id+base64") from None
    if data[:1] != ED25519 or len(data) != 33 or len(raw) != KEY_ID_BYTES:
        raise ValueError("not an Ed25519 key")
    return name, raw, data[1:]


class Signer:
    """A private key with the name it signs under. Its text is a secret and its repr holds none of it."""

    def __init__(self, name: str, private: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.verifier = VerifierKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Signer:
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Signer:
        """Of `PRIVATE+KEY+name+id+base64(0x01 ‖ key)`; raises ValueError, which holds nothing of it."""
        if not text.startswith(_PRIVATE):
            raise ValueError("not the text of a private key")
        name, identity, private = _key_parts(text.removeprefix(_PRIVATE).strip())
        signer = cls(name, private)
        if identity != signer.verifier.id:
            raise ValueError("the key id does not belong to this name and key")
        return signer

    def secret_text(self) -> str:
        """What the key file holds."""
        data = base64.b64encode(ED25519 + self._key.private_bytes_raw()).decode()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.id.hex()}+{data}"

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name!r})"

    def line(self, text: str) -> str:
        """The signature line over a note's text."""
        signature = self._key.sign(text.encode())
        return f"— {self.verifier.name} {base64.b64encode(self.verifier.id + signature).decode()}\n"


def sign(text: str, *signers: Signer) -> str:
    """The note: text, blank line, a line for each signer. Ed25519 is deterministic: same text, same note."""
    if not text.endswith("\n") or any(ord(c) < 0x20 and c != "\n" for c in text):
        raise ValueError("the text of a note ends its lines and holds no control characters")
    return text + "\n" + "".join(signer.line(text) for signer in signers)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line below a note."""

    name: str
    key_id: bytes
    signature: bytes


def split(note: str) -> tuple[str, list[Signature]]:
    """Text and signature lines of a note, nothing checked yet. Raises BadNote."""
    if len(note.encode("utf-8", "surrogatepass")) > MAX_NOTE_BYTES:
        raise BadNote("the note is too long")
    if any((ord(c) < 0x20 and c != "\n") or 0xD800 <= ord(c) < 0xE000 for c in note):
        raise BadNote("the note holds characters that no note may hold")
    at = note.rfind("\n\n")
    if at < 0 or not note.endswith("\n"):
        raise BadNote("the note has no signature block")
    text, lines = note[: at + 1], note[at + 2 : -1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadNote("the note has too many signatures")
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if dash != "—" or not _fit_name(name) or len(data) <= KEY_ID_BYTES:
        raise BadNote("a signature line is not written as it must be")
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def opened(note: str, keys: Iterable[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """The text and the keys that vouch for it. Raises BadNote when none does, or when a known key's line is wrong."""
    text, signatures = split(note)
    known = {(key.name, key.id): key for key in keys}
    vouching: list[VerifierKey] = []
    for line in signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.vouches(text, line.signature):
            raise BadNote(f"the signature of {line.name} is wrong")
        if key not in vouching:
            vouching.append(key)
    if not vouching:
        raise BadNote("no trusted key signed the note")
    return text, vouching


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size: what is signed. `extensions` are further lines, which old readers skip."""

    origin: str
    size: int
    root: bytes
    extensions: Sequence[str] = ()

    def text(self) -> str:
        """origin, size, base64 of the root, extensions; each ends its line."""
        if not self.origin or "\n" in self.origin or self.size < 0 or len(self.root) != 32:
            raise ValueError("a checkpoint has an origin, a size and a head of 32 bytes")
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        if any(not line or "\n" in line for line in lines):
            raise ValueError("a line of a checkpoint is neither empty nor two lines")
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Of the text of a note; raises BadNote."""
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or any(not line for line in lines[:-1]):
            raise BadNote("a checkpoint has at least three lines, none empty")
        origin, size, encoded, *extensions = lines[:-1]
        try:
            head = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            head = b""
        canonical = base64.b64encode(head).decode() == encoded
        if (
            len(head) != 32
            or not canonical
            or not size.isascii()
            or not size.isdigit()
            or str(int(size)) != size
        ):
            raise BadNote("size or head of the checkpoint is not written as it must be")
        return cls(origin, int(size), head, tuple(extensions))
