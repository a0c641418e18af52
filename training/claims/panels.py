"""What claims put on the personal account: money paid in the person's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from registry.lib.money import format_yuan
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.people.panels import Panel
from training.claims import queries

SHOWN = 50


def _money(scope: Scope, person: Person) -> Mapping[str, Any] | None:
    if scope.assesses:
        return None  # what is paid is no business of who examines, as the matrix says (payment.read)
    found = queries.of_person(scope, person.pk)
    total = found.order_by().aggregate(fen=Sum("amount_fen"))["fen"]
    return {"rows": list(found[:SHOWN]), "fen": total, "aside": f"{format_yuan(total)} 元" if total else ""}


MONEY = Panel("money", _("以本人名义发放的补贴"), "training/claims/_panel.html", _money, order=40)
