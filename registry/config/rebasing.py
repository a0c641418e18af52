"""Who may let the log go on after a restore: one administrator asks, another agrees, and then the command may run."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.accounts.policy import require
from registry.accounts.scopes import actor_for
from registry.audit import services as audit
from registry.audit.models import Action
from registry.audit.notary import Notary
from registry.audit.rebasing import Outcome, rebase
from registry.review import procedures, services
from registry.review.models import Case

KIND = "notary.rebase"
_DONE = "notary.rebase"


def register() -> None:
    """Make the matter known to the review room."""
    procedures.register(
        procedures.Procedure(
            kind=KIND,
            label=_("重新接续日志"),
            steps=(procedures.Step("approve", action=KIND),),
            # The deed needs the notary's key, which the pages do not have.
            on_approved=lambda case, actor: None,
            effect=_("同意后,可在公证主机上运行一次 notary rebase。"),
        )
    )


def ask(maker: User, reason: str) -> Case:
    """Ask for it. Raises PermissionDenied for who may not."""
    require(actor_for(maker), KIND)
    return services.open_case(kind=KIND, subject_type="log", subject_id="", summary=reason, maker=maker)


def perform(case_id: UUID, notary: Notary) -> Outcome:
    """Do it, once, for a case that is approved. Raises PermissionDenied, Refused."""
    with transaction.atomic():
        case = Case.objects.select_for_update(of=("self",)).filter(pk=case_id, kind=KIND).first()
        if case is None or case.state != Case.State.APPROVED:
            raise PermissionDenied(_t("没有经两人同意的接续事项。"))
        if Action.objects.filter(code=_DONE, subject_type="case", subject_id=str(case.pk)).exists():
            raise PermissionDenied(_t("该事项已执行过,请重新申请。"))
        outcome = rebase(notary)
        audit.record(
            code=_DONE,
            actor=case.decisions.latest("row_version").actor,
            subject_type="case",
            subject_id=case.pk,
            reason=case.summary,
            after={"way": outcome.way, "origin": outcome.origin, "size": outcome.size, "lost": outcome.lost},
        )
    return outcome
