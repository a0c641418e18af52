"""A body that examines, small: one place, four assessors, two clerks, and batches at any step."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.management import call_command

from certificates.evaluations import services
from certificates.evaluations.models import Assessor, Body, Candidate, Duty, Exam, Site
from certificates.evaluations.services import Plan
from registry.accounts.models import Role
from registry.institutions.models import Filing, FilingPurpose
from registry.people.models import Document, Person
from tests import town as towns
from tests.registry.places import SINCE, make_user

DAY = dt.date(2026, 3, 14)
D = Decimal


class World:
    """A third-party body with a site, three examiners, an invigilator, two clerks and a signer."""

    def __init__(self) -> None:
        self.town = towns.build()
        call_command("reference", "load", verbosity=0)
        self.school = self.town.school
        Filing.objects.create(
            institution=self.school,
            purpose=FilingPurpose.ASSESS,
            occupation=self.town.welding,
            valid_from=SINCE,
        )
        self.body = Body.objects.create(
            institution=self.school,
            kind=Body.Kind.THIRD_PARTY,
            letter="S",
            province_code="65",
            serial="000123",
            filed_name=self.school.name,
            valid_from=SINCE,
        )
        self.site = Site.objects.create(
            body=self.body, name="考点一", region_id=self.school.region_id, valid_from=SINCE
        )
        self.clerk = make_user("eb", Role.EB, institution=self.school)
        self.signer = make_user("es", Role.ES, institution=self.school)
        self.assessors = [
            Assessor.objects.create(
                institution=self.school,
                name=f"考评{n}",
                blind_index=bytes([n]) * 32,
                mask="6531**********00",
                may_examine=n < 3,
                employer="某厂" if n == 0 else "",
                valid_from=SINCE,
            )
            for n in range(4)
        ]

    def plan(self, **more: Any) -> Plan:
        return Plan(
            **{
                "body_id": self.body.pk,
                "site_id": self.site.pk,
                "occupation_id": self.town.welding.pk,
                "level": 3,
                "exam_on": DAY,
                **more,
            }
        )

    def person(self, n: int) -> Person:
        found = Person.objects.create(name=f"考生{n}", name_key=f"考生{n}")
        Document.objects.create(
            person=found, kind="id_card", sealed=b"x", blind_index=bytes([100 + n]) * 32, mask="6531"
        )
        return found

    def exam(self, people: list[Person], *, attempt: str = "first", **more: Any) -> Exam:
        """Published, with candidates and assessors."""
        exam = services.arrange(self.plan(**more), actor=self.clerk)
        for person in people:
            Candidate.objects.create(exam=exam, person=person, attempt=attempt)
        for n, assessor in enumerate(self.assessors):
            role = Duty.Role.EXAMINER if n < 3 else Duty.Role.INVIGILATOR
            Duty.objects.create(exam=exam, assessor=assessor, role=role, declared_free=True)
        return services.publish(exam.pk, actor=self.clerk)

    def locked(self, exam: Exam, *marks: tuple[Any, Any]) -> Exam:
        """Examined and scored, in the order of its candidates."""
        services.examined(exam.pk, actor=self.clerk)
        rows = [
            (one.pk, theory, practice, None)
            for one, (theory, practice) in zip(exam.candidates.order_by("pk"), marks, strict=True)
        ]
        services.enter_scores(exam.pk, rows, actor=self.clerk)
        services.scored(exam.pk, actor=self.clerk)
        return services.lock(exam.pk, actor=self.signer)
