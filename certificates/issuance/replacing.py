"""Certificates given in the place of others: asked for by a clerk of the body, agreed to by who signs, then issued.

The new one is an intent of its own whose source is the old certificate, so there is one for each, however often it is
asked for. When it is signed, the old one is superseded in the same transaction; where the old one holds no more by
then, the new one comes to nothing. Both attest the same achievement, which is counted once, where it was first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import (
    acts,
    entries,
    families,
    hooks,
    issuing,
    people,
    reasons,
    sealing,
    superseding,
)
from certificates.issuance.act_models import ActKind
from certificates.issuance.entries import REISSUE, Entry, Refused
from certificates.issuance.models import Attestation, Certificate
from certificates.issuance.queries import certificates
from certificates.issuance.superseding import COMPLETION_KIND, GONE, KIND, KINDS, STANDING, SUBJECT
from registry.accounts.models import User
from registry.accounts.policy import scope_of
from registry.accounts.scopes import actor_for
from registry.audit.numbers import veiled
from registry.identity.masking import mask_id_number
from registry.people.models import Document
from registry.review import services as review
from registry.review.models import Case

#: What a correction may change besides what the person's own record says.
CHANGEABLE: Final = ("occupation_code", "occupation_name", "direction")
#: Reasons that give a new date of issue; the others keep the old one.
_RENEWS = frozenset({"renewal"})
#: The reason that says nothing but that the person's own record was put right.
_NAMED: Final = "name"


def ask(
    certificate_id: int, *, reason: str, actor: User, changes: Mapping[str, str] | None = None, note: str = ""
) -> Case:
    """Hand in that a certificate of ours is replaced. Raises ValidationError where it cannot be."""
    capacity = actor_for(actor)
    reach = certificates(scope_of(capacity, "certificate.prepare")).filter(**families.of(capacity))
    old = reach.filter(pk=certificate_id).first()
    if old is None or old.basis != Certificate.Basis.ISSUED:
        raise ValidationError(_t("只有本机构签发的证书可以换发。"))
    if problem := obstacle(old):
        raise ValidationError(problem)
    if reason not in reasons.of(ActKind.SUPERSEDE):
        raise ValidationError(_t("请选择原因。"))
    if reason == _NAMED and not differing(old):
        raise ValidationError(_t("人员档案与证书一致，没有可更正的姓名或证件；请先更正人员档案。"))
    asked = {key: value for key, value in (changes or {}).items() if value and key in CHANGEABLE}
    return review.open_case(
        kind=COMPLETION_KIND if old.family == Certificate.Family.COMPLETION else KIND,
        subject_type=SUBJECT,
        subject_id=old.pk,
        summary=_t("换发一本证书（%(number)s）") % {"number": old.number},
        maker=actor,
        payload={"certificate": old.pk, "reason": reason, "changes": asked, "note": veiled(note)[:200]},
        region_code=old.region_code,
        institution_id=old.institution_id,
    )


def differing(old: Certificate) -> list[tuple[str, str, str]]:
    """What the person's record says otherwise today than the certificate: what it is called, was, is; numbers masked.

    A replacement takes all of it over. Empty for certificates that are not ours, and where nobody is known any more.
    """
    was = Attestation.objects.filter(pk=old.pk).only("sealed").first()
    if was is None or not was.sealed:
        return []  # before anything sealed is opened
    now = people.known([old.person_id]).get(old.person_id)
    if now is None or isinstance(now, Refused):
        return []
    then = sealing.opened(old.pk, bytes(was.sealed))
    kinds = dict(Document.Kind.choices)
    said = (
        (_t("姓名"), then.name, now.name, str),
        (_t("证件类型"), then.document_kind, now.document_kind, lambda kind: str(kinds.get(kind, kind))),
        (_t("证件号码"), then.document_number, now.document_number, mask_id_number),
    )
    return [(label, show(before), show(after)) for label, before, after, show in said if before != after]


def obstacle(old: Certificate) -> str:
    """Why a certificate cannot be replaced now; empty where it can."""
    if old.state not in STANDING:
        return str(acts.PROBLEMS.get(f"is_{old.state}", old.state))
    if _intent(old.pk) is not None:
        return _t("已经换发，正在签发。")
    return ""


def waiting(old: Certificate) -> bool:
    """Whether somebody asked for it to be replaced and nobody has decided yet."""
    asked = Case.objects.filter(kind__in=KINDS, subject_type=SUBJECT, subject_id=str(old.pk))
    return asked.filter(state=Case.State.OPEN).exists()


def carry_out(certificate_id: int) -> int | None:
    """Store and sign what was agreed to for one certificate; returns the id of the new one. Twice is once.

    For the worker, who alone opens keys. Raises ValidationError with the reason where it is refused for good.
    """
    made = _intent(certificate_id)
    if made is None:
        case = superseding.agreed(certificate_id)
        if case is None:
            return None
        old = Certificate.objects.get(pk=certificate_id)
        if old.state not in STANDING:
            return None
        today = timezone.localdate()
        done = issuing.attest(
            [entry_of(old, case.payload.get("changes", {}))],
            institution=old.institution,
            family=old.family,
            issued_on=today if case.payload["reason"] in _RENEWS else old.issued_on or today,
            region_code=old.region_code,
            actor=case.maker,
        )
        refused = done.refused.get(0)
        if refused is not None and refused.code != entries.ALREADY_ISSUED:
            raise ValidationError(hooks.wording(refused.code))
        made = _intent(certificate_id)
    if made is not None and made.state == Attestation.State.PREPARED:
        issuing.sign_these([made.pk])
        made.refresh_from_db()
    return made.pk if made is not None and made.state == Attestation.State.SIGNED else None


def entry_of(old: Certificate, changes: Mapping[str, str]) -> Entry:
    """What is attested anew: as the old intent has it, with the changes; the name is the person's of today."""
    was = Attestation.objects.get(pk=old.pk)
    body = dict(was.printed)
    entry = Entry(
        REISSUE,
        str(old.pk),
        old.person_id,
        level=was.level_id,
        occupation_code=was.occupation_code,
        occupation_name=was.occupation_name,
        direction=was.direction,
        prefix=body.pop("body_code", ""),
        title=was.name,
        region_code=was.region_code,
        enrolment_id=old.enrolment_id,
        printed={key: value for key, value in body.items() if key not in ("body", "level")},
    )
    return entry._replace(
        occupation_code=changes.get("occupation_code") or entry.occupation_code,
        occupation_name=changes.get("occupation_name") or entry.occupation_name,
        direction=changes.get("direction") or entry.direction,
    )


