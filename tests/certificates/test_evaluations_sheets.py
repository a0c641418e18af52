"""The sheets of a batch: who is let in and why not, what each scored, and what a second sheet changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from certificates.evaluations import services
from certificates.evaluations.models import Avoidance, Candidate, ConditionPath, Exam, Score
from certificates.evaluations.sheets import ExamUnknown
from certificates.issuance.models import Certificate
from certificates.printing.models import PrintCopy
from certificates.printing.paper_models import PaperRequest, Sheet
from registry.accounts.models import Role
from registry.accounts.policy import Refused
from registry.intake.models import Batch
from registry.people.models import Document
from tests import town as towns
from tests.exams import DAY, D, World
from tests.registry.places import make_user
from tests.sheets.plain import delimited
from tests.signing import sign_in

pytestmark = pytest.mark.django_db

HEAD = (
    "序号",
    "职业工种名称",
    "认定等级",
    "申报条件",
    "证件类型",
    "证件号码",
    "姓名",
    "手机号码",
    "是否有职业资格证书",
    "证书等级",
    "证书编号",
    "认定分类",
    "考试类型",
    "民族",
    "专业年限",
    "毕业院校类别",
    "申报材料",
)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def _line(n: int, **more: Any) -> list[Any]:
    who = towns.person(n)
    told = {
        "职业工种名称": "焊工", "认定等级": "四级/中级工", "申报条件": "4-1", "证件类型": "201",
        "证件号码": who.id_number,
        "姓名": who.name, "手机号码": who.phone, "是否有职业资格证书": "否", "认定分类": "初次认定", "考试类型": "正考",
        "专业年限": "6", "申报材料": "身份证、申报表、工作证明", **more,
    }  # fmt: skip
    return [told.get(name) for name in HEAD]


def _hand_in(world: World, kind: str, rows: list[Any], exam: Exam, **more: Any) -> Batch:
    actor = more.pop("actor", world.clerk)
    return towns.load(
        world.town, kind, delimited(rows), actor=actor, exam=exam.pk, valid_rows_only=True, **more
    )


def test_candidates_and_scores_from_sheet_to_closed_batch(world: World) -> None:
    exam = services.arrange(world.plan(), actor=world.clerk)
    number = "S000065000123195000777"
    holder = world.person(9)
    Certificate.objects.create(
        person=holder, family="skill_level", number=number, level_id=2, region_code="653101",
        issued_on=DAY.replace(year=2019), state="valid", basis="reported",
    )  # fmt: skip
    rows = [
        HEAD,
        _line(1),
        _line(
            2, 申报条件=None, 专业年限="2", 毕业院校类别="中职", 申报材料="身份证"
        ),  # the diploma is lacking
        _line(3, 专业年限="2"),  # too few years
        _line(4, 职业工种名称="中式烹调师"),
        _line(5, 认定等级="高级工"),
        _line(6, 申报条件="9-9"),
        _line(7, 是否有职业资格证书="是"),
        _line(8, 是否有职业资格证书="是", 证书等级="5", 证书编号=number),  # somebody else's
        _line(
            10,
            申报条件=None,
            专业年限="3",
            是否有职业资格证书="是",
            证书等级="5",
            证书编号="S000099000123195000001",
        ),
        _line(1),
        _line(11, 考试类型="补考"),
    ]
    batch = _hand_in(world, "candidates", rows, exam)
    assert towns.said(batch) == [
        (4, "CONDITION_UNMET"),
        (5, "EXAM_MISMATCH"),
        (6, "EXAM_MISMATCH"),
        (7, "CONDITION_UNMET"),
        (8, "CONDITION_UNMET"),
        (9, "CERTIFICATE_NUMBER_TAKEN"),
        (10, "CONDITION_UNMET"),
        (11, "ID_DUPLICATE_IN_FILE"),
        (12, "NOT_ENROLLED"),
    ]
    assert towns.said(batch, "warning") == [(3, "EVIDENCE_MISSING"), (10, "CERTIFICATE_NOT_FOUND")]
    assert batch.sheet["ignored_columns"] == ["民族"]
    one, two = Candidate.objects.filter(exam=exam).select_related("path").order_by("row_no")
    assert (one.path.code, two.path.code) == ("4-1", "4-3")
    assert (one.ticket[:6], one.ticket[-4:], one.declared, one.evidence) == (
        "260314", "0001", {"work_years": 6.0}, ["id", "form", "work"],
    )  # fmt: skip
    again = _hand_in(world, "candidates", rows[:3], exam, name="再.csv")
    assert towns.counts(again) == (2, 0, 0, 2)

    _work(world, exam)
    services.publish(exam.pk, actor=world.clerk)
    score_head = ("准考证号", "姓名", "理论", "实作")
    early = _hand_in(world, "scores", [score_head, (one.ticket, towns.person(1).name, 80, 70)], exam)
    assert towns.said(early) == [(2, "EXAM_CLOSED")]
    services.examined(exam.pk, actor=world.clerk)
    scores = [
        ("姓名", "身份证号码", "理论成绩", "实操成绩", "综合成绩"),
        (towns.person(1).name, towns.person(1).id_number, "80", "70", None),
        (towns.person(2).name, towns.person(2).id_number, "缺考", "缺考", None),
        (towns.person(30).name, towns.person(30).id_number, "80", "70", None),
        (towns.person(1).name, towns.person(1).id_number, "81", "70", None),
    ]
    batch = _hand_in(world, "scores", scores, exam)
    assert towns.said(batch) == [(4, "NOT_ENROLLED"), (5, "ID_DUPLICATE_IN_FILE")]
    assert [
        (s.result, s.total, s.entered_by)
        for s in Score.objects.filter(candidate__exam=exam).order_by("row_no")
    ] == [
        ("pass", D("75.0"), world.clerk),
        ("absent", None, world.clerk),
    ]
    second = [
        score_head,
        (one.ticket, towns.person(1).name, 80, 70),
        (two.ticket, towns.person(1).name, 50, 90),
    ]
    batch = _hand_in(world, "scores", second, exam)
    assert towns.said(batch) == [(3, "ID_NAME_CONFLICT")] and batch.counts["unchanged"] == 1
    services.scored(exam.pk, actor=world.clerk)
    services.lock(exam.pk, actor=world.signer)
    late = _hand_in(
        world, "scores", [score_head, (one.ticket, towns.person(1).name, 99, 99)], exam, name="晚.csv"
    )
    assert towns.said(late) == [(2, "EXAM_CLOSED")]
    services.close(exam.pk, actor=world.signer)


def _work(world: World, exam: Exam) -> None:
    from certificates.evaluations.models import Duty

    for n, assessor in enumerate(world.assessors):
        Duty.objects.create(
            exam=exam, assessor=assessor, role="examiner" if n < 3 else "invigilator", declared_free=True
        )


def test_who_examines_is_not_examined(world: World) -> None:
    exam = services.arrange(world.plan(), actor=world.clerk)
    _work(world, exam)
    known = towns.load(world.town, "candidates", delimited([HEAD, _line(1)]), actor=world.clerk,
                       exam=services.arrange(world.plan(), actor=world.clerk).pk)  # fmt: skip
    assert known.created["candidates"] == 1
    document = Document.objects.get(person__candidacies__batch_id=known.pk)
    Avoidance.objects.create(assessor=world.assessors[0], person_id=document.person_id, relation="relative")
    rows = [HEAD, _line(1), _line(2)]
    batch = _hand_in(world, "candidates", rows, exam, name="回避.csv")
    assert towns.said(batch) == [(2, "ASSESSOR_CONFLICT")]


def test_each_hands_in_their_own_sheets(world: World) -> None:
    """A clerk of exams no ledger, an officer no scores; and a path that ended admits nobody."""
    with pytest.raises(Refused):
        towns.hand_in(world.town, "ledger", b"x", actor=world.clerk)
    with pytest.raises(Refused):
        towns.hand_in(world.town, "scores", b"x", actor=world.town.clerk)
    ConditionPath.objects.filter(code="4-1").update(valid_to=DAY.replace(year=2025))
    exam = services.arrange(world.plan(), actor=world.clerk)
    away = make_user("eb-away", Role.EB, institution=world.town.away)
    for named in (exam.pk, exam.number, f"{exam.institution.name}/{exam.number}"):
        with pytest.raises(ExamUnknown):
            towns.hand_in(world.town, "candidates", b"x", actor=away, exam=named)
    batch = _hand_in(
        world, "candidates", [HEAD, _line(1), _line(2, 申报条件=None, 毕业院校类别="大专")], exam
    )
    assert towns.said(batch) == [(2, "CONDITION_UNMET")]


def test_numbers_come_back_only_for_who_passed(world: World) -> None:
    exam = services.arrange(world.plan(), actor=world.clerk)
    people = [towns.person(n) for n in range(1, 6)]
    assert (
        _hand_in(world, "candidates", [HEAD, *(_line(n) for n in range(1, 6))], exam).counts["accepted"] == 5
    )
    _work(world, exam)
    services.publish(exam.pk, actor=world.clerk)
    marks = [(80, 80), (80, 80), (80, 80), (80, 80), (20, 80)]
    world.locked(exam, *((D(a), D(b)) for a, b in marks))
    prefix = "S000065000123"
    rows = [
        ("姓名", "证件号码", "证书编号", "证书版面发证日期", "等级", "印制流水号"),
        (people[0].name, people[0].id_number, f"{prefix}264000001", "2026-03-20", "四级", "xj 2024０001"),
        (people[1].name, people[1].id_number, f"{prefix}264000001", "2026-03-20"),  # the same number
        (people[2].name, people[2].id_number, f"{prefix}254000003", "2026-03-20"),  # another year
        (people[3].name, people[3].id_number, "S000065999999264000004", "2026-03-20"),  # another body
        (people[4].name, people[4].id_number, f"{prefix}264000005", "2026-03-20"),  # failed
        (people[1].name, people[1].id_number, None, "2026-03-20"),
    ]
    batch = towns.load(world.town, "certificates", delimited(rows), actor=world.clerk, valid_rows_only=True)
    assert towns.said(batch) == [
        (3, "CERTIFICATE_NUMBER_TAKEN"),
        (4, "CERTIFICATE_MISMATCH"),
        (5, "CERTIFICATE_MISMATCH"),
        (6, "NOT_PASSED"),
        (7, "CERTIFICATE_NUMBER_FORMAT"),
    ]
    one = Certificate.objects.get(batch_id=batch.pk)
    assert (one.number, one.basis, one.level_id, one.occupation_text, one.region_code) == (
        f"{prefix}264000001", "reported", 3, "焊工", world.town.school.region_id,
    )  # fmt: skip
    sheet = PrintCopy.objects.select_related("job").get(certificate=one)
    assert (sheet.stock, sheet.turn, sheet.state, sheet.place) == ("XJ20240001", 1, "printed", 2)
    assert (sheet.job.state, sheet.job.total, sheet.job.institution) == ("outside", 1, world.school)
    clerk = sign_in(Client(), world.clerk)
    assert "XJ20240001" in clerk.get(f"/certificates/{one.pk}/").content.decode()
    assert "外部印制" in clerk.get("/printing/").content.decode()
    printed = clerk.get(f"/printing/{sheet.job_id}/").content.decode()
    assert "XJ20240001" in printed and f"/certificates/{one.pk}/" in printed
    again = towns.load(world.town, "certificates", delimited(rows[:2]), actor=world.clerk, name="再.csv")
    assert again.counts["unchanged"] == 1
    # A serial is used once: in the sheet, on record, and by the body that keeps the paper. One without digits is none.
    for place, serial in ((world.town.other, "XJ20240002"), (world.school, "XJ20240003")):
        asked = PaperRequest.objects.create(
            institution=place, region_code="", family="skill_level", quantity=1, maker=world.clerk
        )
        Sheet.objects.create(
            request=asked, institution=place, family="skill_level", serial=serial, state="stock"
        )
    used = [
        rows[0],
        (people[1].name, people[1].id_number, f"{prefix}264000011", "2026-03-20", None, "XJ20240001"),
        (people[2].name, people[2].id_number, f"{prefix}264000012", "2026-03-20", None, "XJ20240002"),
        (people[3].name, people[3].id_number, f"{prefix}264000013", "2026-03-20", None, "XJ20240002"),
        (people[0].name, people[0].id_number, f"{prefix}264000001", "2026-03-20", None, "XJ2024-无"),
    ]
    batch = towns.load(world.town, "certificates", delimited(used), actor=world.clerk, name="二.csv")
    assert towns.said(batch) == [
        (2, "CERTIFICATE_NUMBER_TAKEN"),
        (3, "CERTIFICATE_NUMBER_TAKEN"),
        (4, "CERTIFICATE_NUMBER_TAKEN"),
        (4, "CERTIFICATE_NUMBER_TAKEN"),
        (5, "NUMBER_INVALID"),
    ]
    # The certificate stands as it is; its second sheet comes on record.
    later = [rows[0], (*rows[1][:5], "XJ20240003")]
    batch = towns.load(world.town, "certificates", delimited(later), actor=world.clerk, name="四.csv")
    assert (batch.state, batch.counts["accepted"], batch.created) == ("committed", 1, {"certificates": 0})
    assert PrintCopy.objects.get(stock="XJ20240003", certificate=one).turn == 2
    assert dict(Sheet.objects.values_list("serial", "state")) == {"XJ20240002": "stock", "XJ20240003": "used"}
    taken = [rows[0], (people[1].name, people[1].id_number, f"{prefix}264000001", "2026-03-20")]
    batch = towns.load(world.town, "certificates", delimited(taken), actor=world.clerk, name="三.csv")
    assert towns.said(batch) == [(2, "CERTIFICATE_NUMBER_TAKEN")]
