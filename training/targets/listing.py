"""How the rows behind a figure are shown: the titles of their columns, and their cells as words."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from registry.regions.queries import names
from registry.templatetags.house import NOTHING, day, money, tag
from training.catalogue.codes import Funding, PersonCategory, TrainingType
from training.targets import wording
from training.targets.counting import Count
from training.targets.rows import Page, Row
from training.targets.tables import Measure


def _is_certificate(count: Count) -> bool:
    return count.measure in (Measure.CERTIFIED, Measure.HIGH_NEW)


def titles(count: Count) -> list[tuple[str, str]]:
    """(class of the cells, title) of every column after the name."""
    first = [("num", _("证件号码")), ("", _("机构"))]
    if _is_certificate(count):
        own = [("", _("证书编号")), ("", _("证书类别")), ("nowrap", _("日期")), ("n", _("计数"))]
    else:
        own = [
            ("", _("班级")),
            ("", _("培训类型")),
            ("", _("经费")),
            ("", _("人员类别")),
            ("nowrap", _("日期")),
        ]
        if count.measure is Measure.PAID:
            own.append(("n", _("金额")))
    return [*first, *own, ("", _("统计地区"))]


def lines(page: Page, count: Count) -> list[dict[str, Any]]:
    """Of every row its name, the address of its training, and its cells in the order of the titles."""
    places = names({row.region for row in page.rows})
    labels = _Labels()
    cells = (
        _certificate if _is_certificate(count) else _payment if count.measure is Measure.PAID else _training
    )
    return [
        {
            "name": row.name,
            "href": _address(row.enrolment_id),
            "cells": [
                NOTHING if row.mask is None else row.mask,
                row.institution or NOTHING,
                *cells(row, labels),
                places.get(row.region, row.region),
            ],
        }
        for row in page.rows
    ]


class _Labels:
    """The words of codes, looked up once for a page."""

    def __init__(self) -> None:
        self.types = _words(TrainingType.choices)
        self.funding = _words(Funding.choices)
        self.categories = _words(PersonCategory.choices)
        self.families = _words(wording.families())
        self.taken_off = tag(_("撤销冲减"), "warn")


def _words(choices: list[tuple[str, Any]]) -> dict[str, str]:
    return {str(code): str(word) for code, word in choices}


def _certificate(row: Row, labels: _Labels) -> list[Any]:
    sign = mark_safe(f"{labels.taken_off} −1") if row.sign < 0 else "1"
    return [row.number, labels.families.get(row.kind, row.kind), day(row.day), sign]


def _training(row: Row, labels: _Labels) -> list[Any]:
    return [
        row.klass,
        labels.types.get(row.kind, row.kind),
        labels.funding.get(row.funding, ""),
        labels.categories.get(row.category) or NOTHING,
        day(row.day),
    ]


def _payment(row: Row, labels: _Labels) -> list[Any]:
    return [*_training(row, labels), money(row.amount_fen)]


def _address(enrolment: int | None) -> str:
    """The page of one training, "" where the row names none or no room offers the page."""
    if not enrolment:
        return ""
    try:
        return reverse("enrolments:detail", args=[enrolment])
    except NoReverseMatch:
        return ""
