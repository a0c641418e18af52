"""A key that somebody else may have: one person reports it, another agrees, and nothing is signed with it any more."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance import keys
from certificates.issuance.models import SigningKey
from registry.accounts.models import User
from registry.review import services as review
from registry.review.models import Case
from registry.review.procedures import Procedure, Step

KIND = "certificates.key_compromised"


class NotNow(Exception):
    """The key is marked already; the text says so."""


def report(key: SigningKey, *, reason: str, user: User) -> Case:
    """Hand it in. Raises NotNow, and what the review says of the account."""
    if key.state == SigningKey.State.COMPROMISED:
        raise NotNow(_("该密钥已标为已泄露。"))
    return review.open_case(
        kind=KIND,
        subject_type="signing_key",
        subject_id=key.pk,
        summary=_("标记密钥 %(kid)s 已泄露") % {"kid": key.kid},
        payload={"kid": key.kid, "reason": reason},
        maker=user,
        region_code=key.institution.region_id,
        institution_id=key.institution_id,
    )


def _facts(case: Case) -> Sequence[tuple[str, str]]:
    key = SigningKey.objects.select_related("institution").get(pk=int(case.subject_id))
    return [
        (_("机构"), key.institution.name),
        (_("密钥编号"), key.kid),
        (_("年份"), str(key.year)),
        (_("状态"), str(key.get_state_display())),
        (_("情况说明"), str(case.payload["reason"])),
    ]


def _approved(case: Case, actor: User) -> None:
    keys.mark_compromised(int(case.subject_id), actor=actor, reason=str(case.payload["reason"]))


COMPROMISED = Procedure(
    kind=KIND,
    label=_lazy("标记密钥已泄露"),
    steps=(Step("agree", action="certificate.key_compromise"),),
    on_approved=_approved,
    effect=_lazy("通过后不再用该密钥签名，公布的密钥表中标明已泄露；用它签发的证书须重新签发。"),
    facts=_facts,
    link=lambda case: reverse("certificates:keys"),
)
