"""Matters of blank paper that take a second person: a requisition, and a list to be destroyed."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.printing import supply
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet
from registry.accounts.models import User
from registry.review.models import Case
from registry.review.procedures import Procedure, Step


def _agreed(case: Case, actor: User) -> None:
    waiting = PaperRequest.objects.filter(pk=UUID(case.subject_id), state=PaperRequest.State.WAITING)
    waiting.update(state=PaperRequest.State.APPROVED)


def _not_agreed(case: Case, actor: User) -> None:
    withdrawn = case.state == Case.State.WITHDRAWN
    state = PaperRequest.State.WITHDRAWN if withdrawn else PaperRequest.State.REFUSED
    PaperRequest.objects.filter(pk=UUID(case.subject_id)).update(state=state)


def _facts(case: Case) -> list[tuple[str, str]]:
    row = PaperRequest.objects.select_related("institution").get(pk=UUID(case.subject_id))
    facts = [
        (_t("机构"), row.institution.name),
        (_t("证书类别"), str(row.get_family_display())),
        (_t("申领张数"), f"{row.quantity:,}"),
    ]
    return [*facts, (_t("用途说明"), row.note)] if row.note else facts


def _destroy(case: Case, actor: User) -> None:
    row = Destruction.objects.select_for_update().get(pk=UUID(case.subject_id))
    serials = list(row.sheets.order_by("id").values_list("serial", flat=True))
    if supply.digest(serials) != case.payload["digest"]:
        raise PermissionDenied(_t("销毁清单与提交时不一致，不能批准。"))
    row.state = Destruction.State.APPROVED
    row.save(update_fields=["state"])


def _keep(case: Case, actor: User) -> None:
    """The sheets wait for another list."""
    Destruction.objects.filter(pk=UUID(case.subject_id)).update(state=Destruction.State.DROPPED)
    Sheet.objects.filter(destruction_id=UUID(case.subject_id)).update(destruction=None)


def _listed(case: Case) -> list[tuple[str, str]]:
    row = Destruction.objects.select_related("institution").get(pk=UUID(case.subject_id))
    return [(_t("机构"), row.institution.name), (_t("张数"), f"{row.total:,}"), (_t("清单指纹"), row.digest)]


PAPER = Procedure(
    kind=supply.ASK,
    label=_("申领空白证书"),
    steps=(Step("approve", action="paper.approve"),),
    on_approved=_agreed,
    on_refused=_not_agreed,
    effect=_("通过后由发出人登记流水码发出，申领机构核对入库后才能打印。"),
    facts=_facts,
    link=lambda case: reverse("printing:paper-request", args=[case.subject_id]),
)
DESTRUCTION = Procedure(
    kind=supply.DESTROY,
    label=_("销毁作废证书纸"),
    steps=(Step("approve", action="paper.approve"),),
    on_approved=_destroy,
    on_refused=_keep,
    effect=_("通过后经办人销毁清单上的证书纸，您是监销人；销毁后登记日期，批次关闭。"),
    facts=_listed,
    link=lambda case: reverse("printing:paper-destruction", args=[case.subject_id]),
)
