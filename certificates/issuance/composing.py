"""From one line and its holder to the intent that is stored: number, printed content, exact bytes to be signed.

What holds for a whole order (body, rule, key, levels, figures) is looked up once, as `Terms`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from certificates.issuance import entries, payload, rules, validity
from certificates.issuance.entries import Entry, Refused
from certificates.issuance.hooks import Subject
from certificates.issuance.models import Certificate, NumberRule, SigningKey
from certificates.issuance.rules import Given, Space
from certificates.issuance.sealing import Holder
from certificates.issuance.status_lists import Place
from registry.identity.masking import mask_name
from registry.institutions.models import Institution
from registry.lib import figures
from registry.occupations.models import SkillLevel

# Crockford's base32: no I, L, O, U, so that a code can be read out and typed.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH: Final = 16  # 80 bits: nobody guesses one


class Composed(NamedTuple):
    """One row of the table of intents, in the order of `COLUMNS`."""

    id: int
    source_type: str
    source_id: str
    person_id: UUID
    institution_id: int
    family: str
    number: str
    space: str
    serial: int
    code: str
    name: str
    occupation_code: str
    occupation_name: str
    direction: str
    level_id: int | None
    region_code: str
    issued_on: date
    expires_on: date | None
    printed: str
    sealed: bytes
    payload: bytes
    status_list_id: int
    status_index: int
    key_id: int
    state: str


COLUMNS: Final = Composed._fields


class Terms(NamedTuple):
    """What holds for every line of one issue."""

    institution: Institution
    issuer: str
    family: str
    issued_on: date
    region_code: str
    rule: NumberRule | None
    key: SigningKey | None
    levels: Mapping[int, SkillLevel]
    expires_on: date | None
    full_name: bool
    title: str

    def subject(self, entry: Entry, holder: Holder) -> Subject:
        return Subject(entry, holder, self.family, self.institution.pk, self.institution.name)

    def space(self, entry: Entry) -> Space | Refused:
        """In which space this line is numbered."""
        if self.rule is None:
            return Refused(entries.NO_RULE)
        level = self.levels.get(entry.level) if entry.level else None
        return rules.space(
            self.rule.segments,
            Given(
                entry.prefix,
                self.institution.pk,
                self.institution.region_id,
                self.issued_on.year,
                level.code or None if level else None,
            ),
        )

    def compose(
        self,
        subject: Subject,
        row: int,
        space: Space,
        serial: int,
        place: Place,
        salt: bytes,
        seal: Callable[[int, Holder], bytes],
    ) -> Composed:
        """The row to store. Nothing that is drawn at random is drawn again later: what is stored is what is signed."""
        entry, key = subject.entry, self.key
        assert key is not None
        number = space.number(serial)
        return Composed(
            id=row,
            source_type=entry.source_type,
            source_id=entry.source_id,
            person_id=entry.person_id,
            institution_id=self.institution.pk,
            family=self.family,
            number=number,
            space=space.text,
            serial=serial,
            code=new_code(),
            name=entry.title or self.title,
            occupation_code=entry.occupation_code,
            occupation_name=entry.occupation_name,
            direction=entry.direction,
            level_id=entry.level,
            region_code=entry.region_code or self.region_code,
            issued_on=self.issued_on,
            expires_on=self.expires_on,
            printed=json.dumps(self._printed(entry), ensure_ascii=False),
            sealed=seal(row, subject.holder),
            payload=payload.build(self._claims(subject, number, key.kid, place, salt)),
            status_list_id=place.status_list,
            status_index=place.bit,
            key_id=key.pk,
            state="prepared",
        )

    def _claims(self, subject: Subject, number: str, kid: str, place: Place, salt: bytes) -> payload.Claims:
        """What is signed."""
        entry, holder = subject.entry, subject.holder
        return payload.Claims(
            issuer=self.issuer,
            number=number,
            name=holder.name if self.full_name else mask_name(holder.name),
            check=payload.check_of(holder.name, holder.document_number, salt),
            occupation_code=entry.occupation_code,
            occupation_name=entry.occupation_name,
            level=entry.level or 0,
            issued_on=self.issued_on,
            body=entry.printed.get("body") or self.institution.name,
            kid=kid,
            status_list=place.status_list,
            status_index=place.bit,
            salt=salt,
            family=self.family,
            expires_on=self.expires_on,
        )

    def _printed(self, entry: Entry) -> dict[str, Any]:
        """What the paper shows besides, in the words of today: a body or level renamed later changes no certificate."""
        level = self.levels.get(entry.level) if entry.level else None
        return {
            "body": self.institution.name,
            "body_code": entry.prefix,
            "level": level.name if level else "",
            **entry.printed,
        }


def terms(
    institution: Institution, family: str, issued_on: date, region_code: str, key: SigningKey | None = None
) -> Terms:
    """Look up what holds for an issue. Without a key nothing can be composed, only examined."""
    return Terms(
        institution=institution,
        issuer=key.issuer if key else "",
        family=family,
        issued_on=issued_on,
        region_code=region_code,
        rule=rules.rule_for(family, institution.region_id, issued_on),
        key=key,
        levels=SkillLevel.objects.in_bulk(),
        expires_on=validity.last_day(family, issued_on),
        full_name=bool(figures.number("certificates.qr_full_name", issued_on)),
        title=str(Certificate.Family(family).label),
    )


def new_code() -> str:
    """Sixteen characters of Crockford's base32 from 80 random bits."""
    drawn = int.from_bytes(os.urandom(10), "big")
    return "".join(_ALPHABET[drawn >> shift & 31] for shift in range(75, -1, -5))
