"""Keys of bodies as the public gets them: DID document (W3C DID Core, `did:web`) and JSON Web Key (RFC 7517). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from certificates.credentials import addresses
from registry.lib import jwk as jwks


class PublicKey(NamedTuple):
    """An Ed25519 key: its id, and its 32 bytes."""

    kid: str
    public: bytes


def did_document(base: str, institution_id: int, keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Of one body.

    Give it every key whose signatures are to be believed: those published ahead, in use, and of earlier years; never
    one that somebody else may hold.
    """
    return jwks.did_document(addresses.body(base, institution_id), keys)


def jwk(key: PublicKey) -> dict[str, str]:
    """One key as JSON Web Key."""
    return jwks.jwk(key.kid, key.public)
