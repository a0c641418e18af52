"""Checking a signed envelope for somebody who asks us: the signature first, then what stands on record now.

A signature alone is not enough here: what is not on record with this very signature was not issued by us, whatever key
it is signed with, and what is on record is answered as it stands, not as it was signed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from certificates.issuance import answers, cose, payload
from certificates.issuance.envelopes import on_record
from certificates.issuance.models import SigningKey
from certificates.verification import asking
from certificates.verification.asking import Asker


@dataclass(frozen=True, slots=True)
class Checked:
    """`answer` as on every channel; `signed` whether a key of ours made it; what it says, once that is so."""

    answer: str
    signed: bool = False
    key_state: str = ""
    claims: payload.Claims | None = None
    told: dict[str, Any] | None = None


NOT_OURS = Checked(answers.Answer.NOT_OURS)


def check(text: str, asker: Asker) -> Checked:
    """Of an envelope in base64url, or of the whole address of a QR code, which has it behind the #."""
    try:
        opened = cose.open_envelope(cose.of_fragment(text.rpartition("#")[2].strip()))
        claims = payload.read(opened.payload)
    except (cose.BadEnvelope, payload.BadPayload):
        return NOT_OURS
    key = SigningKey.objects.filter(kid=opened.kid, suite=opened.suite).first()
    if key is None or claims.kid != opened.kid or not _holds(bytes(key.public), opened):
        return NOT_OURS
    # The signature on record, which holds over this content alone: the content itself goes with an erased holder.
    row = on_record(claims.number, key.institution_id, opened.signature)
    if row is None:
        return Checked(answers.Answer.NOT_OURS, True, key.state, claims)
    told = json.loads(asking.by_id(row, asker, "api"))
    return Checked(told["answer"], True, key.state, claims, told)


def _holds(public: bytes, opened: cose.Opened) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(opened.signature, opened.signed)
    except (InvalidSignature, ValueError):
        return False
    return True
