"""Consent: texts in force, who agreed to which version and how, and taking it back.

A missing or withdrawn consent is shown to whoever works with the record; it never undoes what is on record already.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.accounts.models import User
from registry.audit import services as audit
from registry.lib.dated import in_force
from registry.lib.scope import Scope
from registry.lib.upsert import Counts
from registry.people import queries as people
from registry.people.models import Person
from registry.rights.models import Consent, ConsentText

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Standing:
    """One text in force and where a person stands with it. `earlier` is set where they took it back."""

    text: ConsentText
    given: Consent | None
    earlier: Consent | None

    @property
    def word(self) -> str:
        """已同意, 已撤回 or 未同意."""
        if self.given is not None:
            return _("已同意")
        return _("已撤回") if self.earlier is not None else _("未同意")


def texts(on: date) -> list[ConsentText]:
    """The version in force of each text."""
    found = ConsentText.objects.filter(in_force(on))
    newest = {text.purpose: text for text in found.order_by("version")}
    return [newest[purpose] for purpose in ConsentText.Purpose.values if purpose in newest]


def standing(person: Person, on: date) -> list[Standing]:
    """How a person stands with each text in force."""
    given = list(Consent.objects.filter(person=person).select_related("text").order_by("id"))
    found = []
    for text in texts(on):
        mine = [each for each in given if each.text_id == text.pk]
        open_ = next((each for each in mine if each.withdrawn_at is None), None)
        back = next((each for each in reversed(given) if each.text.purpose == text.purpose), None)
        found.append(Standing(text, open_, back if back and back.withdrawn_at else None))
    return found


def without(scope: Scope, text: ConsentText, *, klass: int | None = None) -> QuerySet[Person]:
    """People in view who have not agreed to a text, of one class on request."""
    agreed = Consent.objects.filter(text=text, withdrawn_at=None).values("person_id")
    found = people.people(scope).exclude(pk__in=agreed)
    if klass is not None:
        found = found.filter(pk__in=Person.objects.filter(enrolments__klass_id=klass).values("pk"))
    return found


def give(person: Person, text_id: int, *, actor: User) -> Consent:
    """The person agrees on screen; twice is once."""
    with transaction.atomic():
        text = ConsentText.objects.get(pk=text_id)
        consent, new = Consent.objects.get_or_create(
            person=person,
            text=text,
            withdrawn_at=None,
            defaults={"how": Consent.How.SCREEN, "given_on": timezone.localdate(), "recorded_by": actor},
        )
        if new:
            _record("rights.consent", person.pk, text, actor)
    return consent


def record_paper(
    scope: Scope, ids: Sequence[UUID], text_id: int, *, reference: str, given_on: date, actor: User
) -> int:
    """A school says that these people signed on paper; returns how many had not agreed before.

    Raises ValidationError for a day to come or a missing reference. People beyond the scope are left out.
    """
    if given_on > timezone.localdate() or not reference.strip():
        raise ValidationError(_("请填写纸质材料编号，签署日期不能晚于今天。"))
    text = ConsentText.objects.get(pk=text_id)
    with transaction.atomic():
        mine = list(without(scope, text).filter(pk__in=ids).values_list("pk", flat=True))
        made = Consent.objects.bulk_create(
            [
                Consent(
                    person_id=pk,
                    text=text,
                    how=Consent.How.PAPER,
                    reference=reference.strip(),
                    given_on=given_on,
                    recorded_by=actor,
                )
                for pk in mine
            ],
            ignore_conflicts=True,
        )
        if made:
            audit.record(
                code="rights.consent_paper",
                actor=actor,
                subject_type="consent",
                n=len(made),
                reason=reference.strip(),
                after={"purpose": text.purpose, "version": text.version},
            )
    return len(made)


def withdraw(consent_id: int, *, person: Person, actor: User) -> None:
    """The person takes a consent back; twice is once. Raises Consent.DoesNotExist for somebody else's."""
    with transaction.atomic():
        consent = Consent.objects.select_related("text").get(pk=consent_id, person=person)
        if Consent.objects.filter(pk=consent_id, withdrawn_at=None).update(withdrawn_at=Now()):
            _record("rights.consent_withdrawn", person.pk, consent.text, actor)


def panel(scope: Scope, person: Person) -> dict[str, Any] | None:
    """On the account page: where the person stands, for themselves and for staff."""
    found = standing(person, timezone.localdate())
    if not found:
        return None
    missing = sum(each.given is None for each in found)
    return {"rows": found, "missing": missing, "own": scope.kind == "own"}


def load() -> dict[str, Counts]:
    """Add versions of texts that are missing; a version that is there stays as it is."""
    rows = _defaults()
    new = 0
    for row in rows:
        try:
            with transaction.atomic():
                new += ConsentText.objects.get_or_create(
                    purpose=row["purpose"],
                    version=row["version"],
                    defaults={
                        "title": row["title"],
                        "body": row["body"].strip(),
                        "consequence": row["consequence"].strip(),
                        "valid_from": row["valid_from"],
                    },
                )[1]
        except IntegrityError:  # somebody else loads at this moment
            continue
    return {"consent texts": Counts(added=new, unchanged=len(rows) - new)}


def differences() -> list[str]:
    """Default versions that no row holds."""
    held = set(ConsentText.objects.values_list("purpose", "version"))
    return sorted(
        f"{row['purpose']} v{row['version']}"
        for row in _defaults()
        if (row["purpose"], row["version"]) not in held
    )


def _record(code: str, person_id: UUID, text: ConsentText, actor: User) -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="person",
        subject_id=person_id,
        after={"purpose": text.purpose, "version": text.version},
        person_id=person_id,
    )


def _defaults() -> list[dict[str, Any]]:
    content = tomllib.loads((DATA / "consent_texts.toml").read_text("utf-8"))
    found: list[dict[str, Any]] = content["text"]
    return found
