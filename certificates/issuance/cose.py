"""The signed envelope of a certificate: COSE_Sign1 (RFC 9052 §4.2) behind one byte that names the suite. Pure.

    envelope = suite byte ‖ CBOR array [protected bstr, {}, payload bstr, signature bstr], untagged
    protected = CBOR map {1: algorithm, 4: key id}, deterministic (RFC 8949 §4.2.1)
    signature over ["Signature1", protected, h'', payload] (RFC 9052 §4.4)

There is exactly one way to write an envelope: reading builds it anew and compares the bytes, so that whatever
another library would forgive (longer lengths, tags, other order, padding bits of base64) is refused here.
Signing lies elsewhere; this module knows no keys.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final, NamedTuple

import cbor2

from registry.lib.b64 import b64url

# Suites: the first byte of an envelope. Each has its algorithm's number in the registry of IANA (COSE Algorithms).
ED25519: Final = 0x01
SM2: Final = 0x02  # reserved; it has no number at IANA yet
_ALGORITHMS: Final = {ED25519: -8}
_SIGNATURE_BYTES: Final = {ED25519: 64}
KID_LENGTH: Final = 8
# A payload is about 200 bytes; what is longer is not ours and is not read.
MOST_BYTES: Final = 2048


class BadEnvelope(ValueError):
    """Not an envelope as this system writes them."""


class Opened(NamedTuple):
    """What lies in an envelope; nothing of it is proved before the signature is checked over `signed`."""

    suite: int
    kid: str
    payload: bytes
    signature: bytes
    signed: bytes


def _protected(kid: str, suite: int) -> bytes:
    if suite not in _ALGORITHMS:
        raise BadEnvelope("unknown suite")
    if len(kid) != KID_LENGTH or not kid.isascii():
        raise BadEnvelope("not a key id")
    return cbor2.dumps({1: _ALGORITHMS[suite], 4: kid.encode("ascii")}, canonical=True)


def to_be_signed(payload: bytes, kid: str, suite: int = ED25519) -> bytes:
    """The bytes that are signed: Sig_structure of RFC 9052 §4.4, without external data."""
    return cbor2.dumps(["Signature1", _protected(kid, suite), b"", payload], canonical=True)


def envelope(payload: bytes, kid: str, suite: int, signature: bytes) -> bytes:
    """Suite byte and COSE_Sign1. The signature is not checked here, only its length."""
    protected = _protected(kid, suite)
    if len(signature) != _SIGNATURE_BYTES[suite]:
        raise BadEnvelope("not a signature of this suite")
    return bytes([suite]) + cbor2.dumps([protected, {}, payload, signature], canonical=True)


def open_envelope(raw: bytes) -> Opened:
    """Take an envelope apart. Raises BadEnvelope for every byte string that `envelope` would not have made."""
    if not 2 <= len(raw) <= MOST_BYTES or raw[0] not in _ALGORITHMS:
        raise BadEnvelope("unknown suite or length")
    suite = raw[0]
    try:
        parts = cbor2.loads(raw[1:])
        if type(parts) is not list or [type(part) for part in parts] != [bytes, dict, bytes, bytes]:
            raise BadEnvelope("not a COSE_Sign1")
        protected, _, payload, signature = parts
        header = cbor2.loads(protected)
        if type(header) is not dict or type(header.get(4)) is not bytes:
            raise BadEnvelope("no key id")
        kid = header[4].decode("ascii")
    except BadEnvelope:
        raise
    except Exception as error:  # whatever a decoder makes of hostile bytes
        raise BadEnvelope("not CBOR") from error
    if envelope(payload, kid, suite, signature) != raw:
        raise BadEnvelope("not canonical")
    return Opened(suite, kid, payload, signature, to_be_signed(payload, kid, suite))


def fragment(envelope: bytes) -> str:
    """As it stands behind the # of an address: base64url without padding (RFC 4648 §5)."""
    return b64url(envelope)


def of_fragment(text: str) -> bytes:
    """The envelope's bytes. Raises BadEnvelope unless `fragment` gives exactly this text back."""
    if len(text) > MOST_BYTES * 2 or not text.isascii():
        raise BadEnvelope("not base64url")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope("not base64url") from error
    if fragment(raw) != text:
        raise BadEnvelope("not canonical")
    return raw
