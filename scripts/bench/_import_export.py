"""A rival: django-import-export as documented for large files: `use_bulk`, `skip_diff`, cached widgets.

A resource over enrolments; person with document and class by get-or-create in `before_import_row`;
certificates and payments of a batch with one bulk_create each when its enrolments have been written. In its
favour: no roll-ups, no history, and the program's own quick functions for cipher, numbers and dates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tablib
from _bulk_create import Rejected, _day, _level
from import_export import fields, resources, widgets

from certificates.issuance import numbering
from certificates.issuance.models import Certificate
from registry.identity import id_numbers
from registry.identity.current import keyring
from registry.identity.masking import mask_id_number
from registry.identity.uuid7 import uuid7
from registry.institutions.models import Institution
from registry.lib.dates import full_years
from registry.lib.text import clean_name, name_key
from registry.occupations.models import Occupation, OccupationEdition
from registry.people.models import Document, Person
from training.catalogue import words
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

Row = dict[str, Any]


class NationalOccupation(widgets.CachedForeignKeyWidget):  # type: ignore[misc]
    def get_queryset(self, *_: Any, **__: Any) -> Any:
        return Occupation.objects.filter(edition=OccupationEdition.DICTIONARY_2022)


class Words(widgets.Widget):  # type: ignore[misc]
    """A code by what people write for it."""

    def __init__(self, known: dict[str, str]) -> None:
        super().__init__()
        self.known = known

    def clean(self, value: Any, row: Row | None = None, **_: Any) -> str:
        return self.known[value]


class Day(widgets.DateWidget):  # type: ignore[misc]
    def clean(self, value: Any, row: Row | None = None, **_: Any) -> Any:
        return _day(value) if value else None


class EnrolmentResource(resources.ModelResource):  # type: ignore[misc]
    person = fields.Field("person", "person", widgets.ForeignKeyWidget(Person, "pk"))
    klass = fields.Field("klass", "klass", widgets.ForeignKeyWidget(TrainingClass, "pk"))
    category = fields.Field("category", "人员类别", Words(words.CATEGORY))
    hours = fields.Field("hours", "课时", widgets.DecimalWidget())
    score = fields.Field("score", "考核成绩", widgets.DecimalWidget())
    result = fields.Field("result", "考核结果", Words(words.RESULT))
    started_on = fields.Field("started_on", "培训开始时间", Day())
    training_type = fields.Field("training_type", "培训类型", Words(words.TRAINING_TYPE))

    class Meta:
        model = Enrolment
        fields = ("person", "klass", "category", "hours", "score", "result", "started_on", "training_type")
        import_id_fields = ("person", "klass")
        use_bulk = True
        use_transactions = True
        skip_diff = True
        report_skipped = False

    def __init__(self, batch_size: int) -> None:
        super().__init__()
        self._meta.batch_size = batch_size
        self.institution = widgets.CachedForeignKeyWidget(Institution, "name")
        self.occupation = NationalOccupation(Occupation, "name")
        self.index, self.seal = keyring().indexer("idno"), keyring().sealer("idno")
        self.waiting: list[tuple[Enrolment, Row]] = []

    def before_import(self, dataset: tablib.Dataset, **_: Any) -> None:
        for name in ("person", "klass"):
            dataset.append_col([""] * len(dataset), header=name)

    def before_import_row(self, row: Row, **_: Any) -> None:
        row["person"] = self._person(row).pk
        klass = self._class(row)
        row["klass"], row["class"] = klass.pk, klass

    def _person(self, row: Row) -> Person:
        verdict = id_numbers.check(id_numbers.normalise(str(row["身份证号"])).value)
        name = clean_name(str(row["姓名"]))
        if (
            not verdict.ok
            or verdict.birth is None
            or not 16 <= full_years(verdict.birth, _day(row["培训开始时间"])) <= 60
        ):
            raise Rejected
        bidx = self.index(verdict.value)
        known = Document.objects.select_related("person").filter(blind_index=bidx).first()
        if known is not None:
            if known.person.name_key != name_key(name):
                raise Rejected
            return known.person
        person = Person.objects.create(
            id=uuid7(), name=name, name_key=name_key(name), sex=verdict.sex, birth_date=verdict.birth
        )
        Document.objects.create(
            id=person.id,
            person=person,
            kind=verdict.kind,
            sealed=self.seal(verdict.value.encode(), str(person.id)),
            blind_index=bidx,
            mask=mask_id_number(verdict.value),
        )
        return person

    def _class(self, row: Row) -> TrainingClass:
        institution = self.institution.clean(row["培训机构"], row)
        occupation = self.occupation.clean(row["培训工种"], row)
        klass, _new = TrainingClass.objects.get_or_create(
            institution=institution,
            number=row["班级编号"],
            defaults={
                "name": row["培训工种"],
                "occupation": occupation,
                "occupation_text": row["培训工种"],
                "level_id": _level(row["等级"]),
                "training_type": words.TRAINING_TYPE[row["培训类型"]],
                "region_id": institution.region_id,
                "starts_on": _day(row["培训开始时间"]),
                "ends_on": _day(row["培训结束时间"]),
                "hours": row["课时"],
                "state": TrainingClass.State.FINISHED,
            },
        )
        return klass

    def before_save_instance(self, instance: Enrolment, row: Row, **_: Any) -> None:
        failed = instance.result == "fail"
        instance.state = "failed" if failed else "finished"
        instance.finished_on = None if failed else _day(row["培训结束时间"])
        instance.region_code, instance.funding = row["class"].region_id, row["class"].funding
        self.waiting.append((instance, row))

    def bulk_create(self, *args: Any, **kwargs: Any) -> None:
        super().bulk_create(*args, **kwargs)
        waiting, self.waiting = self.waiting, []
        Certificate.objects.bulk_create(
            [self._certificate(enrolment, row) for enrolment, row in waiting if row["证书编号"]]
        )
        Payment.objects.bulk_create(
            [
                Payment(
                    enrolment=enrolment,
                    amount_fen=round(row["补贴金额"] * 100),
                    fund=words.FUND[row["资金来源"]],
                    basis=Payment.Basis.REPORTED,
                    region_code=enrolment.region_code,
                )
                for enrolment, row in waiting
                if row["补贴金额"]
            ]
        )

    def _certificate(self, enrolment: Enrolment, row: Row) -> Certificate:
        verdict = numbering.read(numbering.normalise(str(row["证书编号"])))
        issued, level = _day(row["发证日期"]), _level(row["等级"])
        if (
            verdict.verdict in (numbering.BROKEN, numbering.UNKNOWN_SHAPE)
            or numbering.year_disagrees(verdict, issued)
            or (level is not None and numbering.level_disagrees(verdict, level))
        ):
            raise Rejected
        return Certificate(
            person_id=enrolment.person_id,
            family="skill_level",
            number=verdict.number,
            name=row["证书名称"],
            occupation_text=row["培训工种"],
            level_id=level,
            institution_id=row["class"].institution_id,
            region_code=enrolment.region_code,
            issued_on=issued,
            basis=Certificate.Basis.REPORTED,
            structure=verdict.verdict,
            enrolment_id=enrolment.pk,
        )


def load(path: Path, batch_size: int) -> int:
    """Returns the count of rows; raises on the first error, for this race has none."""
    with path.open("rb") as file:
        dataset = tablib.Dataset().load(file, format="xlsx")
    result = EnrolmentResource(batch_size).import_data(dataset, raise_errors=True)
    return int(result.totals["new"])
