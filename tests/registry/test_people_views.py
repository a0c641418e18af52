"""Pages of people: found within one's scope only, opened with a trace."""

from __future__ import annotations

import pytest
from django.test import Client

from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.people.models import Person
from tests.registry.places import World, make_user, make_world
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def person() -> Person:
    return Person.objects.create(name="古丽·买买提", name_key="古丽·买买提")


def signed_in(user: User) -> Client:
    client = Client()
    sign_in(client, user)
    return client


def test_names_go_into_the_address_and_numbers_never_do(world: World) -> None:
    client = signed_in(make_user("reviewer", Role.C1, region=world.county))
    assert client.post("/people/", {"q": "古丽"}).headers["Location"] == "/people/?q=%E5%8F%A4%E4%B8%BD"
    assert client.post("/people/", {"q": "653222199001011234"}).headers["Location"] == "/people/"


def test_beyond_the_scope_there_is_nobody(world: World, person: Person) -> None:
    client = signed_in(make_user("reviewer", Role.C1, region=world.county))
    assert client.get(f"/people/{person.pk}/").status_code == 404
    assert not Action.objects.filter(code="people.read").exists()


def test_opening_an_account_leaves_a_trace_that_its_owner_sees(person: Person) -> None:
    signed_in(make_user("auditor", Role.AUD)).get(f"/people/{person.pk}/")
    assert Action.objects.get(code="people.read").subject_id == str(person.pk)
    person.user = make_user("owner", Role.TRN)
    person.save()
    own = signed_in(person.user)
    page = own.get("/people/me/").content.decode()
    assert "谁查看过" in page and "auditor姓名" in page and "审计" in page
    assert Action.objects.filter(code="people.read").count() == 1


@pytest.mark.parametrize(("role", "status"), [(Role.SYS, 403), (Role.TRN, 200), (Role.AUD, 200)])
def test_who_may_look_people_up(role: Role, status: int) -> None:
    assert signed_in(make_user("someone", role)).get("/people/").status_code == status
