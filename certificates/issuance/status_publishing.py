"""Status lists as they are published: W3C Bitstring Status List v1.0 credentials, signed when something changed.

Two lists for each set of places, one for revocation and one for suspension, each a verifiable credential with an
`eddsa-jcs-2022` proof by the key that its body uses now. The bits come from the states of the certificates in one
statement, together with the count of changes that they stand for; a list whose count has not moved is signed anew only
when half of the time that it says it holds is over.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from certificates.issuance import answers, keys
from certificates.issuance.models import StatusList
from registry.lib import figures
from registry.lib.b64 import b64url
from registry.lib.data_integrity import proved

PURPOSES: Final = ("revocation", "suspension")


def did() -> str:
    """Our own name: did:web of the host that everybody finds us at."""
    host = settings.PUBLIC_URL.partition("://")[2].replace(":", "%3A")
    return f"did:web:{host}"


def issuer(institution_id: int) -> str:
    """The name under which a body signs; its document is served by the room of credentials.

    Lists and the credentials that point to them have the same one: verifiers ask for that.
    """
    return f"{did()}:credentials:bodies:{institution_id}"


def address(status_list: int, purpose: str) -> str:
    """Where a list is fetched."""
    return f"{settings.PUBLIC_URL}/.well-known/certificate-status/{status_list}/{purpose}"


def encode(bits: Iterable[int], size: int) -> str:
    """A bitstring as the specification writes it: first bit leftmost, gzip, base64url, `u` in front."""
    found = bytearray(size // 8)
    for bit in bits:
        found[bit >> 3] |= 0x80 >> (bit & 7)
    packed = gzip.compress(bytes(found), compresslevel=9, mtime=0)
    return "u" + b64url(packed)


def decode(text: str) -> bytes:
    """The bitstring of an encoded list."""
    raw = text.removeprefix("u")
    return gzip.decompress(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))


def due(now: datetime | None = None) -> list[int]:
    """Lists that changed since they were published, or whose time is half over."""
    now = now or timezone.now()
    old = now - timedelta(hours=figures.number("verify.renew_hours"))
    found = StatusList.objects.filter(
        Q(published_at__isnull=True) | Q(published_at__lt=old) | ~Q(changes=F("published_changes"))
    )
    return list(found.order_by("id").values_list("id", flat=True))


def publish(status_list: int, now: datetime | None = None) -> bool:
    """Build a list from the states of its certificates, sign it, put it down; False where a later one stands."""
    now = (now or timezone.now()).astimezone(UTC).replace(microsecond=0)
    row, revoked, suspended = _bits(status_list)
    key = keys.in_use(row.institution_id)
    signer = keys.signer(key)
    method = f"{issuer(row.institution_id)}#{key.kid}"
    signed = {
        purpose: proved(
            document(row, purpose, bits, now), method=method, created=_moment(now), sign=signer.sign
        )
        for purpose, bits in zip(PURPOSES, (revoked, suspended), strict=True)
    }
    texts = {purpose: json.dumps(one, ensure_ascii=False) for purpose, one in signed.items()}
    # One who was slower writes over nobody who saw more.
    done = StatusList.objects.filter(pk=status_list, published_changes__lte=row.changes).update(
        published_changes=row.changes, published_at=now, **texts
    )
    return bool(done)


def publish_due(now: datetime | None = None) -> int:
    """All that is due; the number of lists published. One that cannot be signed leaves the others to be."""
    done = 0
    failed: Exception | None = None
    for status_list in due(now):
        try:
            done += publish(status_list, now)
        except (keys.NoKey, keys.KeyCompromised) as error:
            failed = error
    if failed is not None and not done:
        raise failed
    return done


def _bits(status_list: int) -> tuple[StatusList, list[int], list[int]]:
    row = StatusList.objects.raw("SELECT * FROM issuance_statuslist WHERE id = %s", [status_list])[0]
    # Counted before they are read: a change in between is read now and published once more, never missed.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.state, array_agg(a.status_index ORDER BY a.status_index)
            FROM issuance_attestation a JOIN issuance_certificate c ON c.id = a.id
            WHERE a.status_list_id = %s AND c.state <> 'valid' GROUP BY c.state
            """,
            [status_list],
        )
        found: dict[str, list[int]] = dict(cursor.fetchall())
    revoked = [bit for state, bits in found.items() if answers.listed(state)[0] for bit in bits]
    suspended = [bit for state, bits in found.items() if answers.listed(state)[1] for bit in bits]
    return row, revoked, suspended


def document(row: StatusList, purpose: str, bits: Iterable[int], now: datetime) -> dict[str, Any]:
    """A list without its proof: those bits are set."""
    place = address(row.pk, purpose)
    until = now + timedelta(hours=figures.number("verify.list_hours"))
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": place,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer(row.institution_id),
        "validFrom": _moment(now),
        "validUntil": _moment(until),
        "credentialSubject": {
            "id": f"{place}#list",
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": encode(bits, row.size),
        },
    }


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
