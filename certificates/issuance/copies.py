"""What issuance puts into a copy of everything held about a person, and names when a fact is disputed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import answers, queries, wording
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights.contributors import Contributor, Row


def _rows(scope: Scope, person: Person) -> list[Row]:
    return [
        {
            _t("证书编号"): row.number,
            _t("证书类别"): str(row.get_family_display()),
            _t("职业（工种）"): row.occupation_text,
            _t("等级"): row.level.name if row.level else None,
            _t("发证日期"): row.issued_on.isoformat() if row.issued_on else None,
            _t("状态"): wording.answer_of(row, row.answer).words,
            _t("有效期至"): row.expires_on.isoformat() if row.expires_on else None,
            _t("换发前的证书"): row.replaces.number if row.replaces else None,
            _t("依据"): str(row.get_basis_display()),
        }
        for row in queries.of_person(scope, person.pk)
        .annotate(answer=answers.annotation())
        .select_related("replaces", "level")
    ]


def _records(scope: Scope, person: Person) -> Sequence[tuple[str, str]]:
    return [
        (f"certificate:{row.pk}", f"{row.number} {row.occupation_text}")
        for row in queries.of_person(scope, person.pk)[:50]
    ]


CERTIFICATES = Contributor("certificates", _("证书"), _rows, _records, order=30)
