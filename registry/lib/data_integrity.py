"""Proofs on JSON documents: W3C Data Integrity EdDSA Cryptosuites v1.0, `eddsa-jcs-2022` (§3.3). Pure.

What is signed is 64 bytes: SHA-256 of the canonical proof options, then SHA-256 of the canonical document without its
proof. The document needs no processing of JSON-LD, so nothing is ever fetched to sign or to verify.
Keys are written as Multikey (W3C Controlled Identifiers v1.0 §2.2.2): base58-btc of 0xed01 and the 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.lib.jcs import NotCanonical, canonical

SUITE: Final = "eddsa-jcs-2022"
_ED25519: Final = b"\xed\x01"
_LETTERS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class BadProof(ValueError):
    """Not a proof of this suite, or no proof at all."""


def options(document: Mapping[str, Any], *, method: str, created: str) -> dict[str, Any]:
    """The proof without its value. `method` is the address of the key, `created` a moment like 2026-11-29T08:00:00Z.

    The document's contexts are repeated in the proof, so that they cannot be exchanged beneath it (§3.3.1).
    """
    found: dict[str, Any] = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    if "@context" in document:
        found["@context"] = document["@context"]
    return found


def to_be_signed(document: Mapping[str, Any], config: Mapping[str, Any]) -> bytes:
    """The 64 bytes that a signature covers. Raises NotCanonical."""
    bare = {name: value for name, value in document.items() if name != "proof"}
    config = {name: value for name, value in config.items() if name != "proofValue"}
    return sha256(canonical(config)).digest() + sha256(canonical(bare)).digest()


def proved(
    document: Mapping[str, Any], *, method: str, created: str, sign: Callable[[bytes], bytes]
) -> dict[str, Any]:
    """The document with its proof; `sign` makes the 64 bytes of an Ed25519 signature."""
    config = options(document, method=method, created=created)
    value = "z" + base58(sign(to_be_signed(document, config)))
    return {**document, "proof": {**config, "proofValue": value}}


def holds(document: Mapping[str, Any], public: bytes) -> bool:
    """Whether the one proof of a document was made by this key over exactly this document.

    Whether the key is its issuer's, and whether what it says still stands, is asked elsewhere.
    """
    proof = document.get("proof")
    if not isinstance(proof, dict) or proof.get("cryptosuite") != SUITE:
        return False
    if proof.get("type") != "DataIntegrityProof" or proof.get("proofPurpose") != "assertionMethod":
        return False
    # A proof with contexts must name the document's (§3.3.2 has a prefix; ours are always the same).
    if proof.get("@context") != document.get("@context"):
        return False
    try:
        signature = of_base58(str(proof.get("proofValue", ""))[1:])
        Ed25519PublicKey.from_public_bytes(public).verify(signature, to_be_signed(document, proof))
    except (InvalidSignature, BadProof, NotCanonical, ValueError):
        return False
    return str(proof["proofValue"]).startswith("z")


def multikey(public: bytes) -> str:
    """`z6Mk…` of the 32 bytes of an Ed25519 key."""
    return "z" + base58(_ED25519 + public)


def of_multikey(text: str) -> bytes:
    """The 32 bytes. Raises BadProof for another kind of key."""
    raw = of_base58(text[1:]) if text.startswith("z") else b""
    if len(raw) != 34 or raw[:2] != _ED25519:
        raise BadProof("not an Ed25519 Multikey")
    return raw[2:]


def base58(raw: bytes) -> str:
    """Base58 in the alphabet of Bitcoin; a zero byte at the front is a 1."""
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        text = _LETTERS[rest] + text
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def of_base58(text: str) -> bytes:
    """The bytes. Raises BadProof for a letter that is not of the alphabet."""
    number = 0
    for letter in text:
        place = _LETTERS.find(letter)
        if place < 0:
            raise BadProof("not base58")
        number = number * 58 + place
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
