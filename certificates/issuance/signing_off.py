"""The signatory agrees to an order: the kind of matter that the review room decides on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance import issue_tasks, orders
from certificates.issuance.models import Order
from registry.accounts.models import User
from registry.review.models import Case
from registry.review.procedures import Procedure, Step


def _facts(case: Case) -> Sequence[tuple[str, str]]:
    order = Order.objects.select_related("institution").get(pk=UUID(case.subject_id))
    return [
        (_("机构"), order.institution.name),
        (_("证书类别"), str(order.get_family_display())),
        (_("发证日期"), order.issued_on.isoformat()),
        (_("拟签发"), f"{order.total - order.refused:,}"),
        (_("不予签发"), f"{order.refused:,}"),
    ]


def _approved(case: Case, actor: User) -> None:
    order_id = UUID(case.subject_id)
    try:
        agreed = orders.approve(order_id, digest_agreed=case.payload["digest"], actor=actor)
    except orders.NotNow as error:
        raise PermissionDenied(str(error)) from error
    if agreed:
        # In the same transaction: an approval without its job, or a job without its approval, cannot be.
        issue_tasks.enqueue(order_id)


def _not_approved(case: Case, actor: User) -> None:
    orders.put_back(UUID(case.subject_id), returned=case.state == Case.State.RETURNED)


ISSUE = Procedure(
    kind=orders.KIND,
    label=_lazy("签发证书"),
    steps=(Step("sign", action="certificate.sign"),),
    on_approved=_approved,
    on_refused=_not_approved,
    effect=_lazy("通过后系统按名单编号并用本机构密钥签名，证书随即可以核验，不能收回，只能撤销。"),
    facts=_facts,
    link=lambda case: reverse("certificates:order", args=[case.subject_id]),
)
ISSUE_COMPLETION = replace(
    ISSUE,
    kind=orders.COMPLETION_KIND,
    label=_lazy("签发培训合格证书"),
    steps=(Step("sign", action="completion.sign"),),
)
