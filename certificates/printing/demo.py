"""For trying the program out: blank paper in stock, by the road that everybody's takes."""

from __future__ import annotations

from django.db import transaction

from certificates.printing import supply
from certificates.printing.paper_models import PaperRequest
from registry.accounts.models import User
from registry.accounts.scopes import actor_for
from registry.review import services as review
from registry.review.models import Case

FIRST, SHEETS = "XJ26000001", 80


def load(*, clerk: User, signer: User) -> int:
    """A delivery of sheets for skill-level certificates; none where the institution has asked for some before."""
    place = {"institution_id": actor_for(clerk).scope.institution_id}
    if PaperRequest.objects.filter(**place).exists():
        return 0
    with transaction.atomic():
        row = supply.ask(
            actor=actor_for(clerk), user=clerk, family="skill_level", quantity=SHEETS, note="第一批"
        )
        case = Case.objects.get(kind=supply.ASK, subject_id=str(row.pk))
        review.decide(
            case_id=case.pk, step=case.step, outcome="approve", actor=signer, version=case.row_version
        )
        supply.send(row.pk, actor=actor_for(signer), user=signer, first=FIRST, count=SHEETS)
        supply.receive(row.pk, actor=actor_for(clerk), user=clerk, arrived=True)
    return SHEETS
