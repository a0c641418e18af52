"""谁查看过我的信息: every opening, revealing and exporting, in words, to the person and to whoever may know."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from registry.accounts.models import Role, User
from registry.audit.models import Action
from registry.exports.models import Export, ExportContent
from registry.lib.scope import Scope
from registry.people import looking
from registry.people.models import Person
from registry.rights import contributors
from tests.registry.places import World, make_user, make_world
from tests.registry.sealed import enrol, make_person
from tests.signing import sign_in

pytestmark = pytest.mark.django_db
NOTE = "证书编号与台账不一致，核对"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def person(world: World) -> Person:
    person, _ = make_person("古丽·买买提", 7)
    enrol(person, world.school, "MY-01")
    person.user = make_user("owner", Role.TRN)
    person.save()
    return person


def signed_in(user: User) -> Client:
    return sign_in(Client(), user)


def reveal(user: User, person: Person) -> None:
    form = {"field": f"id_number:{person.pk}", "reason_code": "dispute", "note": NOTE}
    assert signed_in(user).post(f"/people/{person.pk}/reveal/", form).status_code == 200


def test_the_person_reads_who_did_what_and_why(world: World, person: Person) -> None:
    reviewer = make_user("reviewer", Role.C1, region=world.county)
    clerk = make_user("clerk", Role.PC, institution=world.school)
    row = person.enrolments.get()
    signed_in(reviewer).get(f"/people/{person.pk}/")
    signed_in(clerk).get(f"/enrolments/{row.pk}/")
    reveal(reviewer, person)
    own = signed_in(person.user)
    page = own.get("/people/me/readers/")
    rows = page.context["rows"]
    assert [(r.who, r.role, r.place, r.what, r.reason) for r in rows] == [
        ("reviewer姓名", "县级初审", "墨玉县", "查看完整证件号码", "答复本人申请或申诉"),
        ("clerk姓名", "机构经办", "墨玉县启航职业培训学校", "打开一条培训记录", ""),
        ("reviewer姓名", "县级初审", "墨玉县", "打开个人培训账户", ""),
    ]
    assert NOTE not in page.content.decode()
    assert "谁查看过" in own.get("/people/me/").content.decode()


def test_an_auditor_reads_the_note_as_well(world: World, person: Person) -> None:
    reveal(make_user("reviewer", Role.C1, region=world.county), person)
    page = signed_in(make_user("auditor", Role.AUD)).get(f"/people/{person.pk}/readers/").content.decode()
    assert NOTE in page


def test_looking_at_ones_own_number_is_there_as_ones_own(person: Person) -> None:
    own = signed_in(person.user)
    own.post(f"/people/{person.pk}/reveal/", {"field": f"id_number:{person.pk}"})
    own.get("/people/me/")
    (row,) = own.get("/people/me/readers/").context["rows"]
    assert (row.who, row.what, row.reason) == ("本人", "查看完整证件号码", "本人查看")


def test_a_list_leaves_no_trace(world: World, person: Person) -> None:
    client = signed_in(make_user("reviewer", Role.C1, region=world.county))
    for path in ("/people/?q=古丽", "/enrolments/", "/classes/"):
        assert client.get(path).status_code == 200
    assert not Action.objects.filter(code__in=("people.read", "people.reveal")).exists()


def test_an_institution_and_a_division_see_their_own_readers(world: World, person: Person) -> None:
    principal = make_user("principal", Role.PP, institution=world.school)
    reviewer = make_user("reviewer", Role.C1, region=world.county)
    prefecture = make_user("prefecture", Role.C2, region=world.prefecture)
    for reader in (principal, reviewer, prefecture):
        signed_in(reader).get(f"/people/{person.pk}/")

    def seen(user: User) -> list[str]:
        rows = signed_in(user).get(f"/people/{person.pk}/readers/").context["rows"]
        return sorted(row.who for row in rows)

    assert seen(principal) == ["principal姓名"]
    assert seen(reviewer) == ["reviewer姓名"]
    assert seen(prefecture) == ["prefecture姓名", "reviewer姓名"]
    assert (
        signed_in(make_user("clerk", Role.PC, institution=world.school))
        .get(f"/people/{person.pk}/readers/")
        .status_code
        == 403
    )


def test_what_was_read_of_a_record_that_was_merged_was_read_of_the_person(person: Person) -> None:
    other, _ = make_person("古丽买买提", 8)
    signed_in(make_user("auditor", Role.AUD)).get(f"/people/{other.pk}/")
    assert list(looking.actions(Scope.own(person.pk), person)) == []
    other.state, other.merged_into = Person.State.MERGED, person
    other.save()
    assert len(looking.actions(Scope.own(person.pk), person)) == 1


def test_nobody_reads_the_readers_of_another_trainee(person: Person) -> None:
    other, _ = make_person("别人", 9)
    assert signed_in(person.user).get(f"/people/{other.pk}/readers/").status_code == 404
    assert list(looking.actions(Scope.own(person.pk), other)) == []


def test_many_readings_come_in_pages(person: Person) -> None:
    auditor = signed_in(make_user("auditor", Role.AUD))
    for _ in range(53):
        auditor.get(f"/people/{person.pk}/")
    own = signed_in(person.user)
    first = own.get("/people/me/readers/")
    assert len(first.context["rows"]) == 50 and "53" in first.content.decode()
    second = own.get("/people/me/readers/", {"after": first.context["list"].page.next})
    assert len(second.context["rows"]) == 3
    assert "查看全部记录" in own.get("/people/me/").content.decode()


def test_a_copy_of_everything_says_who_looked(world: World, person: Person) -> None:
    reveal(make_user("reviewer", Role.C1, region=world.county), person)
    copied = {part["name"]: part["rows"] for part in contributors.everything(Scope.own(person.pk), person)}
    assert [(row["查看人"], row["做了什么"], row["事由"]) for row in copied["readings"]] == [
        ("reviewer姓名", "查看完整证件号码", "答复本人申请或申诉")
    ]


def test_exports_of_others_are_not_read_to_find_those_of_one_person(person: Person) -> None:
    """A few thousand people in exports are enough for the index to be asked; to read them all takes ever longer."""
    export = Export.objects.create(
        kind="enrolments", asker=person.user, role="RG", reason="report", purpose="x", rows=1, state="ready"
    )
    ExportContent.objects.bulk_create(
        ExportContent(export=export, number=n, action_id=1, persons=[uuid4() for _ in range(400)])
        for n in range(50)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE exports_exportcontent")
    plan = looking.actions(Scope.own(person.pk), person).explain()
    assert "exports_exportcontent_persons" in plan and "Seq Scan on exports_exportcontent" not in plan
