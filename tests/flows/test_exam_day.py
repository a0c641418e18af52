"""An exam day over HTTP: arranged, candidates and scores by sheet, locked by another person, changed by two, closed."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from certificates.evaluations import photos, queries
from certificates.evaluations.models import Candidate, Duty, Exam, Photo, Score
from registry.accounts.models import Role
from registry.audit import services as audit
from registry.exports import sources
from registry.intake import services as intake
from registry.intake.models import Batch
from registry.lib.scope import Scope
from registry.people.models import BankAccount
from registry.review.models import Case
from registry.rights import keepers
from tests import town as towns
from tests.exams import DAY, World
from tests.registry.places import make_user
from tests.sheets.plain import delimited
from tests.signing import sign_in

pytestmark = pytest.mark.django_db


def jpeg(width: int = 295, height: int = 413, *, note: bytes = b"") -> bytes:
    """The skeleton of a colour JPEG of this size; enough for everything but drawing it."""
    app = b"\xff\xe1" + struct.pack(">H", 2 + len(note)) + note if note else b""
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    sof = b"\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame
    sos = b"\xff\xda" + struct.pack(">H", 12) + b"\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"
    return b"\xff\xd8" + app + sof + sos + b"\x12\x34" + b"\xff\xd9"


def _hand_in(client: Client, kind: str, exam: Exam, rows: list[Any]) -> Batch:
    answer = client.post(
        "/intake/new/",
        {
            "kind": kind,
            f"{kind}.exam": f"{exam.institution.name}/{exam.number}",
            "file": SimpleUploadedFile("表.csv", delimited(rows)),
        },
    )
    assert answer.status_code == 302, answer.content.decode()
    batch = Batch.objects.latest("created_at")
    intake.check(batch.pk)
    assert client.post(f"/intake/{batch.pk}/commit/").status_code == 302
    return intake.commit(batch.pk)


def test_an_exam_day() -> None:
    world = World()
    clerk, signer = sign_in(Client(), world.clerk), sign_in(Client(), world.signer)
    said = {
        "site": world.site.pk, "occupation": world.town.welding.pk, "level": 3, "exam_on": DAY.isoformat(),
        "route": "exam",
    }  # fmt: skip
    assert clerk.post("/evaluations/new/", {**said, "level": 7}).status_code == 422
    made = clerk.post("/evaluations/new/", said)
    exam = Exam.objects.select_related("institution").get()
    assert made.status_code == 302 and made["Location"] == f"/evaluations/{exam.pk}/"
    here = f"/evaluations/{exam.pk}/"

    people = [towns.person(n) for n in range(3)]
    rows = [("姓名", "证件号码", "专业年限"), *[(p.name, p.id_number, "6") for p in people]]
    batch = _hand_in(clerk, "candidates", exam, rows)
    assert batch.created == {"persons": 3, "candidates": 3}
    for n, assessor in enumerate(world.assessors):
        role = "examiner" if n < 3 else "invigilator"
        clerk.post(f"{here}duties/", {"assessor": assessor.pk, "role": role, "declared_free": "on"})
    assert Duty.objects.filter(exam=exam, declared_free=True).count() == 4
    assert (
        clerk.post(
            f"{here}duties/", {"assessor": world.assessors[3].pk, "role": "examiner"}, follow=True
        ).context["conflicts"]
        == []
    )
    for verb in ("publish", "examined"):
        assert clerk.post(f"{here}move/", {"verb": verb}).status_code == 302
    assert "上传成绩表" in clerk.get(here).content.decode()

    one, two, three = Candidate.objects.filter(exam=exam).order_by("id")
    batch = _hand_in(
        clerk, "scores", exam, [("准考证号", "姓名", "理论", "实操"), (one.ticket, people[0].name, 80, 90)]
    )
    assert batch.created == {"scores": 1}
    page = clerk.get(f"{here}scores/").content.decode()
    assert 'value="80.0"' in page
    typed = {f"theory-{two.pk}": "70.5", f"practice-{two.pk}": "101", f"absent-{three.pk}": "on"}
    assert clerk.post(f"{here}scores/", typed).status_code == 422
    typed = {**typed, f"practice-{two.pk}": "50", f"theory-{one.pk}": "80.0", f"practice-{one.pk}": "90.0"}
    assert clerk.post(f"{here}scores/", typed).status_code == 302
    assert list(Score.objects.order_by("candidate").values_list("result", flat=True)) == [
        "pass",
        "fail",
        "absent",
    ]
    as_shown = {f"theory-{one.pk}": "80.0", f"practice-{one.pk}": "90.0", f"total-{one.pk}": "85.0"}
    as_shown |= {f"theory-{two.pk}": "70.5", f"practice-{two.pk}": "50.0", f"total-{two.pk}": "60.3"}
    # What nobody changed is nobody's entry.
    signer.post(f"{here}scores/", {**as_shown, f"absent-{three.pk}": "on"})
    assert set(Score.objects.values_list("entered_by", flat=True)) == {world.clerk.pk}
    clerk.post(f"{here}scores/", {**as_shown, f"absent-{three.pk}": "on", f"practice-{one.pk}": "80.0"})
    assert str(Score.objects.get(candidate=one).total) == "80.0"
    clerk.post(f"{here}move/", {"verb": "scored"})
    assert clerk.post(f"{here}lock/").status_code == 403
    signer.post(f"{here}lock/")
    exam.refresh_from_db()
    assert exam.state == "locked"

    asked = {"theory": "70.5", "practice": "60", "reason": "登分错行"}
    assert clerk.post(f"/evaluations/candidates/{two.pk}/change/", {**asked, "reason": ""}).status_code == 422
    assert clerk.post(f"/evaluations/candidates/{two.pk}/change/", asked).status_code == 302
    case = Case.objects.get()
    other = sign_in(Client(), make_user("es-2", Role.ES, institution=world.school))
    assert people[1].name in other.get(f"/review/{case.pk}/").content.decode()
    decided = {"step": "approve", "version": case.row_version, "outcome": "approve", "reason": ""}
    assert other.post(f"/review/{case.pk}/decide/", decided).status_code == 302
    assert clerk.post(f"{here}move/", {"verb": "close"}).status_code == 302
    assert [p.candidate_id for p in queries.passed(Scope.all(), exam.pk)] == [one.pk, two.pk]
    listed = clerk.get(f"{here}candidates/").content.decode()
    assert (
        people[0].name in listed and people[0].id_number not in listed and people[0].id_number[:6] in listed
    )
    # Who came straight to the exam stands in the files of this body's assessors, and of nobody else; what they are paid
    # on is not theirs to see.
    account = BankAccount.objects.create(
        person=one.person, sealed=b"x", blind_index=b"\x01" * 32, mask="6217****0001"
    )
    home = f"/people/{one.person_id}/"
    assert home in clerk.get("/people/", {"q": people[0].name}).content.decode()
    shown = clerk.get(home).content.decode()
    assert (
        "考试" in shown
        and "发放的补贴" not in shown
        and account.mask not in shown
        and people[0].id_number not in shown
    )
    assert account.mask not in clerk.get(f"{home}reveal/").content.decode()
    for role, place in ((Role.EB, world.town.other), (Role.PC, world.school)):
        stranger = sign_in(Client(), make_user(f"stranger-{role}".lower(), role, institution=place))
        assert stranger.get(home).status_code == 404
        assert home not in stranger.get("/people/", {"q": people[0].name}).content.decode()
    account.delete()
    assert clerk.get(f"/exports/new/exam-results/?exam={exam.pk}").status_code == 403
    source, asked = sources.get("exam-results"), {"exam": str(exam.pk)}
    scope = Scope.institution(world.school.pk)
    assert "3" in signer.get(f"/exports/new/exam-results/?exam={exam.pk}").content.decode()
    lines = [cells for _person, cells in source.lines(scope, asked, source.count(scope, asked))]
    assert [(cells[1], cells[5][6:14], cells[10]) for cells in lines] == [
        (person.name, "*" * 8, word) for person, word in zip(people, ("合格", "合格", "缺考"), strict=True)
    ]
    towns.proved()


def test_a_portrait_is_kept_without_what_a_camera_adds() -> None:
    world = World()
    clerk = sign_in(Client(), world.clerk)
    exam = world.exam([world.person(1)])
    one = exam.candidates.get()
    address = f"/evaluations/candidates/{one.pk}/photo/"

    def upload(data: bytes) -> Any:
        return clerk.post(address, {"photo": SimpleUploadedFile("照.jpg", data, "image/jpeg")})

    assert clerk.get(address).status_code == 404
    for bad in (b"GIF89a", jpeg()[:-2], jpeg(100, 140), jpeg(600, 400), jpeg()[:30], jpeg() + b"x" * 600_000):
        assert upload(bad).status_code == 422
    assert not Photo.objects.exists()
    assert upload(jpeg(note=b"Exif\0\0 where it was taken") + b"trailing").status_code == 302
    assert upload(jpeg(note=b"Exif\0\0 where it was taken") + b"trailing").status_code == 302
    kept = photos.photos_of([one.person_id])[one.person_id]
    assert kept == jpeg() and clerk.get(address).content == kept
    assert kept not in bytes(Photo.objects.get().sealed)
    Candidate.objects.filter(pk=one.pk).update(declared={"work_years": 6}, employer="某厂")
    with transaction.atomic():
        action = audit.record(code="rights.erase", actor=None, subject_type="person")
        assert keepers.forget(action, [one.person_id])["exams"] == 2
    one.refresh_from_db()
    assert (one.declared, one.employer, one.state) == ({}, "", "registered")
    assert clerk.get(address).status_code == 404
    away = sign_in(Client(), make_user("eb-away", Role.EB, institution=world.town.away))
    assert away.get(address).status_code == 404
