"""The catalogue: versions of a project follow one another, and the examples are marked as such."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.loaded import loaded, reference
from training.catalogue import queries, services
from training.catalogue.codes import TrainingType
from training.catalogue.models import Project

__all__ = ["loaded", "reference"]

pytestmark = pytest.mark.usefixtures("reference")


def test_the_examples_are_marked_and_load_once() -> None:
    assert services.load_demo()["projects"].added == 0
    assert services.demo_differences() == []
    assert Project.objects.filter(demo=False).count() == 0
    assert all(
        "示例" in project.name and project.code.startswith("DEMO-") for project in Project.objects.all()
    )
    assert set(Project.objects.values_list("kind", flat=True)) == set(TrainingType.values)


def test_on_any_day_a_project_has_at_most_one_version() -> None:
    for day in (dt.date(2018, 1, 1), dt.date(2020, 12, 31), dt.date(2021, 1, 1), dt.date(2026, 1, 1)):
        codes = list(queries.projects(on=day).values_list("code", flat=True))
        assert len(codes) == len(set(codes))
    assert queries.projects(on=dt.date(2020, 6, 1)).get(code="DEMO-JY-01").version == 1
    assert queries.projects(on=dt.date(2024, 6, 1)).get(code="DEMO-JY-01").version == 2


def test_a_second_open_version_is_refused_in_chinese() -> None:
    again = Project(
        code="DEMO-JY-01", version=3, name="就业技能培训", kind="employment", valid_from=dt.date(2026, 1, 1)
    )
    with pytest.raises(ValidationError, match="只能有一个未截止的版次"):
        again.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save()


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"valid_to": dt.date(2020, 1, 1)}, "截止日期不能早于生效日期"), ({"version": 0}, "版次从1开始")],
)
def test_constraints_say_in_chinese_what_is_wrong(fields: dict[str, object], message: str) -> None:
    given = {"code": "X", "name": "某项目", "kind": "employment", "valid_from": dt.date(2026, 1, 1)}
    with pytest.raises(ValidationError, match=message):
        Project(**{**given, **fields}).full_clean()


def test_projects_are_found_by_code_or_name_on_the_day() -> None:
    day = dt.date(2024, 6, 1)
    found = queries.resolve(
        ["DEMO-CY-02", "创办企业培训SYB(示例)", "就业技能培训（示例）", "没有", ""], on=day
    )
    syb = Project.objects.get(code="DEMO-CY-02").pk
    assert found == {
        "DEMO-CY-02": syb,
        "创办企业培训SYB(示例)": syb,
        "就业技能培训（示例）": Project.objects.get(code="DEMO-JY-01", version=2).pk,
    }
    assert queries.resolve(["DEMO-JY-01"], on=dt.date(2018, 1, 1)) == {
        "DEMO-JY-01": Project.objects.get(code="DEMO-JY-01", version=1).pk
    }
