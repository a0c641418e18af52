"""Name and identity number of a holder, as an attestation keeps them sealed; and the private halves of keys.

A sealed value is bound to its row: an attestation by its id, a key by its kid. Both can be sealed anew under another
key of the ring (`register`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from registry.identity.current import keyring
from registry.identity.keyring import CERTIFICATE, SIGNING
from registry.people import rotation


class Holder(NamedTuple):
    """Whom a certificate is for, as it is printed."""

    name: str
    document_kind: str
    document_number: str


def row_of(attestation_id: int) -> str:
    """The text by which a sealed value is bound to its attestation."""
    return str(UUID(int=attestation_id))


def sealer() -> Callable[[int, Holder], bytes]:
    """A function (attestation's id, holder) → sealed, for loops."""
    seal = keyring().sealer(CERTIFICATE)

    def sealed(attestation_id: int, holder: Holder) -> bytes:
        text = json.dumps(holder._asdict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return seal(text.encode(), row_of(attestation_id))

    return sealed


def opened(attestation_id: int, sealed: bytes) -> Holder:
    """Raises what the key ring raises, and ValueError for an attestation whose holder was erased."""
    if not sealed:
        raise ValueError("the holder was erased")
    return Holder(**json.loads(keyring().open_(bytes(sealed), CERTIFICATE, row_of(attestation_id))))


def seal_key(kid: str, private: bytes) -> bytes:
    return keyring().seal(private, SIGNING, _row_of_key(kid))


def open_key(kid: str, sealed: bytes) -> bytes:
    return keyring().open_(bytes(sealed), SIGNING, _row_of_key(kid))


def _row_of_key(kid: str) -> UUID:
    return UUID(bytes=hashlib.sha256(kid.encode("ascii")).digest()[:16])


def _bound_attestation(row: Any, beside: Any) -> str:
    return row_of(row)


def _bound_key(row: Any, kid: Any) -> UUID:
    return _row_of_key(kid)


def register() -> None:
    """Tell the rotation of keys where these values lie."""
    rotation.register(
        CERTIFICATE,
        _("证书底档与电子凭证"),
        rotation.Sealed("issuance_attestation", bound=_bound_attestation, ids="bigint"),
    )
    rotation.register(
        SIGNING,
        _("证书签发密钥"),
        rotation.Sealed(
            "issuance_signingkey", column="private", beside="kid", bound=_bound_key, ids="bigint"
        ),
    )
