"""A small register to count: two prefectures of one province, four counties, three providers, rows by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from certificates.issuance.models import Certificate
from registry.institutions.models import Institution
from registry.people.models import Person
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment
from training.targets.services import load_plans
from training.targets.verification import verify

PROVINCE, NORTH, SOUTH = "650000", "654200", "653200"
#: two counties of each prefecture, and one right under the province
N1, N2, S1, S2, LONE = "654202", "654221", "653201", "653222", "659001"
OTHERS = {"620000": 1, "511100": 2, "150000": 1, "510000": 1}


def make_regions() -> None:
    """The places of the five plans, and the counties above."""

    def region(code: str, level: int, parent: str | None = None) -> None:
        Region.objects.create(
            code=code, name=f"地{code}", full_name=f"地{code}", level=level, parent_id=parent
        )

    region(PROVINCE, 1)
    for prefecture, counties in ((NORTH, (N1, N2)), (SOUTH, (S1, S2))):
        region(prefecture, 2, PROVINCE)
        for county in counties:
            region(county, 3, prefecture)
    region(LONE, 3, PROVINCE)
    for code in ("620000", "150000", "510000"):
        region(code, 1)
    region("511100", 2, "510000")
    region("511102", 3, "511100")
    rebuild_closure()


@dataclass
class Register:
    """Makes rows; numbers people by letters."""

    people: dict[str, Person] = field(default_factory=dict)
    classes: int = 0
    certificates: int = 0

    @classmethod
    def make(cls) -> Register:
        make_regions()
        load_plans()
        return cls()

    def provider(self, name: str, region: str) -> Institution:
        return Institution.objects.create(name=name, region_id=region)

    def klass(self, provider: Institution, region: str, **more: Any) -> TrainingClass:
        self.classes += 1
        given: dict[str, Any] = {
            "starts_on": dt.date(2024, 3, 1),
            "ends_on": dt.date(2024, 3, 20),
            "funding": "subsidised",
            "training_type": "employment",
            **more,
        }
        return TrainingClass.objects.create(
            institution=provider, number=f"K{self.classes:03}", region_id=region, **given
        )

    def person(self, letter: str) -> Person:
        if letter not in self.people:
            self.people[letter] = Person.objects.create(name=letter, name_key=letter)
        return self.people[letter]

    def finish(self, klass: TrainingClass, letters: Iterable[str], **more: Any) -> list[Enrolment]:
        """People who finished the class on its last day; their marks are made as an import makes them."""
        rows = Enrolment.objects.bulk_create(
            Enrolment(
                **{
                    "person": self.person(letter),
                    "klass": klass,
                    "state": "finished",
                    "started_on": klass.starts_on,
                    "finished_on": klass.ends_on,
                    "region_code": klass.region_id,
                    "funding": klass.funding,
                    "training_type": klass.training_type,
                    "category": "rural",
                    **more,
                }
            )
            for letter in letters
        )
        self.mark(rows)
        return rows

    def mark(self, rows: Iterable[Enrolment]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT enrolments_refresh_firsts(%s)", [[row.person_id for row in rows]])

    def certify(self, letter: str, region: str, **more: Any) -> Certificate:
        self.certificates += 1
        return Certificate.objects.create(
            **{
                "person": self.person(letter),
                "family": "skill_level",
                "number": f"C{self.certificates:05}",
                "region_code": region,
                "issued_on": dt.date(2024, 4, 10),
                "basis": "reported",
                **more,
            }
        )

    def pay(self, row: Enrolment, fen: int = 80_000, **more: Any) -> Payment:
        return Payment.objects.create(
            **{
                "enrolment": row,
                "amount_fen": fen,
                "basis": "reported",
                "region_code": row.region_code,
                **more,
            }
        )


def differences() -> list[tuple[str, Any]]:
    """What verify finds wrong, by the name of the check."""
    return [(outcome.name, found) for outcome in verify() for found in outcome.differences]
