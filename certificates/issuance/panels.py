"""What issuance puts on the personal account: the certificates that the person holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import answers, validity, wording
from certificates.issuance.queries import of_person
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.people.panels import Panel


def _certificates(scope: Scope, person: Person) -> Mapping[str, Any]:
    rows = list(of_person(scope, person.pk).annotate(answer=answers.annotation()))
    today = timezone.localdate()
    return {
        "rows": [(row, wording.answer_of(row, row.answer), validity.ends_soon(row, today)) for row in rows],
        "ends": any(row.expires_on for row in rows),
        "aside": _t("%(n)s 本") % {"n": len(rows)} if rows else "",
        "receipts": scope.kind == "own",
    }


CERTIFICATES = Panel("certificates", _("证书"), "certificates/issuance/_panel.html", _certificates, order=30)
