"""An assessment body of the demo: its places and people, a batch that is closed and one that is about to be held.

By the same road as everybody's: sheets are handed in, scores entered by one person and locked by another.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from certificates.evaluations import photos, services, staff
from certificates.evaluations.models import Assessor, Body, Candidate, Duty, Exam, Site
from certificates.evaluations.services import Plan
from registry.accounts.models import User
from registry.institutions.models import Filing, FilingPurpose, Institution
from registry.intake import services as intake
from registry.intake.models import Batch
from registry.lib.xlsx import write_xlsx
from registry.occupations import queries as occupations
from registry.people.demo import Cast, Invented

FILED_FROM = dt.date(2022, 3, 1)
HELD_ON, COMING_ON = dt.date(2026, 11, 14), dt.date(2026, 12, 12)
TRADE, LEVEL = "焊工", 3
SERIAL = "310101"
APPLICANTS = 700_000  # numbers of the cast that no roster has reached
ASSESSORS = 710_000
_HEAD = (
    "姓名",
    "证件号码",
    "手机号码",
    "职业工种名称",
    "认定等级",
    "申报条件",
    "专业年限",
    "所在单位",
    "考试类型",
    "申报材料",
)


def load(school: Institution, *, clerk: User, signer: User, seed: int) -> list[Exam]:
    """The body, its assessors and both batches; twice changes nothing."""
    welding = occupations.resolve([TRADE])[TRADE]
    body, site = _body(school, welding)
    cast = Cast(seed + 4, [str(school.region_id)])
    assessors = _assessors(school, cast, clerk)
    exams = []
    for day, first, count in ((HELD_ON, 0, 24), (COMING_ON, 100, 18)):
        number = f"{day:%Y%m%d}-01"
        exam = Exam.objects.filter(body=body, number=number).first()
        if exam is None:
            plan = Plan(body.pk, site.pk, welding, LEVEL, day, number=number)
            exam = services.arrange(plan, actor=clerk)
            people = [cast.person(APPLICANTS + first + n) for n in range(count)]
            _apply(exam, people, assessors, clerk)
            if day == HELD_ON:
                _hold(exam, people, clerk, signer)
            exam.refresh_from_db()
        exams.append(exam)
    return exams


def _body(school: Institution, occupation: int) -> tuple[Body, Site]:
    Filing.objects.get_or_create(
        institution=school,
        purpose=FilingPurpose.ASSESS,
        occupation_id=occupation,
        level=None,
        valid_from=FILED_FROM,
        defaults={"document_no": "新示评备〔2022〕1号"},
    )
    body, _new = Body.objects.get_or_create(
        letter="S",
        ministry_code="0000",
        province_code="65",
        serial=SERIAL,
        defaults={
            "institution": school,
            "kind": Body.Kind.THIRD_PARTY,
            "filed_name": school.name,
            "valid_from": FILED_FROM,
            "document_no": "新示评备〔2022〕1号",
        },
    )
    site, _new = Site.objects.get_or_create(
        body=body,
        name="焊工考核站",
        defaults={"region_id": school.region_id, "address": "实训楼一层", "valid_from": FILED_FROM},
    )
    return body, site


def _assessors(school: Institution, cast: Cast, clerk: User) -> list[Assessor]:
    found = list(Assessor.objects.filter(institution=school).order_by("id"))
    if found:
        return found
    return [
        staff.register_assessor(
            institution_id=school.pk,
            id_number=(who := cast.person(ASSESSORS + n)).id_number,
            actor=clerk,
            name=who.name,
            may_examine=n < 3,
            card_no=f"6531{n + 1:06d}" if n < 3 else "",
            valid_from=FILED_FROM,
        )
        for n in range(4)
    ]


def _apply(exam: Exam, people: Sequence[Invented], assessors: Sequence[Assessor], clerk: User) -> None:
    papers = "身份证、申报表、工作证明"
    rows = [
        (p.name, p.id_number, p.phone, TRADE, "中级工", "4-1", 5 + n % 9, "疏勒机械厂", "正考", papers)
        for n, p in enumerate(people)
    ]
    _hand_in("candidates", exam, [_HEAD, *rows], "考生信息表.xlsx", clerk)
    for one in assessors:
        role = Duty.Role.EXAMINER if one.may_examine else Duty.Role.INVIGILATOR
        staff.assign(exam.pk, one, role, declared_free=True, actor=clerk)
    for n, candidate in enumerate(
        Candidate.objects.filter(exam=exam).select_related("person").order_by("id")
    ):
        photos.keep(candidate.person, portrait(n), actor=clerk)
    services.publish(exam.pk, actor=clerk)


def _hold(exam: Exam, people: Sequence[Invented], clerk: User, signer: User) -> None:
    services.examined(exam.pk, actor=clerk)
    rows: list[tuple[object, ...]] = []
    for n, p in enumerate(people):
        marks: tuple[object, object] = (62 + n * 7 % 35, 61 + n * 11 % 37)
        if n in (5, 17):
            marks = (51, 70)
        elif n == 11:
            marks = ("缺考", "缺考")
        rows.append((p.name, p.id_number, *marks))
    _hand_in("scores", exam, [("姓名", "身份证号码", "理论成绩", "实操成绩"), *rows], "成绩表.xlsx", clerk)
    services.scored(exam.pk, actor=clerk)
    services.lock(exam.pk, actor=signer)
    services.close(exam.pk, actor=clerk)


def _hand_in(kind: str, exam: Exam, rows: Sequence[Sequence[object]], name: str, clerk: User) -> None:
    out = io.BytesIO()
    write_xlsx(out, [str(cell) for cell in rows[0]], rows[1:], name=name.removesuffix(".xlsx"))
    out.seek(0)
    batch, _new = intake.receive(kind=kind, file=out, name=name, actor=clerk, options={"exam": exam.pk})
    batch = intake.load(batch.pk, valid_rows_only=True)
    if batch.state != Batch.State.COMMITTED:
        raise RuntimeError(f"{name}: {batch.state} {batch.file_error or batch.counts}")


def portrait(n: int) -> bytes:
    """A drawn figure on white of one inch (295 × 413 pixels); nobody's face."""
    picture = Image.new("RGB", (295, 413), "white")
    draw = ImageDraw.Draw(picture)
    coat = ("#2f5d8c", "#4a6b4f", "#6b4a4a", "#3c3c5a", "#70583a")[n % 5]
    draw.ellipse((30, 290, 265, 520), fill=coat)
    draw.rectangle((128, 240, 167, 310), fill="#e6bd98")
    draw.ellipse((85, 90, 210, 260), fill="#efcaa6")
    draw.pieslice((78, 70, 217, 240), 180, 360, fill=("#1d1b1a", "#2d2420", "#3a2c22")[n % 3])
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()
