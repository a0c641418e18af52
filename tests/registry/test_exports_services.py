"""Rows leave the registry with a reason, masked and marked, for a time, and those who stand in them are told."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from registry.accounts.models import Membership, Role, User
from registry.accounts.scopes import actor_for
from registry.audit.models import Action
from registry.audit.verify import Report, verify_table
from registry.exports import alerts, services, sources
from registry.exports.models import Export, ExportContent, ExportPart, ReadingLimit
from registry.identity.keyring import Tampered
from registry.lib.scope import Scope
from registry.people import looking
from registry.people.models import Person
from registry.review import services as review
from registry.review.errors import NotYourTurn, SamePerson
from registry.review.models import Case
from tests.registry.places import World, make_user, make_world
from tests.registry.sealed import Numbers, enrol, make_person
from tests.signing import sign_in

pytestmark = pytest.mark.django_db
SINCE = dt.date(2020, 1, 1)
WHY = {"reason": "report", "purpose": "报州人社局三季度统计"}


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def people(world: World) -> list[tuple[Person, Numbers]]:
    """Three in a class of the school, one next door."""
    made = [make_person(name, n) for n, name in enumerate(["古丽", "=1+1", "张三", "隔壁"], start=1)]
    for person, _ in made[:3]:
        enrol(person, world.school, "MY-01")
    enrol(made[3][0], world.school_next_door, "PS-01")
    return made


@pytest.fixture
def reviewer(world: World, people: object) -> User:
    return make_user("reviewer", Role.C1, region=world.county)


def limit(code: str, value: int) -> None:
    ReadingLimit.objects.create(code=code, value=value, valid_from=SINCE)


def ask(user: User, **asked: str) -> Export:
    return services.ask(
        actor=actor_for(user), user=user, source=sources.get("enrolments"), asked=asked, **WHY
    )


def made(user: User, **asked: str) -> Export:
    export = ask(user, **asked)
    services.make(export.pk)
    export.refresh_from_db()
    return export


def fetch(export: Export, user: User) -> Export:
    return services.fetch(export.pk, actor=actor_for(user), user=user)


def decide(export: Export, actor: User, outcome: str = "approve", reason: str = "") -> None:
    case = Case.objects.get(pk=export.case_id)
    review.decide(
        case_id=case.pk, step=case.step, outcome=outcome, reason=reason, actor=actor, version=case.row_version
    )


def workbook(export: Export) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(b"".join(services.store.slices(export.pk))))


def written(code: str) -> list[Action]:
    return list(Action.objects.filter(code=code).order_by("id"))


def test_few_rows_are_made_at_once_masked_and_marked(
    reviewer: User, people: list[tuple[Person, Numbers]]
) -> None:
    export = made(reviewer)
    assert (export.state, export.rows, export.done, export.downloads) == ("ready", 3, 3, 0)
    book = workbook(export)
    sheet = book.active
    names = [sheet.cell(row, 1).value for row in range(2, 5)]
    assert names == ["张三", "=1+1", "古丽"] and sheet["A3"].data_type == "s"
    text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    assert not any(number in text for _, told in people for number in told)
    assert people[0][0].documents.get().mask in text
    last = str(sheet.cell(sheet.max_row, 1).value)
    assert export.number in last and "reviewer姓名" in last and "墨玉县" in last
    assert export.number in sheet.oddFooter.left.text
    assert book.properties.subject == export.number
    assert {p.name: p.value for p in book.custom_doc_props.props}["export"] == export.pk.hex


def test_the_file_lies_sealed_and_another_exports_slice_does_not_open_in_its_place(reviewer: User) -> None:
    first, second = made(reviewer), made(reviewer)
    sealed = {part.export_id: bytes(part.sealed) for part in ExportPart.objects.all()}
    assert not any(part.startswith(b"PK") for part in sealed.values())
    ExportPart.objects.filter(export=first).update(sealed=sealed[second.pk])
    with pytest.raises(Exception, match="not sealed for this row"):
        workbook(first)


def test_who_stands_in_it_is_kept_committed_to_and_cannot_be_changed(
    reviewer: User, people: list[tuple[Person, Numbers]]
) -> None:
    made(reviewer)
    content = ExportContent.objects.get()
    assert set(content.persons) == {person.pk for person, _ in people[:3]}
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        ExportContent.objects.update(persons=[])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE exports_exportcontent DISABLE TRIGGER exports_exportcontent_keep")
        ExportContent.objects.update(persons=content.persons[:2])
        cursor.execute("ALTER TABLE exports_exportcontent ENABLE ALWAYS TRIGGER exports_exportcontent_keep")
    report = Report()
    verify_table(Scope.all(), "exports_exportcontent", report)
    assert [(d.row_id, d.fault) for d in report.differences] == [(content.pk, "changed")]


def test_the_person_sees_that_they_were_exported_and_others_do_not(
    reviewer: User, people: list[tuple[Person, Numbers]]
) -> None:
    made(reviewer)
    told = {
        person.name: looking.readings(looking.actions(Scope.own(person.pk), person)) for person, _ in people
    }
    assert [(r.who, r.role, r.place, r.what, r.reason) for r in told["古丽"]] == [
        ("reviewer姓名", "县级初审", "墨玉县", "导出培训记录，共 3 行", "上报统计与考核")
    ]
    assert told["隔壁"] == []


def test_the_record_of_an_export_names_nobody(reviewer: User, people: list[tuple[Person, Numbers]]) -> None:
    made(reviewer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, ' ') FROM audit_action a WHERE code LIKE 'exports.%'")
        (text,) = cursor.fetchone()
    assert "exports.ask" in text and "exports.make" in text and WHY["purpose"] not in text
    assert not any(value in text for person, told in people for value in (person.name, str(person.pk), *told))


def test_many_rows_wait_for_a_second_person(reviewer: User) -> None:
    limit("export_rows_alone", 2)
    export = ask(reviewer)
    services.make(export.pk)  # nobody has agreed
    export.refresh_from_db()
    assert export.state == "waiting" and not ExportPart.objects.exists()
    second = make_user("second", Role.C2, region_id="653200")
    with pytest.raises(SamePerson):
        decide(export, make_user("again", Role.C2, region_id="653200", holder=reviewer.holder))
    with pytest.raises(NotYourTurn):  # next door
        decide(export, make_user("neighbour", Role.C1, region_id="653223"))
    decide(export, second)
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'exports.make'")
        ((args,),) = cursor.fetchall()
    assert json.loads(args) == {"export_id": str(export.pk)}
    services.make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.rows) == ("ready", 3)
    assert [action.actor_id for action in written("exports.release")] == [second.pk]


def test_many_rows_in_small_pieces_are_many_rows(reviewer: User) -> None:
    limit("export_rows_alone_per_day", 7)
    assert [ask(reviewer).state for _ in range(3)] == ["queued", "queued", "waiting"]


def test_what_a_second_person_refuses_is_not_made(reviewer: User) -> None:
    limit("export_rows_alone", 1)
    export = ask(reviewer)
    decide(export, make_user("second", Role.C2, region_id="653200"), "refuse", "用途不明")
    services.make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.refusal) == ("refused", "用途不明")


def test_more_than_an_export_may_hold_is_refused(reviewer: User) -> None:
    limit("export_rows_most", 2)
    with pytest.raises(services.NotAllowed, match="共 3 行"):
        ask(reviewer)


def test_no_more_rows_than_were_asked_for(
    reviewer: User, world: World, people: list[tuple[Person, Numbers]]
) -> None:
    export = ask(reviewer)
    enrol(people[3][0], world.school, "MY-02")
    services.make(export.pk)
    export.refresh_from_db()
    assert export.rows == 3


def test_the_rights_of_today_count_not_those_of_the_day_of_asking(reviewer: User) -> None:
    export = ask(reviewer)
    Membership.objects.filter(user=reviewer).update(valid_to=timezone.localdate() - dt.timedelta(days=1))
    # Another role of the same person does not step in.
    today = timezone.localdate()
    Membership.objects.create(user=reviewer, role=Role.AUD, valid_from=today, valid_to=today)
    services.make(export.pk)
    export.refresh_from_db()
    assert export.state == "failed" and not ExportContent.objects.exists()


def test_downloads_are_counted_and_end(reviewer: User) -> None:
    limit("export_downloads", 2)
    export = made(reviewer)
    for _ in range(2):
        fetch(export, reviewer)
    with pytest.raises(services.NotAllowed, match="已下载 2 次"):
        fetch(export, reviewer)
    assert [action.after["time"] for action in written("exports.download")] == [1, 2]


def test_nobody_fetches_another_ones_file(reviewer: User, world: World) -> None:
    export = made(reviewer)
    with pytest.raises(Export.DoesNotExist):
        fetch(export, make_user("other", Role.C1, region=world.county))


def test_a_file_whose_time_is_over_is_destroyed(reviewer: User) -> None:
    export, kept = made(reviewer), made(reviewer)
    Export.objects.filter(pk=export.pk).update(expires_at=timezone.now())
    with pytest.raises(services.NotAllowed, match="已到期"):
        fetch(export, reviewer)
    assert services.expire() == 1 and services.expire() == 0
    assert set(ExportPart.objects.values_list("export_id", flat=True)) == {kept.pk}
    assert ExportContent.objects.filter(export=export).exists()


def test_a_number_that_cannot_be_opened_makes_no_file_and_says_so(
    reviewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sealed_elsewhere(*asked: Any) -> Any:
        raise Tampered("idno: not sealed for this row, or altered")

    export = ask(reviewer)
    broken = replace(sources.get("enrolments"), lines=sealed_elsewhere)
    monkeypatch.setitem(sources._sources, "enrolments", broken)
    services.make(export.pk)
    assert "不能解密" in signed_in(reviewer).get(f"/exports/{export.pk}/").content.decode()
    assert not ExportPart.objects.exists() and not ExportContent.objects.exists()


def test_made_once_however_often_it_is_asked_for(reviewer: User) -> None:
    export = made(reviewer)
    services.make(export.pk)
    assert len(written("exports.make")) == 1


# --- pages ---------------------------------------------------------------------------------------------


def signed_in(user: User) -> Client:
    return sign_in(Client(), user)


FORM = {"reason_code": "report", "purpose": WHY["purpose"]}


def test_from_the_list_to_the_file(reviewer: User) -> None:
    client = signed_in(reviewer)
    assert (
        "/exports/new/enrolments/?state=studying"
        in client.get("/enrolments/?state=studying").content.decode()
    )
    asked: Any = client.get("/exports/new/enrolments/?state=studying")
    assert "在训" in asked.content.decode() and "学员本人可以看到" in asked.content.decode()
    assert client.post("/exports/new/enrolments/?state=studying", {}).status_code == 400
    answer = client.post("/exports/new/enrolments/?state=studying", FORM)
    export = Export.objects.get()
    assert answer.headers["Location"] == f"/exports/{export.pk}/" and export.asked == {"state": "studying"}
    assert "可下载" in client.get(f"/exports/{export.pk}/").content.decode()
    file = client.post(f"/exports/{export.pk}/file/")
    data = b"".join(file.streaming_content)
    assert file.headers["Cache-Control"] == "no-store" and len(data) == export.file_bytes > 0
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert export.number in client.get("/exports/").content.decode()


def test_an_auditor_sees_that_it_was_made_but_not_the_file(reviewer: User) -> None:
    export = made(reviewer)
    auditor = signed_in(make_user("auditor", Role.AUD))
    assert export.number in auditor.get("/exports/").content.decode()
    assert auditor.get(f"/exports/{export.pk}/").status_code == 200
    assert auditor.post(f"/exports/{export.pk}/file/").status_code == 404


def test_another_reviewer_does_not_even_see_it(reviewer: User, world: World) -> None:
    export = made(reviewer)
    other = signed_in(make_user("other", Role.C1, region=world.county))
    assert other.get(f"/exports/{export.pk}/").status_code == 404
    assert export.number not in other.get("/exports/").content.decode()


@pytest.mark.parametrize(
    ("role", "status"), [(Role.SYS, 403), (Role.TRN, 403), (Role.AAD, 403), (Role.AUD, 200)]
)
def test_who_may_export(role: Role, status: int) -> None:
    assert signed_in(make_user("someone", role)).get("/exports/").status_code == status


# --- what an auditor should look at -----------------------------------------------------------------------


def reveal(client: Client, person: Person) -> int:
    form = {"field": f"id_number:{person.pk}", "reason_code": "identity", "note": "核对证件原件是否一致"}
    return client.post(f"/people/{person.pk}/reveal/", form).status_code


def test_alerts_name_who_reads_much_at_night_or_beyond_their_own(
    reviewer: User, world: World, people: list[tuple[Person, Numbers]]
) -> None:
    for code, value in (("night_from_hour", 24), ("night_until_hour", 0), ("reveal_per_hour", 3)):
        limit(code, value)
    limit("alert_reveals_per_hour", 3)
    quiet = make_user("quiet", Role.C1, region=world.county)
    assert reveal(signed_in(quiet), people[0][0]) == 200
    client = signed_in(reviewer)
    assert [reveal(client, people[n % 2][0]) for n in range(4)] == [200, 200, 200, 429]
    assert reveal(client, people[3][0]) == 404
    (found,) = alerts.readers(Scope.all())
    assert (found.name, found.revealed, found.people, found.within_hour) == ("reviewer姓名", 3, 2, 3)
    assert (found.at_night, found.beyond, found.over_quota) == (0, 1, 1)
    assert alerts.readers(Scope.region("653222")) == []
    ReadingLimit.objects.filter(code="night_until_hour").update(value=24)
    assert {each.name: each.at_night for each in alerts.readers(Scope.all())} == {
        "reviewer姓名": 3,
        "quiet姓名": 1,
    }
    page = signed_in(make_user("keeper", Role.AAD)).get("/exports/alerts/").content.decode()
    assert "reviewer姓名" in page and people[0][0].name not in page
