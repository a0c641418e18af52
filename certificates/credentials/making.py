"""Making credentials: a holder asks, the worker signs, and the file lies sealed for the holder for some days.

A credential is a statement of today by the body that issued the certificate, so it is signed with the key that the body
uses now, by the only process that uses keys. What was signed is on record by its SHA-256.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.credentials import addresses, documents, jwt
from certificates.credentials.models import Credential
from certificates.issuance import answers, keys, sealing, status_publishing
from certificates.issuance.models import Attestation, Certificate
from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import CERTIFICATE
from registry.identity.masking import mask_id_public
from registry.lib import figures
from registry.lib.data_integrity import proved
from registry.people.models import Document

State, Form = Credential.State, Credential.Form


def ask(certificate: Certificate, form: str, *, actor: User) -> tuple[Credential, bool]:
    """A credential of one's own certificate, and whether it is still to be made; one that lies ready is given again.

    Raises ValidationError where the certificate is not ours, or does not hold.
    """
    if certificate.basis != Certificate.Basis.ISSUED:
        raise ValidationError(_("台账所报的证书没有本系统的签名，不能制成电子凭证。"))
    if answers.of_ids([certificate.pk]).get(certificate.pk) != answers.Answer.VALID:
        raise ValidationError(_("证书目前不是有效状态，不能制成电子凭证。"))
    today = timezone.localdate()
    with transaction.atomic():
        # Two clicks are one wish.
        Certificate.objects.select_for_update(no_key=True).get(pk=certificate.pk)
        held = Credential.objects.filter(certificate=certificate, form=form, expires_on__gte=today)
        # What may be signed with a key that somebody else has since is made anew.
        assert certificate.institution_id is not None  # one of ours
        lost = keys.last_compromised(certificate.institution_id)
        found = (held.filter(asked_at__gt=lost) if lost else held).exclude(state=State.FAILED).first()
        if found is not None:
            return found, found.state == State.MAKING
        made = Credential.objects.create(
            certificate=certificate,
            person_id=certificate.person_id,
            form=form,
            asked_by=actor,
            expires_on=today + timedelta(days=figures.number("credentials.days")),
        )
        audit.record(
            code="credentials.ask",
            actor=actor,
            subject_type="certificate",
            subject_id=certificate.pk,
            person_id=certificate.person_id,
            after={"form": form},
        )
    return made, True


def make(credential_id: UUID) -> None:
    """Sign and seal; once made, making it again changes nothing. Raises what signing raises."""
    row = Credential.objects.select_related("certificate").get(pk=credential_id)
    if row.state == State.READY:
        return
    try:
        content, kid = _signed(row)
    except Exception:
        Credential.objects.filter(pk=row.pk).exclude(state=State.READY).update(state=State.FAILED)
        raise
    with transaction.atomic():
        done = Credential.objects.filter(pk=row.pk).exclude(state=State.READY)
        if done.update(state=State.READY, content=keyring().seal(content, CERTIFICATE, row.pk)):
            audit.record(
                code="credentials.make",
                actor=None,
                subject_type="certificate",
                subject_id=row.certificate_id,
                person_id=row.person_id,
                after={"form": row.form, "kid": kid, "sha256": sha256(content).hexdigest()},
            )


def content(row: Credential) -> bytes:
    """The file of one that is ready."""
    return keyring().open_(bytes(row.content or b""), CERTIFICATE, row.pk)


def facts_of(attestation: Attestation, base: str) -> documents.Facts:
    """What is signed about an attestation; opens its holder. Raises ValueError where the holder was erased."""
    holder = sealing.opened(attestation.pk, bytes(attestation.sealed))
    # Of other documents the last two: whoever compares has the document before them.
    card = holder.document_kind == Document.Kind.ID_CARD
    masked = mask_id_public(holder.document_number) if card else f"**{holder.document_number[-2:]}"
    return documents.Facts(
        base=base,
        code=attestation.code,
        number=attestation.number,
        family=attestation.family,
        name=attestation.name,
        body_id=attestation.institution_id,
        body=str(attestation.printed.get("body") or attestation.institution.name),
        credit_code=attestation.institution.credit_code or "",
        occupation_code=attestation.occupation_code,
        occupation=attestation.occupation_name,
        direction=attestation.direction,
        level=attestation.level_id or 0,
        level_name=str(attestation.printed.get("level") or ""),
        issued_on=attestation.issued_on,
        expires_on=attestation.expires_on,
        holder=holder.name,
        document_masked=masked,
        status={
            purpose: status_publishing.address(attestation.status_list_id, purpose)
            for purpose in status_publishing.PURPOSES
        },
        status_index=attestation.status_index,
    )


def _signed(row: Credential) -> tuple[bytes, str]:
    base = settings.PUBLIC_URL
    attestation = Attestation.objects.select_related("institution").get(pk=row.certificate_id)
    facts = facts_of(attestation, base)
    key = keys.in_use(attestation.institution_id)
    signer = keys.signer(key)
    if row.form == Form.TOKEN:
        text = jwt.token(documents.badge(facts), key=addresses.key(base, key.kid), sign=signer.sign)
        return text.encode("ascii"), key.kid
    document = documents.credential(facts) if row.form == Form.VC else documents.badge(facts)
    whole = proved(
        document,
        method=addresses.method(base, attestation.institution_id, key.kid),
        created=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        sign=signer.sign,
    )
    return json.dumps(whole, ensure_ascii=False, indent=1).encode(), key.kid


def expire() -> int:
    """Destroy credentials whose days are over; returns how many."""
    return Credential.objects.filter(expires_on__lt=timezone.localdate()).delete()[0]
