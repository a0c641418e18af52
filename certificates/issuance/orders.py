"""Orders: a clerk draws one up for a closed batch or a list, the signatory agrees to it, the worker carries it out.

draft → waiting → approved → issuing → done; returned it is a draft again, refused or withdrawn it is cancelled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _t

from certificates.evaluations import queries as evaluations
from certificates.issuance import composing, entries, families, issuing
from certificates.issuance.entries import Entry, Refused
from certificates.issuance.models import Certificate, Order, OrderLine, SigningKey
from registry.accounts import policy
from registry.accounts.models import User
from registry.audit import services as audit
from registry.lib.scope import Actor
from registry.review import services as review

State = Order.State
# The kinds of matter under which a signatory agrees: the principal of a school to completion certificates alone.
KIND = "certificates.issue"
COMPLETION_KIND = "certificates.issue_completion"
CHUNK = 1_000


class NotNow(Exception):
    """The order cannot be made or moved so; the text says why."""


def for_exam(*, actor: Actor, user: User, exam_id: int, issued_on: date, key: str | None = None) -> Order:
    """A draft for everybody who has a result in a closed batch; who did not pass is refused in it.

    Raises NotNow, and Refused where the role may not.
    """
    policy.require(actor, "certificate.prepare")
    scope = policy.scope_of(actor, "certificate.prepare")
    exam = evaluations.closed(scope).filter(pk=exam_id).first()
    if exam is None or not families.allows(actor, Certificate.Family.SKILL_LEVEL):
        raise NotNow(_t("该评价批次不存在或尚未办结，不能制证。"))
    if not exam.exam_on <= issued_on <= timezone.localdate():
        raise NotNow(_t("发证日期应在考试日期与今天之间。"))
    given = [_of_candidate(one) for one in evaluations.results(scope, exam_id)]
    return draw_up(
        user=user,
        institution=exam.institution,
        family="skill_level",
        issued_on=issued_on,
        region_code=exam.region_code,
        given=given,
        evaluation_id=exam.pk,
        key=key,
    )


def _of_candidate(one: evaluations.Passed) -> Entry:
    return Entry(
        source_type=entries.CANDIDATE,
        source_id=str(one.candidate_id),
        person_id=one.person_id,
        level=one.rank,
        occupation_code=one.occupation_code,
        occupation_name=one.occupation_name,
        direction=one.direction,
        prefix=one.prefix,
        region_code=one.region_code,
        enrolment_id=one.enrolment_id,
        barred="" if one.result == "pass" else entries.NOT_PASSED,
        printed={"body": one.body_name},
    )


@transaction.atomic
def draw_up(
    *,
    user: User,
    institution: Any,
    family: str,
    issued_on: date,
    region_code: str,
    given: Sequence[Entry],
    evaluation_id: int | None = None,
    origin: str = "",
    key: str | None = None,
) -> Order:
    """A draft for these entries, with a reason for everybody who will be refused; the same `key` is the same order.

    For rooms whose rows end in certificates, such as a finished class; the caller has looked at rights and sources, and
    finds the order again by its `origin`.
    Raises NotNow for none.
    """
    if not given:
        raise NotNow(_t("名单中没有人，无需制证。"))
    if key is not None and (same := Order.objects.filter(key=key).first()) is not None:
        return same
    order = Order.objects.create(
        institution=institution,
        family=family,
        evaluation_id=evaluation_id,
        origin=origin,
        issued_on=issued_on,
        region_code=region_code,
        maker=user,
        key=key,
        total=len(given),
    )
    OrderLine.objects.bulk_create(
        (
            OrderLine(
                order=order,
                source_type=one.source_type,
                source_id=one.source_id,
                person_id=one.person_id,
                entry=one.stored(),
            )
            for one in given
        ),
        batch_size=CHUNK,
    )
    _examine(order)
    _record("issuance.draft", order, user)
    return order


@transaction.atomic
def submit(order_id: UUID, *, actor: Actor, user: User) -> Order:
    """Look at everybody once more and hand the draft to the signatory.

    Raises NotNow, Order.DoesNotExist outside the scope, and what the review says of the account.
    """
    order = _held(order_id, actor, State.DRAFT)
    if not SigningKey.objects.filter(
        institution=order.institution_id, state=SigningKey.State.ACTIVE
    ).exists():
        raise NotNow(_t("本机构还没有签发密钥。请签发人先在“签发密钥”页发布。"))
    _examine(order)
    if order.refused >= order.total:
        raise NotNow(_t("名单中没有可签发的人。"))
    count = order.total - order.refused
    case = review.open_case(
        kind=COMPLETION_KIND if order.family == Certificate.Family.COMPLETION else KIND,
        subject_type="issue_order",
        subject_id=order.pk,
        summary=_t("签发%(family)s %(n)s 本") % {"family": order.get_family_display(), "n": count},
        payload={"count": count, "digest": digest(order)},
        maker=user,
        region_code=order.region_code,
        institution_id=order.institution_id,
    )
    order.case_id, order.state = case.pk, State.WAITING
    order.save(update_fields=["case_id", "state"])
    return order


@transaction.atomic
def cancel(order_id: UUID, *, actor: Actor, user: User) -> Order:
    """Drop a draft. Raises NotNow, Order.DoesNotExist."""
    order = _held(order_id, actor, State.DRAFT)
    _move(order, State.CANCELLED)
    _record("issuance.cancel", order, user)
    return order


def approve(order_id: UUID, *, digest_agreed: str, actor: User) -> bool:
    """The signatory agrees, in the transaction of that decision; False where nothing waits any more.

    Raises NotNow where the list is no longer the one that was handed in.
    """
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.state != State.WAITING:
        return False
    if digest(order) != digest_agreed:
        raise NotNow(_t("名单与提交时不一致，不能签发。请退回重新提交。"))
    _move(order, State.APPROVED)
    _record("issuance.approve", order, actor)
    return True


def put_back(order_id: UUID, *, returned: bool) -> None:
    """What the signatory returned is a draft again; what was refused or withdrawn is over."""
    Order.objects.filter(pk=order_id, state=State.WAITING).update(
        state=State.DRAFT if returned else State.CANCELLED
    )


def digest(order: Order) -> str:
    """Of everybody on the list and what is to be attested, so that what is carried out is what was agreed to."""
    found = hashlib.sha256()
    rows = order.lines.filter(refusal="").order_by("id")
    for row in rows.values_list("id", "source_type", "source_id", "person_id", "entry").iterator(
        chunk_size=CHUNK
    ):
        found.update(json.dumps(row, ensure_ascii=False, sort_keys=True, default=str).encode())
    return found.hexdigest()


def _examine(order: Order) -> None:
    """Write the reason to everybody who will be refused as things stand."""
    terms = composing.terms(order.institution, order.family, order.issued_on, order.region_code)
    order.lines.exclude(refusal="").update(refusal="", detail="")
    after = 0
    while lines := issuing.lines(order.pk, after, CHUNK):
        after = lines[-1].id
        seen = issuing.examine(terms, [line.entry for line in lines], order.pk)
        refuse({lines[place].id: why for place, why in seen.refused.items()})
    order.refused = order.lines.exclude(refusal="").count()
    order.save(update_fields=["refused"])


def refuse(found: dict[int, Refused]) -> None:
    """By the lines' ids."""
    for why in set(found.values()):
        OrderLine.objects.filter(pk__in=[line for line, one in found.items() if one == why]).update(
            refusal=why.code, detail=why.detail[:200]
        )


def _held(order_id: UUID, actor: Actor, state: str) -> Order:
    policy.require(actor, "certificate.prepare")
    scope = policy.scope_of(actor, "certificate.prepare")
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("institution")
        .get(pk=order_id, institution=scope.institution_id, **families.of(actor))
    )
    if order.state != state:
        raise NotNow(_t("签发单的状态是%(state)s，不能再这样办理。") % {"state": order.get_state_display()})
    return order


def _move(order: Order, state: str) -> None:
    order.state = state
    order.save(update_fields=["state"])


def _record(code: str, order: Order, user: User) -> None:
    audit.record(
        code=code,
        actor=user,
        subject_type="issue_order",
        subject_id=order.pk,
        n=order.total - order.refused,
        after={
            "family": order.family,
            "institution": order.institution_id,
            "evaluation": order.evaluation_id,
            "total": order.total,
            "refused": order.refused,
        },
    )
