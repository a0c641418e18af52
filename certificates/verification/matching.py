"""Whether the person at the gate is the one whom a certificate is about: 一致 or 不一致, and nothing else.

Asked with the full name and the last four of the identity number, after the certificate itself was found. The signed
content holds a salted check of both, so nothing sealed is opened for it. Tries are few, hits and misses alike.
"""

from __future__ import annotations

import hmac
from typing import Final

from certificates.issuance import payload
from certificates.issuance.models import Attestation
from registry.lib import figures
from registry.lib.limits import Take, Wait, take_all

LAST: Final = 4


def match(number: str, name: str, last_four: str, network: str) -> bool | Wait | None:
    """None where there is nothing to compare with (a reported certificate); Wait after too many tries."""
    wait = take_all(
        [
            Take(f"verify.match|{number}|{network}", figures.limits("verify.match")),
            Take(f"verify.match_all|{number}", figures.limits("verify.match_all")),
        ]
    )
    if wait is not None:
        return wait
    raw = Attestation.objects.filter(number=number, state="signed").values_list("payload", flat=True).first()
    if raw is None:
        return None
    claims = payload.read(bytes(raw))
    asked = last_four.strip()
    if len(asked) != LAST:
        return False
    return hmac.compare_digest(payload.check_of(name, asked, claims.salt), claims.check)
