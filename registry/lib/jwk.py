"""Ed25519 keys as JSON Web Keys (RFC 7517, RFC 8037 §2) and in DID documents (W3C DID Core, `did:web`). Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from registry.lib.b64 import b64url
from registry.lib.data_integrity import multikey


def public_members(public: bytes) -> dict[str, str]:
    """The members that make the key, of its 32 bytes; the thumbprint is over these alone."""
    return {"kty": "OKP", "crv": "Ed25519", "x": b64url(public)}


def jwk(kid: str, public: bytes) -> dict[str, str]:
    """A key that signs, by its id."""
    return {**public_members(public), "kid": kid, "use": "sig", "alg": "EdDSA"}


def thumbprint(public: bytes) -> str:
    """RFC 7638: SHA-256 over the required members, base64url without padding."""
    text = json.dumps(public_members(public), separators=(",", ":"), sort_keys=True)
    return b64url(hashlib.sha256(text.encode()).digest())


def did_document(me: str, keys: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """Who signs as `me`, with these keys (id, 32 bytes). Never give it a key that somebody else may hold."""
    methods = [
        {"id": f"{me}#{kid}", "type": "Multikey", "controller": me, "publicKeyMultibase": multikey(public)}
        for kid, public in keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": me,
        "verificationMethod": methods,
        "assertionMethod": [each["id"] for each in methods],
    }
