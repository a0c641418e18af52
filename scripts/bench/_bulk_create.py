"""A rival: the same ledger as a careful Django programmer writes it, `bulk_create(update_conflicts=True)`.

calamine reads, each row gets the checks that need no database, numbers are sealed and indexed, people,
classes and certificates are looked up by the chunk, everything is written in one transaction. In its favour: no
roll-ups, no history, no marks for counting people, no issues kept, and the program's own quick functions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from python_calamine import CalamineWorkbook

from certificates.issuance import numbering
from certificates.issuance.models import Certificate
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.identity.masking import mask_id_number
from registry.identity.uuid7 import uuid7
from registry.institutions.models import Institution
from registry.lib.dates import full_years, parse_date
from registry.lib.levels import parse_level
from registry.lib.text import clean_name, name_key, org_key
from registry.occupations import queries as occupations
from registry.people.models import Document, Person
from training.catalogue import words
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

CHUNK = 2_000
AGES = range(16, 61)
Row = dict[str, Any]
ClassKey = tuple[int, str]


class Rejected(ValueError):
    """A row at fault; this race has none."""


def load(path: Path) -> int:
    """Returns the count of rows."""
    with transaction.atomic():
        importer = Importer()
        rows = _rows(path)
        while chunk := list(islice(rows, CHUNK)):
            importer.take([importer.read(row) for row in chunk])
    return importer.count


def _rows(path: Path) -> Iterator[Row]:
    lines = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()
    headings = next(lines)
    for line in lines:
        yield dict(zip(headings, line, strict=True))


class Importer:
    def __init__(self) -> None:
        self.count = 0
        self.index, self.seal = keyring().indexer("idno"), keyring().sealer("idno")
        self.institutions = {i.name_key: i for i in Institution.objects.all()}
        self.occupations: dict[str, int] = {}
        self.people: dict[bytes, tuple[Any, str]] = {}
        self.classes: dict[ClassKey, TrainingClass] = {}
        self.seen: set[tuple[bytes, ClassKey]] = set()
        self.certificates: set[str] = set()

    def read(self, row: Row) -> Row:
        """Clean and check what one row says. Raises Rejected."""
        verdict = id_numbers.check(id_numbers.normalise(str(row["身份证号"])).value)
        name = clean_name(str(row["姓名"]))
        institution = self.institutions.get(org_key(str(row["培训机构"])))
        starts, ends = _day(row["培训开始时间"]), _day(row["培训结束时间"])
        if not verdict.ok or not name or institution is None or ends < starts:
            raise Rejected
        assert verdict.birth is not None
        if full_years(verdict.birth, starts) not in AGES:
            raise Rejected
        read = {
            "bidx": self.index(verdict.value),
            "number": verdict.value,
            "kind": verdict.kind,
            "name": name,
            "name_key": name_key(name),
            "sex": verdict.sex,
            "birth": verdict.birth,
            "institution": institution,
            "class": (institution.pk, str(row["班级编号"]).strip()),
            "starts": starts,
            "ends": ends,
            "trade": str(row["培训工种"]).strip(),
            "level": _level(row["等级"]),
            "type": words.TRAINING_TYPE[row["培训类型"]],
            "category": words.CATEGORY[row["人员类别"]],
            "hours": row["课时"],
            "score": row["考核成绩"],
            "result": words.RESULT[row["考核结果"]],
            "certificate": None,
            "amount": None,
        }
        self._once(read)
        if row["证书编号"]:
            self._certificate(read, row)
        if row["补贴金额"]:
            read["amount"], read["fund"] = round(row["补贴金额"] * 100), words.FUND[row["资金来源"]]
        return read

    def _once(self, read: Row) -> None:
        key = (read["bidx"], read["class"])
        if key in self.seen:
            raise Rejected
        self.seen.add(key)

    def _certificate(self, read: Row, row: Row) -> None:
        verdict = numbering.read(numbering.normalise(str(row["证书编号"])))
        issued = _day(row["发证日期"])
        if (
            verdict.verdict in (numbering.BROKEN, numbering.UNKNOWN_SHAPE)
            or numbering.year_disagrees(verdict, issued)
            or numbering.level_disagrees(verdict, read["level"])
            or verdict.number in self.certificates
        ):
            raise Rejected
        self.certificates.add(verdict.number)
        read["certificate"], read["issued"], read["structure"] = verdict.number, issued, verdict.verdict
        read["certificate_name"] = str(row["证书名称"])

    # ------------------------------------------------------------ writing

    def take(self, rows: list[Row]) -> None:
        self._people(rows)
        self._classes(rows)
        numbers = [row["certificate"] for row in rows if row["certificate"]]
        if Certificate.objects.filter(number__in=numbers).exists():
            raise Rejected
        enrolments = [self._enrolment(row) for row in rows]
        facts = ["state", "category", "hours", "score", "result", "started_on", "finished_on"]
        Enrolment.objects.bulk_create(
            enrolments, update_conflicts=True, unique_fields=["person", "klass"], update_fields=facts
        )
        pairs = list(zip(rows, enrolments, strict=True))
        Certificate.objects.bulk_create(
            [self._certified(row, enrolment) for row, enrolment in pairs if row["certificate"]],
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["issued_on", "level"],
        )
        # One reported payment for each enrolment: the index is partial, so a conflict cannot be named.
        Payment.objects.bulk_create(
            [
                Payment(
                    enrolment=enrolment,
                    amount_fen=row["amount"],
                    fund=row["fund"],
                    basis=Payment.Basis.REPORTED,
                    region_code=enrolment.region_code,
                )
                for row, enrolment in pairs
                if row["amount"]
            ],
            ignore_conflicts=True,
        )
        self.count += len(rows)

    def _people(self, rows: list[Row]) -> None:
        wanted = {row["bidx"]: row for row in rows if row["bidx"] not in self.people}
        known = Document.objects.filter(blind_index__in=list(wanted)).values_list(
            "blind_index", "person_id", "person__name_key"
        )
        for bidx, person_id, key in known:
            self.people[bytes(bidx)] = (person_id, key)
        persons, documents = [], []
        for bidx, row in wanted.items():
            if bidx not in self.people:
                person = Person(
                    id=uuid7(),
                    name=row["name"],
                    name_key=row["name_key"],
                    sex=row["sex"],
                    birth_date=row["birth"],
                )
                sealed = self.seal(row["number"].encode(), str(person.id))
                persons.append(person)
                documents.append(
                    Document(
                        id=person.id,
                        person=person,
                        kind=row["kind"],
                        sealed=sealed,
                        blind_index=bidx,
                        mask=mask_id_number(row["number"]),
                    )
                )
                self.people[bidx] = (person.id, row["name_key"])
        Person.objects.bulk_create(
            persons, update_conflicts=True, unique_fields=["id"], update_fields=["name", "name_key"]
        )
        Document.objects.bulk_create(
            documents, update_conflicts=True, unique_fields=["blind_index"], update_fields=["mask"]
        )
        if any(self.people[row["bidx"]][1] != row["name_key"] for row in rows):
            raise Rejected

    def _classes(self, rows: list[Row]) -> None:
        wanted = {row["class"]: row for row in rows if row["class"] not in self.classes}
        known = TrainingClass.objects.filter(
            institution_id__in={key[0] for key in wanted}, number__in={key[1] for key in wanted}
        )
        self.classes |= {(klass.institution_id, klass.number): klass for klass in known}
        trades = {row["trade"] for row in wanted.values()} - self.occupations.keys()
        if trades:
            self.occupations |= occupations.resolve(trades)
        new = [
            TrainingClass(
                institution_id=key[0],
                number=key[1],
                name=row["trade"],
                occupation_id=self.occupations[row["trade"]],
                occupation_text=row["trade"],
                level_id=row["level"],
                training_type=row["type"],
                region_id=row["institution"].region_id,
                starts_on=row["starts"],
                ends_on=row["ends"],
                hours=row["hours"],
                state=TrainingClass.State.FINISHED,
            )
            for key, row in wanted.items()
            if key not in self.classes
        ]
        TrainingClass.objects.bulk_create(
            new, update_conflicts=True, unique_fields=["institution", "number"], update_fields=["ends_on"]
        )
        self.classes |= {(klass.institution_id, klass.number): klass for klass in new}

    def _enrolment(self, row: Row) -> Enrolment:
        failed = row["result"] == "fail"
        klass = self.classes[row["class"]]
        return Enrolment(
            person_id=self.people[row["bidx"]][0],
            klass=klass,
            state="failed" if failed else "finished",
            category=row["category"],
            hours=row["hours"],
            score=row["score"],
            result=row["result"],
            started_on=row["starts"],
            finished_on=None if failed else row["ends"],
            region_code=klass.region_id,
            funding=klass.funding,
            training_type=row["type"],
        )

    def _certified(self, row: Row, enrolment: Enrolment) -> Certificate:
        return Certificate(
            person_id=enrolment.person_id,
            family="skill_level",
            number=row["certificate"],
            name=row["certificate_name"],
            occupation_text=row["trade"],
            level_id=row["level"],
            institution_id=row["class"][0],
            region_code=enrolment.region_code,
            issued_on=row["issued"],
            basis=Certificate.Basis.REPORTED,
            structure=row["structure"],
            enrolment_id=enrolment.pk,
        )


def _day(cell: object) -> dt.date:
    if isinstance(cell, dt.datetime):
        return cell.date()
    return cell if isinstance(cell, dt.date) else _day_of_text(str(cell))


@lru_cache(maxsize=4096)
def _day_of_text(text: str) -> dt.date:
    return parse_date(text).day


@lru_cache(maxsize=64)
def _level(text: str) -> int | None:
    return parse_level(text)
