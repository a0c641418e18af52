"""Nouns of credentials, within a reader's scope: only the holder has any."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from certificates.credentials.models import Credential
from certificates.credentials.published_keys import PublicKey
from certificates.issuance import queries as issuance
from certificates.issuance.answers import annotation
from certificates.issuance.models import Certificate, SigningKey
from registry.lib.scope import Scope


def certificates(scope: Scope, person_id: UUID) -> QuerySet[Certificate]:
    """One's own certificates that were issued here, each with its `answer`, the newest first."""
    found = issuance.of_person(scope, person_id).filter(basis=Certificate.Basis.ISSUED)
    return found.annotate(answer=annotation())


def credentials(scope: Scope, person_id: UUID) -> QuerySet[Credential]:
    """One's own, made or being made, without their files; nobody else's."""
    if scope.kind != "own" or scope.person_id != person_id:
        return Credential.objects.none()
    return Credential.objects.filter(person_id=person_id, expires_on__gte=timezone.localdate()).defer(
        "content"
    )


def credential(scope: Scope, credential_id: UUID) -> Credential | None:
    """One's own that is ready, with its file; None for anything else."""
    if scope.kind != "own" or scope.person_id is None:
        return None
    return (
        Credential.objects.filter(
            pk=credential_id,
            person_id=scope.person_id,
            state=Credential.State.READY,
            expires_on__gte=timezone.localdate(),
        )
        .select_related("certificate")
        .first()
    )


def public_keys(institution_id: int) -> list[PublicKey]:
    """Keys of a body whose signatures are to be believed; what is public needs no scope."""
    return _public(SigningKey.objects.filter(institution_id=institution_id))


def public_key(kid: str) -> PublicKey | None:
    """One of them by its id."""
    return next(iter(_public(SigningKey.objects.filter(kid=kid))), None)


def _public(held: QuerySet[SigningKey]) -> list[PublicKey]:
    # Never one that somebody else may hold.
    good = held.filter(suite=SigningKey.Suite.ED25519).exclude(state=SigningKey.State.COMPROMISED)
    return [PublicKey(key.kid, bytes(key.public)) for key in good.order_by("id")]
