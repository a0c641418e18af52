"""The keys of all bodies as they are published: a JSON Web Key Set (RFC 7517) that anybody may keep.

Besides the members of the standard each key says whose it is and how it stands, so that whoever checks without us knows
that a body's key speaks for this body alone: `issuer` as in all that it signed, `did` the body's name that never
changes, under which its lists are signed too, `body`, `state` (published, active, verify_only, compromised), `from`,
`until`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from certificates.issuance import status_publishing
from certificates.issuance.models import SigningKey
from registry.lib.jwk import did_document as signing_document
from registry.lib.jwk import jwk


def published() -> list[SigningKey]:
    """Every key that ever was published, the compromised too: what was signed with them is told apart by them."""
    return list(SigningKey.objects.select_related("institution").order_by("id"))


def jwks(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """The set, in the order given."""
    return {
        "keys": [
            {
                **jwk(key.kid, bytes(key.public)),
                "issuer": key.issuer,
                "did": status_publishing.issuer(key.institution_id),
                "body": key.institution.name,
                "state": key.state,
                "from": key.active_from.date().isoformat() if key.active_from else None,
                "until": key.active_to.date().isoformat() if key.active_to else None,
            }
            for key in keys
            if key.suite == SigningKey.Suite.ED25519
        ]
    }


def did_document(keys: Iterable[SigningKey]) -> dict[str, Any]:
    """Who signs our lists and certificates, as did:web tells it; never a key that somebody else may hold."""
    good = [
        (key.kid, bytes(key.public))
        for key in keys
        if key.suite == SigningKey.Suite.ED25519 and key.state != SigningKey.State.COMPROMISED
    ]
    return signing_document(status_publishing.did(), good)
