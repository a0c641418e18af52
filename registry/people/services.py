"""Registering people: whole sets at once, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.utils import CursorWrapper

from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import PHONE
from registry.identity.masking import mask_phone
from registry.identity.uuid7 import uuid7
from registry.people.models import Person, Phone

# ``source`` yields: person_id, name, name_key, sex, birth, education, region_code, doc_kind, sealed, bidx, mask.
_PEOPLE = """
INSERT INTO people_person (id, name, name_key, sex, birth_date, education, region_code, state)
SELECT person_id, name, name_key, coalesce(sex, ''), birth, education, region_code, 'active'
FROM ({source}) n
"""

_DOCUMENTS = """
INSERT INTO people_document (id, person_id, kind, sealed, blind_index, mask, is_primary)
SELECT person_id, person_id, doc_kind, sealed, bidx, mask, true
FROM ({source}) n
"""

_PHONES = """
INSERT INTO people_phone (id, person_id, sealed, blind_index, mask)
SELECT phone_id, person_id, phone_sealed, phone_bidx, phone_mask
FROM ({source}) n
WHERE NOT EXISTS (
    SELECT 1 FROM people_phone p WHERE p.person_id = n.person_id AND p.blind_index = n.phone_bidx)
"""

_ACCOUNTS = """
INSERT INTO people_bankaccount (id, person_id, bank_name, holder_name, sealed, blind_index, mask)
SELECT account_id, person_id, coalesce(bank_name, ''), coalesce(bank_holder, ''), bank_sealed, bank_bidx, bank_mask
FROM ({source}) n
WHERE NOT EXISTS (
    SELECT 1 FROM people_bankaccount b WHERE b.person_id = n.person_id AND b.blind_index = n.bank_bidx)
"""

_LOCK = """
SELECT count(*) FILTER (WHERE state <> 'active') FROM (
    SELECT state FROM people_person WHERE id IN ({source}) ORDER BY id FOR NO KEY UPDATE) held
"""


class MergedMeanwhile(OperationalError):
    """One of the people was just folded into another record: whoever looked them up must look again."""


def register(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """Add people who are not known yet, each with the document they came with; returns how many.

    The first document shares its person's id, which is also what its ciphertext is bound to. A number that another
    transaction registered a moment ago raises IntegrityError: nobody is quietly left out.
    """
    cursor.execute(_PEOPLE.replace("{source}", source), params)
    count = cursor.rowcount
    cursor.execute(_DOCUMENTS.replace("{source}", source), params)
    return int(count)


def add_phones(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """``source`` yields phone_id, person_id, phone_sealed, phone_bidx, phone_mask, once per person and number."""
    cursor.execute(_PHONES.replace("{source}", source), params)
    return int(cursor.rowcount)


@transaction.atomic
def add_phone(person: Person, phone: str, *, actor: User | None) -> Phone:
    """One telephone (11 digits) of one person; the row that is there already if they have it."""
    index = keyring().blind_index(phone, PHONE)
    held = Phone.objects.filter(person=person, blind_index=index).first()
    if held is not None:
        return held
    row = uuid7()
    made = Phone.objects.create(
        id=row,
        person=person,
        sealed=keyring().seal(phone, PHONE, row),
        blind_index=index,
        mask=mask_phone(phone),
    )
    audit.record(
        code="people.add_phone",
        actor=actor,
        subject_type="person",
        subject_id=person.pk,
        personal={"mask": made.mask},
        person_id=person.pk,
    )
    return made


def add_accounts(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """``source`` yields account_id, person_id, bank_name, bank_holder, bank_sealed, bank_bidx, bank_mask."""
    cursor.execute(_ACCOUNTS.replace("{source}", source), params)
    return int(cursor.rowcount)


def hold(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> None:
    """Lock people (``source`` yields their ids) until the transaction ends, lowest id first.

    Whoever counts a person's rows must see those of an import that is about to commit; people whom two imports do not
    share never make one wait for the other. Raises MergedMeanwhile.
    """
    cursor.execute(_LOCK.replace("{source}", source), params)
    ((merged,),) = cursor.fetchall()
    if merged:
        raise MergedMeanwhile(f"{merged} people")
