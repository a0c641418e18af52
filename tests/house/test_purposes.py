"""Every field of every table is in the register of purposes; a new one fails until somebody says what for."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

from registry.accounts.models import Holder, User
from registry.people.models import Person
from registry.rights import purposes
from registry.rights.models import RetentionRule

EVERY = sorted(apps.get_models(include_auto_created=True), key=purposes.key_of)
REGISTER = purposes.register()
PEOPLE = (Person, User, Holder)


@pytest.mark.parametrize("model", EVERY, ids=purposes.key_of)
def test_every_field_says_what_it_is_for(model: type[models.Model]) -> None:
    said = purposes.groups_of(model)
    assert said is not None, f'registry/rights/purposes.toml lacks [fields."{purposes.key_of(model)}"]'
    names = set(purposes.names_of(model))
    assert names - set(said) == set(), "new fields: put each into a group of purposes.toml, or into none"
    assert set(said) - names == set(), "fields that are no more: take them out of purposes.toml"
    assert set(said.values()) <= {*REGISTER["group"], purposes.NONE}


@pytest.mark.parametrize("model", EVERY, ids=purposes.key_of)
def test_a_table_that_leads_to_people_names_its_fields_one_by_one(model: type[models.Model]) -> None:
    tables = REGISTER["fields"]
    said = tables.get(purposes.key_of(model)) or tables.get(purposes.key_of(model).split(".")[0]) or {}
    if purposes.ALL not in said.get(purposes.NONE, []):
        return
    leads = [
        each.name
        for each in model._meta.get_fields()
        if isinstance(each, models.ForeignKey) and each.related_model in PEOPLE
    ]
    sealed = [each.name for each in model._meta.get_fields() if each.name in {"sealed", "person_id", "mask"}]
    assert (leads, sealed) == ([], [])


def test_groups_are_whole() -> None:
    classes = {rule.value for rule in RetentionRule.Code}
    for name, group in REGISTER["group"].items():
        assert set(group) - {"words"} == {"title", "about", "purpose", "basis", "kept", "seen"}, name
        assert group["basis"] in purposes.BASES and group["about"] in {"trainees", "staff"}
        assert group["kept"] in classes or not group["kept"].isascii(), name


def test_sealed_and_named_columns_are_taken_for_personal() -> None:
    """What lies sealed, masked or indexed is about somebody, whatever the register says."""
    for model in EVERY:
        for name, group in (purposes.groups_of(model) or {}).items():
            if name in {"sealed", "mask", "blind_index", "birth_date", "person", "phone_index"}:
                assert group != purposes.NONE, (purposes.key_of(model), name)
