"""The transcript of a person's account (电子档案): trainings and certificates as they stand, as PDF and as JSON.

Whoever is handed one asks by its code whether we made it, until when it may be checked, and whether the file before
them is the one that was made: by its SHA-256, as nothing of what it says is shown there.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.credentials import addresses
from certificates.credentials.models import Transcript
from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import CERTIFICATE
from registry.identity.masking import mask_name
from registry.lib import figures, pdf
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights import contributors

SCHEMA = "jiangce-transcript/1"
#: What others get to see of all that is held about a person; the whole is a copy (registry.rights.copies).
PARTS = ("trainings", "certificates")
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16


class Checked(NamedTuple):
    """What a stranger is told of a transcript. `same` is about a file they hold: None where they showed none."""

    row: Transcript
    holder: str
    state: str
    same: bool | None


def make(person: Person, *, actor: User) -> Transcript:
    """Put it together, seal both files, and record that it was made."""
    scope = Scope.own(person.pk)
    sections = [
        {"name": one.name, "title": str(one.title), "rows": [dict(row) for row in one.rows(scope, person)]}
        for one in contributors.every()
        if one.name in PARTS
    ]
    counts = {each["name"]: len(each["rows"]) for each in sections}
    today, now = timezone.localdate(), timezone.now()
    row = Transcript(
        person=person,
        code="".join(secrets.choice(_LETTERS) for _place in range(CODE_LENGTH)),
        trainings=counts.get("trainings", 0),
        certificates=counts.get("certificates", 0),
        made_at=now,
        kept_until=today + timedelta(days=figures.number("credentials.days")),
        expires_on=today + timedelta(days=figures.number("transcripts.days")),
    )
    found = _assembled(row, person, sections)
    content, paper = as_json(found), as_pdf(found)
    row.content_digest, row.paper_digest = sha256(content).digest(), sha256(paper).digest()
    row.content = keyring().seal(content, CERTIFICATE, row.pk)
    row.paper = keyring().seal(paper, CERTIFICATE, paper_row(row.pk))
    with transaction.atomic():
        row.save(force_insert=True)
        audit.record(
            code="credentials.transcript",
            actor=actor,
            subject_type="person",
            subject_id=person.pk,
            person_id=person.pk,
            n=sum(counts.values()),
            after={"json": row.content_digest.hex(), "pdf": row.paper_digest.hex()},
        )
    return row


def of_person(scope: Scope, person_id: UUID) -> list[Transcript]:
    """The person's own, newest first, without their files."""
    if scope.kind != "own" or scope.person_id != person_id:
        return []
    return list(Transcript.objects.filter(person_id=person_id).defer("content", "paper")[:20])


def file(scope: Scope, transcript_id: UUID, form: str) -> bytes | None:
    """The JSON or the PDF, to the person alone; None for anybody else, or when the days are over."""
    if scope.kind != "own" or scope.person_id is None or form not in ("json", "pdf"):
        return None
    row = Transcript.objects.filter(pk=transcript_id, person_id=scope.person_id).first()
    sealed = None if row is None else row.content if form == "json" else row.paper
    if row is None or sealed is None:
        return None
    return keyring().open_(bytes(sealed), CERTIFICATE, row.pk if form == "json" else paper_row(row.pk))


def withdraw(scope: Scope, transcript_id: UUID, *, actor: User) -> bool:
    """Take one's own back: from now on the check page says so, and the files are gone. False where there is none."""
    if scope.kind != "own" or scope.person_id is None:
        return False
    with transaction.atomic():
        mine = Transcript.objects.filter(pk=transcript_id, person_id=scope.person_id, withdrawn_at=None)
        if not mine.update(withdrawn_at=timezone.now(), content=None, paper=None):
            return False
        audit.record(
            code="credentials.transcript_withdrawn",
            actor=actor,
            subject_type="person",
            subject_id=scope.person_id,
            person_id=scope.person_id,
        )
    return True


def check(code: str, file: bytes | None = None) -> Checked | None:
    """What a stranger is told who has the code; None where there is no such code."""
    row = Transcript.objects.select_related("person").defer("content", "paper").filter(code=code).first()
    if row is None:
        return None
    Transcript.objects.filter(pk=row.pk).update(checks=F("checks") + 1)
    state = (
        "withdrawn" if row.withdrawn_at else "expired" if row.expires_on < timezone.localdate() else "stands"
    )
    same = None
    if file is not None:
        same = sha256(file).digest() in (bytes(row.content_digest), bytes(row.paper_digest))
    restricted = row.person.restricted_at is not None or row.person.state != Person.State.ACTIVE
    return Checked(row, "*" if restricted else mask_name(row.person.name), state, same)


def expire() -> int:
    """Destroy files whose days are over; returns of how many transcripts. Their fingerprints stay."""
    over = Transcript.objects.filter(kept_until__lt=timezone.localdate(), content__isnull=False)
    return over.update(content=None, paper=None)


def as_json(found: dict[str, Any]) -> bytes:
    """For machines."""
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def as_pdf(found: dict[str, Any]) -> bytes:
    """For people."""
    holder = found["holder"]
    lead = [
        _("姓名：%(name)s") % holder,
        *([_("证件号码：%(document)s") % holder] if holder["document"] else []),
        _("出具时间：%(at)s") % {"at": found["made_at"].replace("T", " ")[:16]},
        _("核验码：%(code)s") % found,
        _("核验网址：%(check)s") % found,
        _("可核验至：%(day)s") % {"day": found["valid_until"]},
        _("内容为出具之时的登记，证书此后的状态请以证书编号另行核验。"),
    ]
    sections = [pdf.Section(each["title"], each["rows"], _("没有记录。")) for each in found["sections"]]
    return pdf.document(
        _("职业技能培训电子档案"), lead, sections, _("匠册 · 电子档案 · 核验码 %(code)s") % found
    )


def _assembled(row: Transcript, person: Person, sections: list[dict[str, Any]]) -> dict[str, Any]:
    document = person.documents.order_by("-is_primary", "created_at").first()
    return {
        "schema": SCHEMA,
        "code": row.code,
        "check": addresses.transcript(settings.PUBLIC_URL, row.code),
        "made_at": timezone.localtime(row.made_at).isoformat(timespec="seconds"),
        "valid_until": row.expires_on.isoformat(),
        "holder": {"name": person.name, "document": document.mask if document else ""},
        "sections": sections,
    }


def paper_row(transcript_id: UUID) -> UUID:
    """What binds the PDF to its row, apart from the JSON."""
    return UUID(int=transcript_id.int ^ 1)