def _intent(certificate_id: int) -> Attestation | None:
    found = Attestation.objects.filter(source_type=REISSUE, source_id=str(certificate_id))
    return found.exclude(state=Attestation.State.VOID).first()


# --- what the review room and the hooks of issuing call ---------------------------------------------------------


def _approved(case: Case, actor: User) -> None:
    from certificates.issuance import measure_tasks

    old = Certificate.objects.select_for_update(of=("self",)).get(pk=case.payload["certificate"])
    if problem := obstacle(old):
        raise ValidationError(problem)
    transaction.on_commit(lambda: measure_tasks.enqueue_reissue(old.pk))


def _facts(case: Case) -> list[tuple[str, str]]:
    row = Certificate.objects.select_related("level").filter(pk=case.payload["certificate"]).first()
    words = reasons.labels(ActKind.SUPERSEDE)
    facts = [(_t("原因"), words.get(case.payload["reason"], case.payload["reason"]))]
    if row is not None:
        facts += [(_t("证书编号"), row.number), (_t("职业（工种）"), row.occupation_text or "—")]
    names = {
        "occupation_code": _t("改为职业编码"),
        "occupation_name": _t("改为职业"),
        "direction": _t("改为工种"),
    }
    if row is not None and (taken := differing(row)):
        facts.append((_t("取自人员档案"), "、".join(label for label, _was, _now in taken)))
    facts += [(names[key], value) for key, value in case.payload.get("changes", {}).items()]
    if case.payload.get("note"):
        facts.append((_t("说明"), case.payload["note"]))
    return facts


def _link(case: Case) -> str:
    return reverse("certificates:detail", args=[case.payload["certificate"]])


def _check(subjects: Sequence[hooks.Subject]) -> dict[int, Refused]:
    """Lines that replace a certificate which holds no more."""
    old = {
        place: int(subject.entry.source_id)
        for place, subject in enumerate(subjects)
        if subject.entry.source_type == REISSUE
    }
    standing = set(
        Certificate.objects.filter(pk__in=old.values(), state__in=STANDING).values_list("pk", flat=True)
    )
    return {place: Refused(GONE) for place, pk in old.items() if pk not in standing}


def register() -> None:
    """Make the kind of matter known to the review room, and the check to issuing."""
    hooks.register("replacing", _check, {GONE: _("原证书已不再有效，不能换发")})
    procedure = review.Procedure(
        kind=KIND,
        label=_("换发证书"),
        steps=(review.Step("sign", action="certificate.sign"),),
        on_approved=_approved,
        effect=_(
            "另编号签发一本新证书，原证书同时变为已换发；取证人次不重复统计。姓名和证件号码取自现时的人员档案。"
        ),
        facts=_facts,
        link=_link,
    )
    review.register(procedure)
    signed_by_principals = (review.Step("sign", action="completion.sign"),)
    review.register(
        replace(procedure, kind=COMPLETION_KIND, label=_("换发培训合格证书"), steps=signed_by_principals)
    )


def unfinished() -> list[int]:
    """Certificates whose replacement was agreed to and is not on record yet."""
    agreed = Case.objects.filter(kind__in=KINDS, state=Case.State.APPROVED).values_list(
        "subject_id", flat=True
    )
    # What was replaced is superseded, so of those agreed to only the unfinished ones still stand.
    standing = Certificate.objects.filter(pk__in=[int(pk) for pk in agreed], state__in=STANDING)
    return list(standing.values_list("pk", flat=True))
