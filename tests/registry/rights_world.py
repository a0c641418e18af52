"""People of a small world who may ask for their rights: each with a number, a telephone and a sign-in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.test import Client

from registry.accounts.models import Role, User
from registry.identity.current import keyring
from registry.identity.masking import mask_id_number, mask_phone
from registry.identity.uuid7 import uuid7
from registry.lib.text import name_key
from registry.people.models import Document, Person, Phone
from registry.rights import terms
from tests import town
from tests.registry.places import make_user
from tests.signing import sign_in
from training.enrolments.models import Enrolment


@dataclass
class RightsWorld:
    """A town, a trainee of its class with a sign-in, and the desks around them."""

    town: town.Town
    trainee: User
    person: Person
    clerk: User
    county: User
    prefecture: User

    def client(self, user: User) -> Client:
        return sign_in(Client(), user)


def build() -> RightsWorld:
    place = town.build()
    terms.load()
    person = make_person(1, place)
    trainee = make_user("trainee", Role.TRN)
    person.user = trainee
    person.save(update_fields=["user"])
    return RightsWorld(
        place,
        trainee,
        person,
        make_user("school", Role.PC, institution=place.school),
        make_user("county", Role.C1, region_id=town.CITY),
        make_user("prefecture", Role.C2, region_id=town.PREFECTURE),
    )


def make_person(n: int, place: town.Town, *, enrolled: bool = True) -> Person:
    """The town's nth person on record, with document and telephone, in its class unless told otherwise."""
    who = town.person(n)
    ring = keyring()
    person = Person.objects.create(
        name=who.name, name_key=name_key(who.name), sex="M", birth_date=dt.date(1990, 1, 1)
    )
    Document.objects.create(
        id=person.pk,
        person=person,
        kind="id_card",
        sealed=ring.seal(who.id_number, "idno", person.pk),
        blind_index=ring.blind_index(who.id_number, "idno"),
        mask=mask_id_number(who.id_number),
    )
    phone_id = uuid7()
    Phone.objects.create(
        id=phone_id,
        person=person,
        sealed=ring.seal(who.phone, "phone", phone_id),
        blind_index=ring.blind_index(who.phone, "phone"),
        mask=mask_phone(who.phone),
    )
    if enrolled:
        Enrolment.objects.create(
            person=person,
            klass=place.klass,
            started_on=town.STARTS,
            region_code=town.CITY,
            funding="subsidised",
            training_type="employment",
        )
    return person
