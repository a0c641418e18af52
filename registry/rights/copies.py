"""A copy of everything held about a person: put together from every room, as JSON and as PDF.

The copy shows numbers in full, so that it was made is recorded before anything is opened. What is large is made in the
background; it lies sealed until it is fetched or its days are over.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.accounts.models import Role, User
from registry.audit import queries as audit_queries
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import BANK, IDNO, PHONE
from registry.lib import pdf
from registry.lib.scope import Scope
from registry.people import queries as people
from registry.people.models import Person
from registry.rights import contributors, queries, terms
from registry.rights.contributors import Contributor, Row
from registry.rights.models import Consent, Copy
from registry.rights.sealing import opened, sealed

SCHEMA = "jiangce-copy/1"
State = Copy.State


def is_large(scope: Scope, person: Person) -> bool:
    """Whether a page should not wait for it: more was done about the person than `COPY_ROWS_AT_ONCE`."""
    return audit_queries.about_person(scope, person.pk).count() > settings.COPY_ROWS_AT_ONCE


def ask(person: Person, *, actor: User) -> Copy:
    """Begin a copy and record that one is made. Raises NoTerm."""
    with transaction.atomic():
        copy = Copy.objects.create(
            person=person,
            asked_by=actor,
            expires_on=terms.due("copy_kept", timezone.localdate()),
        )
        audit.record(
            code="rights.copy",
            actor=actor,
            subject_type="person",
            subject_id=person.pk,
            person_id=person.pk,
        )
    return copy


def make(copy_id: UUID) -> None:
    """Put the copy together and seal it; once made, making it again changes nothing."""
    copy = Copy.objects.select_related("person").get(pk=copy_id)
    if copy.state == State.READY:
        return
    try:
        content = sealed(assembled(copy.person, timezone.now()), copy.pk)
    except Exception:
        Copy.objects.filter(pk=copy_id).update(state=State.FAILED)
        raise
    Copy.objects.filter(pk=copy_id).update(state=State.READY, content=content)


def of_person(scope: Scope, person_id: UUID) -> list[Copy]:
    """Copies that lie ready or are being made, newest first; only for the person."""
    if scope.kind != "own" or scope.person_id != person_id:
        return []
    return list(Copy.objects.filter(person_id=person_id).defer("content").order_by("-asked_at")[:10])


def content(scope: Scope, copy_id: UUID) -> dict[str, Any] | None:
    """What a ready copy says; None beyond the scope or before it is ready."""
    if scope.kind != "own" or scope.person_id is None:
        return None
    copy = Copy.objects.filter(pk=copy_id, person_id=scope.person_id, state=State.READY).first()
    found: dict[str, Any] | None = opened(copy.content, copy.pk) if copy else None
    return found


def assembled(person: Person, at: datetime) -> dict[str, Any]:
    """Everything, in the words of a page: sections of rows, each heading → value."""
    scope = Scope.own(person.pk)
    fresh = people.person(scope, person.pk)
    return {
        "schema": SCHEMA,
        "made_at": timezone.localtime(at).isoformat(timespec="seconds"),
        "number": str(person.pk),
        "sections": [] if fresh is None else contributors.everything(scope, fresh),
    }


def as_json(found: dict[str, Any]) -> bytes:
    """For machines; the same words."""
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def as_pdf(found: dict[str, Any]) -> bytes:
    """For people."""
    lead = [
        _("制作时间：%(at)s") % {"at": found["made_at"].replace("T", " ")[:16]},
        _("档案编号：%(number)s") % {"number": found["number"]},
        _("这里是匠册登记的关于您的全部信息。有不对的，可以在“我的权利”中申请更正。"),
    ]
    sections = [pdf.Section(each["title"], each["rows"], _("没有记录。")) for each in found["sections"]]
    return pdf.document(_("本人信息副本"), lead, sections, _("匠册 · 本人信息副本，含完整号码，请妥善保管"))


# --- what this app's own rooms contribute --------------------------------------------------------------


def _person(scope: Scope, person: Person) -> list[Row]:
    ring = keyring()
    facts: dict[str, str | int | None] = {
        _("姓名"): person.name,
        _("性别"): str(person.get_sex_display()),
        _("出生日期"): person.birth_date.isoformat() if person.birth_date else None,
        _("文化程度"): person.education,
        _("户籍地"): person.region_code,
        _("建档时间"): _moment(person.created_at),
        _("限制处理"): _moment(person.restricted_at) if person.restricted_at else None,
    }
    rows: list[Row] = [facts]
    rows += [
        {
            str(each.get_kind_display()): ring.open_(bytes(each.sealed), IDNO, each.pk).decode(),
            _("登记时间"): _moment(each.created_at),
        }
        for each in person.documents.order_by("created_at")
    ]
    rows += [
        {
            _("联系电话"): ring.open_(bytes(each.sealed), PHONE, each.pk).decode(),
            _("登记时间"): _moment(each.created_at),
        }
        for each in person.phones.order_by("created_at")
    ]
    rows += [
        {
            _("开户银行"): each.bank_name,
            _("银行户名"): each.holder_name,
            _("银行账号"): ring.open_(bytes(each.sealed), BANK, each.pk).decode(),
            _("登记时间"): _moment(each.created_at),
        }
        for each in person.accounts.order_by("created_at")
    ]
    return rows


def _cases(scope: Scope, person: Person) -> list[Row]:
    rows: list[Row] = []
    for case in queries.corrections_of(scope, person.pk):
        said = queries.said(case) or {}
        rows.append(
            {
                _("编号"): case.number,
                _("更正内容"): str(case.get_fact_display()),
                _("应当是"): said.get("proposed"),
                _("理由和依据"): said.get("why"),
                _("状态"): str(case.get_state_display()),
                _("应答复日期"): case.due_on.isoformat(),
                _("答复"): queries.answered(case),
            }
        )
    return rows


def _erasures(scope: Scope, person: Person) -> list[Row]:
    return [
        {
            _("编号"): case.number,
            _("依据"): str(case.get_basis_display()),
            _("状态"): str(case.get_state_display()),
            _("保存至"): case.kept_until.isoformat() if case.kept_until else None,
            _("答复"): case.answer,
        }
        for case in person.erasures.order_by("-asked_at")
    ]


def _consents(scope: Scope, person: Person) -> list[Row]:
    return [
        {
            _("同意书"): f"{each.text.title} v{each.text.version}",
            _("方式"): str(each.get_how_display()),
            _("纸质材料编号"): each.reference,
            _("同意日期"): each.given_on.isoformat(),
            _("撤回时间"): _moment(each.withdrawn_at) if each.withdrawn_at else None,
        }
        for each in Consent.objects.filter(person=person).select_related("text").order_by("given_on", "id")
    ]


def _acts(scope: Scope, person: Person) -> list[Row]:
    roles = dict(Role.choices)
    return [
        {
            _("时间"): _moment(each.at),
            _("办理人"): each.actor,
            _("角色"): str(roles.get(each.actor_role, "")),
            _("事项"): each.code,
        }
        for each in audit_queries.about_person(scope, person.pk)
    ]


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def register_all() -> None:
    """What this app's rooms know of a person."""
    for one in (
        Contributor("person", gettext_lazy("身份与联系方式"), _person, order=10),
        Contributor("consents", gettext_lazy("同意记录"), _consents, order=60),
        Contributor("corrections", gettext_lazy("更正申请"), _cases, order=70),
        Contributor("erasures", gettext_lazy("删除与限制"), _erasures, order=75),
        Contributor("acts", gettext_lazy("办理和查看的全部记录"), _acts, order=90),
    ):
        contributors.register(one)
