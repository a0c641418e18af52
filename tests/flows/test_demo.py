"""The demo region: by the real road, and twice changes nothing."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.management import call_command

from certificates.issuance.models import Certificate
from registry.identity import credit_codes, id_numbers
from registry.institutions.demo import PROVIDERS, credit_code
from registry.people.demo import Cast, luhn_sum
from registry.people.models import Person
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment
from training.ledgers import demo, demo_files

SEED = 7
COUNTED = (Person, TrainingClass, Enrolment, Certificate, Payment)


def load(*arguments: str) -> str:
    out = io.StringIO()
    call_command("demo", "load", "--rows", "200", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_loading_twice_changes_nothing() -> None:
    said = load()
    counts = [model.objects.count() for model in COUNTED]
    assert min(counts) >= 16  # one class for each office
    assert "750" in said and "ID_TRUNCATED" in said
    assert load().splitlines()[:-1] == said.splitlines()[:-1]
    handed_in_again = load("--again")
    assert "通过 0 行" in handed_in_again
    assert [model.objects.count() for model in COUNTED] == counts


def test_files_are_the_same_every_time() -> None:
    first, second = ([(f.name, f.data) for f in demo_files.files(500, SEED)] for _ in range(2))
    assert first == second


def test_ledgers_reach_every_prefecture_and_month() -> None:
    lines = [line for _office, found in demo.ledgers(3_000, SEED) for line in found]
    assert 2_900 < len(lines) < 3_200
    schools = {str(line["培训机构"]) for line in lines}
    places = {provider.region[:4] for provider in PROVIDERS if provider.name in schools}
    assert places >= {code for code in demo.PLACES if code != "6590"}
    months = {d.replace(day=1) for line in lines if isinstance(d := line["培训开始时间"], dt.date)}
    assert len(months) == demo.MONTHS and min(months) == dt.date(2021, 1, 1)


def test_people_and_schools_carry_right_check_digits() -> None:
    cast = Cast(SEED, ["653101", "650102"])
    people = [cast.person(i) for i in range(500)]
    assert len({p.id_number for p in people}) == 500
    assert all(id_numbers.check(p.id_number).ok for p in people)
    assert not any(id_numbers.looks_cut_by_excel(p.id_number, False) for p in people)
    assert all(luhn_sum(p.bank_account) % 10 == 0 for p in people)
    codes = [credit_code(n, str(p.kind), p.region) for n, p in enumerate(PROVIDERS, 1)]
    assert len(set(codes)) == len(PROVIDERS) and all(credit_codes.check(code).ok for code in codes)
