"""People with sealed numbers, and classes that they sit in, for tests of who may read what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from registry.identity.current import keyring
from registry.identity.id_numbers import check_digit
from registry.identity.keyring import BANK, IDNO, PHONE
from registry.identity.masking import mask_account, mask_id_number, mask_phone
from registry.identity.uuid7 import uuid7
from registry.institutions.models import Institution
from registry.people.models import BankAccount, Document, Person, Phone
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

START = dt.date(2026, 3, 2)


@dataclass(frozen=True)
class Numbers:
    """What is sealed of one invented person."""

    id_number: str
    phone: str
    bank_account: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.id_number, self.phone, self.bank_account))


def numbers(n: int) -> Numbers:
    """Of the n-th invented person: right check digit, a phone and an account that nobody has."""
    front = f"65322219900101{n:03}"
    return Numbers(front + check_digit(front), f"1990000{n:04}", f"621700{n:013}")


def make_person(name: str, n: int) -> tuple[Person, Numbers]:
    """A person with an identity card, a telephone and an account."""
    person = Person.objects.create(name=name, name_key=name)
    told, ring = numbers(n), keyring()
    Document.objects.create(
        id=person.pk,
        person=person,
        kind=Document.Kind.ID_CARD,
        sealed=ring.seal(told.id_number, IDNO, person.pk),
        blind_index=ring.blind_index(told.id_number, IDNO),
        mask=mask_id_number(told.id_number),
    )
    for model, purpose, value, mask in (
        (Phone, PHONE, told.phone, mask_phone(told.phone)),
        (BankAccount, BANK, told.bank_account, mask_account(told.bank_account)),
    ):
        row = uuid7()
        model.objects.create(
            id=row,
            person=person,
            sealed=ring.seal(value, purpose, row),
            blind_index=ring.blind_index(value, purpose),
            mask=mask,
        )
    return person, told


def enrol(
    person: Person, school: Institution, number: str, *, state: str = "running", ended: bool = False
) -> Enrolment:
    """The person in a class of the school, which is made where there is none of this number."""
    klass, _new = TrainingClass.objects.get_or_create(
        institution=school,
        number=number,
        defaults={
            "region_id": school.region_id,
            "starts_on": START,
            "ends_on": START + dt.timedelta(days=18),
            "state": state,
        },
    )
    return Enrolment.objects.create(
        person=person,
        klass=klass,
        state="finished" if ended else "studying",
        finished_on=klass.ends_on if ended else None,
        started_on=START,
        region_code=klass.region_id,
        funding=klass.funding,
        training_type=klass.training_type,
    )
