"""Keys of bodies as the public gets them: DID document (W3C DID Core, `did:web`) and JSON Web Key (RFC 7517). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from certificates.credentials import addresses
from registry.lib.b64 import b64url
from registry.lib.data_integrity import multikey


class PublicKey(NamedTuple):
    """An Ed25519 key: its id, and its 32 bytes."""

    kid: str
    public: bytes


def did_document(base: str, institution_id: int, keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Of one body.

    Give it every key whose signatures are to be believed: those published ahead, in use, and of earlier years; never
    one that somebody else may hold.
    """
    me = addresses.body(base, institution_id)
    methods = [
        {
            "id": f"{me}#{key.kid}",
            "type": "Multikey",
            "controller": me,
            "publicKeyMultibase": multikey(key.public),
        }
        for key in keys
    ]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": me,
        "verificationMethod": methods,
        "assertionMethod": [each["id"] for each in methods],
    }


def jwk(key: PublicKey) -> dict[str, str]:
    """One key as JSON Web Key (RFC 8037 §2)."""
    x = b64url(key.public)
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": key.kid, "use": "sig", "alg": "EdDSA"}
