"""The register of purposes (`purposes.toml`): every field of every table, what it is for, how long, who sees it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REGISTER = Path(__file__).with_name("purposes.toml")
NONE, ALL = "none", "*"

BASES: Mapping[str, str | Promise] = {
    "consent": _("您的同意"),
    "duty": _("履行法定职责"),
    "accounts": _("财务会计方面的法定义务"),
    "security": _("网络安全方面的法定义务"),
}
_OURS = ("registry", "certificates", "training")


@dataclass(frozen=True, slots=True)
class Group:
    """Facts of one kind: what for, on what ground, how long kept, seen by whom.

    `words` say what the fields are where the tables' own words (`fields`) would tell a reader nothing.
    """

    name: str
    title: str
    about: str
    purpose: str
    basis: str
    kept: str
    seen: str
    words: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)

    @property
    def ground(self) -> str | Promise:
        """The legal basis in words."""
        return BASES[self.basis]


@cache
def register() -> dict[str, Any]:
    """The file as it is: `group` and `fields`."""
    return tomllib.loads(REGISTER.read_text("utf-8"))


def key_of(model: type[Model]) -> str:
    """How the register names a table: room and model for ours, app and model for a library's."""
    app = model._meta.app_label
    place = model.__module__.split(".")[1] if app in _OURS else app
    return f"{place}.{model.__name__}"


def groups_of(model: type[Model]) -> dict[str, str] | None:
    """Group (or none) of each field by name; None for a table that the register does not have."""
    key = key_of(model)
    tables = register()["fields"]
    said = tables.get(key) or tables.get(key.split(".")[0])
    if said is None:
        return None
    placed = {name: group for group, names in said.items() for name in names}
    if ALL in placed:
        return dict.fromkeys(names_of(model), placed[ALL])
    return placed


def names_of(model: type[Model]) -> list[str]:
    """The columns of a table."""
    return [each.name for each in model._meta.get_fields() if getattr(each, "concrete", False)]


@cache
def page() -> list[Group]:
    """What is kept about trainees, group by group, each with the fields that it consists of."""
    found = {
        name: Group(name=name, **said)
        for name, said in register()["group"].items()
        if said["about"] == "trainees"
    }
    for model in apps.get_models():
        for name, group in (groups_of(model) or {}).items():
            if group in found and not found[group].words:
                label = str(getattr(model._meta.get_field(name), "verbose_name", name))
                if label not in found[group].fields:
                    found[group].fields.append(label)
    return [each for each in found.values() if each.name != "link"]
