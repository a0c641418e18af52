"""What claims put into a copy of everything held about a person, and name when a fact is disputed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.lib.money import format_yuan
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights.contributors import Contributor, Row
from training.claims import queries


def _rows(scope: Scope, person: Person) -> list[Row]:
    return [
        {
            _t("班级"): row.enrolment.klass.number,
            _t("金额（元）"): format_yuan(row.amount_fen),
            _t("资金来源"): str(row.get_fund_display()),
            _t("支付日期"): row.paid_on.isoformat() if row.paid_on else None,
            _t("依据"): str(row.get_basis_display()),
        }
        for row in queries.of_person(scope, person.pk)
    ]


def _records(scope: Scope, person: Person) -> Sequence[tuple[str, str]]:
    return [
        (f"payment:{row.pk}", f"{format_yuan(row.amount_fen)} 元 {row.paid_on or row.enrolment.klass.number}")
        for row in queries.of_person(scope, person.pk)[:50]
    ]


MONEY = Contributor("money", _("以本人名义发放的补贴"), _rows, _records, order=40)
