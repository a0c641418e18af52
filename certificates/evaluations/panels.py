"""What evaluations put on the personal account: the exams that the person sat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations.queries import of_person
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.people.panels import Panel

SHOWN = 50


def _exams(scope: Scope, person: Person) -> Mapping[str, Any]:
    rows = list(of_person(scope, person.pk)[:SHOWN])
    return {"rows": rows, "aside": _t("%(n)s 次考试") % {"n": len(rows)} if rows else ""}


EXAMS = Panel("exams", _("考试"), "certificates/evaluations/_panel.html", _exams, order=25)
