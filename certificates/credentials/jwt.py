"""A badge as one line: the JSON Web Token proof of Open Badges 3.0 (§8.2), signed with EdDSA (RFC 8037). Pure."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from registry.lib.b64 import b64url
from registry.lib.jcs import canonical


def token(document: Mapping[str, Any], *, key: str, sign: Callable[[bytes], bytes]) -> str:
    """Compact JWS of a credential. `key` is an address that leads to the key as JWK; `sign` gives 64 bytes."""
    claims: dict[str, Any] = {
        **document,
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "sub": document["credentialSubject"]["id"],
        "nbf": _seconds(document["validFrom"]),
    }
    if "validUntil" in document:
        claims["exp"] = _seconds(document["validUntil"])
    head = canonical({"alg": "EdDSA", "kid": key, "typ": "JWT"})
    signed = f"{b64url(head)}.{b64url(canonical(claims))}"
    return f"{signed}.{b64url(sign(signed.encode('ascii')))}"


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    """Header, claims, signature, and what it covers; nothing is checked. Raises ValueError."""
    first, second, third = text.split(".")
    head, claims = json.loads(_decoded(first)), json.loads(_decoded(second))
    return head, claims, _decoded(third), f"{first}.{second}".encode("ascii")


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
