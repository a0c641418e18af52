"""Changing a recorded fact of a person, because it was found to be wrong.

What stood there before goes into the personal part of the record, which only audit reads and erasure destroys; history
commits to the person's row again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.models import Action
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.identity.keyring import IDNO, PHONE
from registry.identity.masking import mask_id_number, mask_phone
from registry.identity.uuid7 import uuid7
from registry.lib.phones import parse_phone
from registry.lib.text import clean_name, name_key
from registry.people.models import Document, Person, Phone

NAME, ID_NUMBER, SEX, PHONE_NUMBER, EDUCATION = "name", "id_number", "sex", "phone", "education"
FACTS = (NAME, ID_NUMBER, SEX, PHONE_NUMBER, EDUCATION)

_CANON = "person_v1"


class TakenByOther(ValidationError):
    """The number stands in another person's record: two records of one person, or one of two numbers is wrong."""


def checked(fact: str, value: str) -> str:
    """The value as it would be stored. Raises ValidationError with what is wrong, KeyError for another fact."""
    return _CHECKS[fact](value.strip())


def amend(person_id: UUID, fact: str, value: str, *, actor: User | None, because: str) -> Action:
    """Let a fact of a living record be `value`; `because` names the case, without personal data.

    A wrong number is replaced, and sex and day of birth follow it. A telephone becomes the person's only one.
    Raises ValidationError (TakenByOther among them) and Person.DoesNotExist.
    """
    value = checked(fact, value)
    try:
        with transaction.atomic():
            person = Person.objects.select_for_update().get(pk=person_id, state=Person.State.ACTIVE)
            before = _change(person, fact, value)
            action = audit.record(
                code="people.amend",
                actor=actor,
                subject_type="person",
                subject_id=person_id,
                reason=because,
                after={"fact": fact},
                personal={"fact": fact, "before": before, "after": value},
                person_id=person_id,
            )
            audit.manifest_rows(action, Person._meta.db_table, _CANON, [person_id])
    except IntegrityError as error:
        raise TakenByOther(_("这个号码已登记在另一份档案下，请先在“疑似同一人”中核对。")) from error
    return action


def _change(person: Person, fact: str, value: str) -> str:
    """Write the value; returns what stood there."""
    if fact == ID_NUMBER:
        return _replace_number(person, value)
    if fact == PHONE_NUMBER:
        return _replace_phone(person, value)
    before = str(getattr(person, fact))
    setattr(person, fact, value)
    changed = [fact]
    if fact == NAME:
        person.name_key = name_key(value)
        changed.append("name_key")
    person.save(update_fields=changed)
    return before


def _replace_number(person: Person, value: str) -> str:
    verdict = id_numbers.check(value)
    ring = keyring()
    document = person.documents.select_for_update().order_by("-is_primary", "created_at", "id").first()
    before = ""
    if document is None:
        document = Document(id=person.pk, person=person)
    else:
        before = ring.open_(bytes(document.sealed), IDNO, document.pk).decode()
    document.kind = verdict.kind
    document.sealed = ring.seal(verdict.value, IDNO, document.pk)
    document.blind_index = ring.blind_index(verdict.value, IDNO)
    document.mask = mask_id_number(verdict.value)
    document.save()
    if verdict.birth is not None:
        person.birth_date, person.sex = verdict.birth, verdict.sex or person.sex
        person.save(update_fields=["birth_date", "sex"])
    return before


def _replace_phone(person: Person, value: str) -> str:
    ring = keyring()
    held = [
        ring.open_(bytes(phone.sealed), PHONE, phone.pk).decode()
        for phone in person.phones.select_for_update().order_by("created_at", "id")
    ]
    person.phones.all().delete()
    phone_id = uuid7()
    Phone.objects.create(
        id=phone_id,
        person=person,
        sealed=ring.seal(value, PHONE, phone_id),
        blind_index=ring.blind_index(value, PHONE),
        mask=mask_phone(value),
    )
    return "、".join(held)


def _name(value: str) -> str:
    name = clean_name(value)
    longest: Any = Person._meta.get_field("name").max_length
    if not name or len(name) > longest:
        raise ValidationError(_("请填写姓名，不超过 %(n)s 个字。") % {"n": longest})
    return name


def _number(value: str) -> str:
    verdict = id_numbers.check(id_numbers.normalise(value).value)
    if not verdict.ok:
        raise ValidationError(verdict.message)
    return verdict.value


def _phone(value: str) -> str:
    phone = parse_phone(value)
    if phone is None:
        raise ValidationError(_("请填写 11 位手机号码。"))
    return phone


def _sex(value: str) -> str:
    spoken = {str(sex.label): sex.value for sex in Person.Sex if sex.value}
    if value not in spoken and value not in spoken.values():
        raise ValidationError(_("请填写男或女。"))
    return spoken.get(value, value)


def _education(value: str) -> str:
    longest: Any = Person._meta.get_field("education").max_length
    if not value or len(value) > longest:
        raise ValidationError(_("请填写文化程度，不超过 %(n)s 个字。") % {"n": longest})
    return value


_CHECKS = {NAME: _name, ID_NUMBER: _number, SEX: _sex, PHONE_NUMBER: _phone, EDUCATION: _education}
