"""What enrolments put on the personal account: trainings with hours and results, and the sums of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.lib.scope import Scope
from registry.people.models import Person
from registry.people.panels import Panel
from training.enrolments import queries

SHOWN = 50


def _trainings(scope: Scope, person: Person) -> Mapping[str, Any]:
    found = queries.of_person(scope, person.pk)
    sums = found.order_by().aggregate(
        n=Count("id"),
        finished=Count("id", filter=Q(finished_on__isnull=False)),
        passed=Count("id", filter=Q(result="pass")),
        hours=Sum("hours", filter=Q(finished_on__isnull=False)),
    )
    return {
        "rows": list(found.prefetch_related("klass__region")[:SHOWN]),
        **sums,
        "receipts": scope.kind == "own",
        "aside": _t("%(n)s 次培训，结业 %(finished)s 次") % sums,
    }


TRAININGS = Panel("trainings", _("培训记录"), "training/enrolments/_panel.html", _trainings, order=20)
