"""What a body names is looked up within the reach of who sends it: a foreign id is as good as none."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import certificates
import registry
import training
from registry.accounts.models import Membership, Role
from registry.config.api import api
from registry.intake.models import Batch
from tests import town as towns
from tests.registry.places import make_user
from tests.signing import sign_in
from training.enrolments.models import Enrolment

#: Fields that carry the id of a row → the test that posts a foreign one
IDS_IN_FORMS = {
    ("EnrolmentFilter", "klass"): "a filter over rows that are within reach anyway",
    ("EnrolmentFilter", "batch"): "a filter over rows that are within reach anyway",
    ("ClassFilter", "institution"): "a filter over rows that are within reach anyway",
    ("ReportFilter", "order"): "a filter over rows that are within reach anyway",
    ("DecisionForm", "case"): "tests/registry/test_people_views.py",
    ("SwitchForm", "membership"): "tests/registry/test_staffing.py",
}
IDS_IN_API = {
    ("HandIn", "institution"): "here",
    ("Say", "version"): "a count, not an id",
    ("Changed", "position"): "in an answer",
    ("Changes", "cursor"): "in an answer; asked with, it is a place in an order of rows within reach",
    ("Stands", "level_rank"): "in an answer",
    **{("Issued", key): "in an answer" for key in ("order", "total", "prepared", "signed", "refused")},
    ("Line", "line"): "in an answer",
}
#: Choices among rows that everybody may know
PUBLISHED = {("AssessorForm", "occupation"): "occupations are published by the state"}


def _forms() -> dict[str, type[forms.BaseForm]]:
    for package in (registry, training, certificates):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.endswith("forms"):
                importlib.import_module(found.name)
    return {each.__name__: each for each in _below(forms.BaseForm) if each.__module__.split(".")[0] in ROOTS}


ROOTS = {"registry", "training", "certificates"}


def _below(kind: type) -> list[Any]:
    return [each for sub in kind.__subclasses__() for each in (sub, *_below(sub))]


def test_no_form_offers_rows_by_their_id() -> None:
    """A choice of rows would be all of a table unless somebody remembers to narrow it."""
    found = [
        f"{name}.{key}"
        for name, form in _forms().items()
        for key, field in form.base_fields.items()
        if isinstance(field, forms.ModelChoiceField)
        # One that begins with no rows is narrowed by whoever makes the form, or offers nothing.
        and not (field.queryset is not None and field.queryset.query.is_empty())
        and (name, key) not in PUBLISHED
    ]
    assert found == []


def test_every_id_in_a_form_is_accounted_for() -> None:
    counts = {"seen", "version", "row", "n", "days", "age", "page", "theory", "practice", "total"}
    counts |= {"count", "counted", "spoiled", "quantity", "months"}
    found = {
        (name, key)
        for name, form in _forms().items()
        for key, field in form.base_fields.items()
        if isinstance(field, (forms.IntegerField, forms.UUIDField)) and key not in counts
    }
    assert found <= set(IDS_IN_FORMS), found - set(IDS_IN_FORMS)


def test_every_number_in_a_body_of_the_api_is_accounted_for() -> None:
    schema: dict[str, Any] = api.get_openapi_schema()["components"]["schemas"]
    found = set()
    for name, body in schema.items():
        for key, field in body.get("properties", {}).items():
            kinds = {field.get("type"), *(each.get("type") for each in field.get("anyOf", ()))}
            if "integer" in kinds or field.get("format") == "uuid":
                found.add((name, key))
    wrapped = {(name, key) for name, key in found if not any(key == known for _n, known in IDS_IN_API)}
    assert wrapped == set()


@pytest.fixture
def town(db: None) -> towns.Town:
    return towns.build()


@pytest.mark.parametrize(
    ("role", "foreign"),
    [
        (Role.PC, {"kind": "ledger", "institution": "away"}),
        (Role.PC, {"kind": "ledger", "region": towns.AWAY}),
        (Role.PC, {"kind": "ledger", "region": towns.COUNTY}),
        (Role.PC, {"kind": "roster", "klass": "away"}),
        (Role.C1, {"kind": "ledger", "institution": "away"}),
        (Role.C1, {"kind": "ledger", "region": towns.AWAY}),
        (Role.C1, {"kind": "roster", "klass": "away"}),
    ],
)
def test_a_sheet_is_not_handed_in_for_a_place_beyond_reach(
    town: towns.Town, role: Role, foreign: dict[str, Any]
) -> None:
    away = towns.make_class(town.away, "A-01", town.welding)
    place: dict[str, Any] = (
        {"institution": town.school} if role == Role.PC else {"region_id": town.school.region_id}
    )
    client = sign_in(Client(), make_user("sender", role, **place))
    named = {"institution": town.away.pk, "klass": away.number}
    body = {key: named[key] if value == "away" else value for key, value in foreign.items()}
    body["file"] = SimpleUploadedFile("表.csv", towns.roster(towns.people(1)))
    answer = client.post("/api/intake/batches", body)
    assert answer.status_code == 422, answer.content
    assert not Batch.objects.exists()
    assert not Enrolment.objects.exists()


def test_a_role_in_a_body_is_ones_own(town: towns.Town) -> None:
    foreign = make_user("auditor", Role.AUD).memberships.get()
    client = sign_in(Client(), make_user("clerk", Role.PC, institution=town.school))
    assert client.post("/staffing/switch/", {"membership": foreign.pk}).status_code == 404
    assert Membership.objects.filter(pk=foreign.pk, user__username="auditor").exists()
