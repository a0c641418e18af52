"""Verbs over accounts: make, close, give and end roles, sign in and out. Each leaves an action."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.accounts.holders import holder_of_index, holder_of_number
from registry.accounts.models import ADMINISTRATORS, Holder, Membership, Role, User
from registry.accounts.queries import accounts_of_one_person
from registry.accounts.sessions import end_sessions, forget_session
from registry.audit import services as audit
from registry.institutions.models import Institution
from registry.lib import figures
from registry.regions.models import Region


class AccountError(ValidationError):
    """What was asked of an account cannot be done; the text says why to the user."""


class OwnRole(AccountError):
    """角色须由他人授予或收回，不能为自己办理。"""


class NoHolder(AccountError):
    """该账号还没有登记自然人，不能授予工作人员角色。请先补登证件号码。"""


class NotTogether(AccountError):
    """系统、安全、审计三员须由三人分别担任，且不得兼任其他角色；此人在同一时期已有不能兼任的角色。"""


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str | None,
    display_name: str = "",
    is_staff: bool = False,
    id_number: str = "",
    person_index: bytes | None = None,
    actor: User | None,
) -> User:
    """Make an account without any role. Its password, if it has one, must be changed at the first sign-in.

    Whose it is, is said by the identity number, or by its keyed index (32 bytes) where another row holds the number.
    Raises ValidationError for a bad or taken user name, and for a number that cannot be right.
    """
    user = User(username=username, display_name=display_name, is_staff=is_staff)
    if id_number:
        user.holder = holder_of_number(id_number)
    elif person_index is not None:
        user.holder = holder_of_index(person_index)
    user.set_password(password)
    # Whoever opens an account knows its first password.
    user.must_change = password is not None
    user.full_clean()
    user.save()
    audit.record(code="accounts.create", actor=actor, subject_type="user", subject_id=user.pk)
    return user


@transaction.atomic
def close_user(user: User, *, reason: str, actor: User | None) -> None:
    """The account can no longer sign in; its sessions end at once.

    Closing twice is closing once.
    """
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        audit.record(
            code="accounts.close", actor=actor, subject_type="user", subject_id=user.pk, reason=reason
        )
    end_sessions(user)
    user.is_active = False


@transaction.atomic
def grant_membership(
    *,
    user: User,
    role: Role,
    institution: Institution | None = None,
    region: Region | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    reason: str = "",
    actor: User | None,
    agreed_by: User | None = None,
) -> Membership:
    """Give a role from a day (today) to a day, both included; a trainee's may be open.

    Raises OwnRole when actor or agreed_by and user are one person, NoHolder for a role of staff on an account whose
    natural person is not known, NotTogether when that person holds what may not be held beside it, and ValidationError
    when the place does not fit the role, or the role ends on no day or too late.
    """
    membership = proposed_membership(
        user=user,
        role=role,
        institution=institution,
        region=region,
        valid_from=valid_from,
        valid_to=valid_to,
        actor=actor,
        agreed_by=agreed_by,
    )
    membership.save()
    audit.record(
        code="accounts.grant",
        actor=actor,
        subject_type="user",
        subject_id=user.pk,
        reason=reason,
        after=_facts(membership),
    )
    return membership


def proposed_membership(
    *,
    user: User,
    role: Role,
    institution: Institution | None = None,
    region: Region | None = None,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    actor: User | None,
    agreed_by: User | None = None,
) -> Membership:
    """The role as it would be given, not saved; within a transaction. Raises what :func:`grant_membership` raises."""
    for giver in (actor, agreed_by):
        refuse_own(user, giver)
    membership = Membership(
        user=user,
        role=role,
        institution=institution,
        region=region,
        valid_from=valid_from or timezone.localdate(),
        valid_to=valid_to,
        granted_by=actor,
        agreed_by=agreed_by,
    )
    membership.full_clean()
    if role != Role.TRN:
        _check_staff(membership)
    return membership


@transaction.atomic
def switched_role(user: User, before: Membership | None, after: Membership) -> None:
    """Keep that somebody went on in another of their roles."""
    audit.record(
        code="accounts.switch_role",
        actor=user,
        subject_type="membership",
        subject_id=after.pk,
        before=_facts(before) if before else None,
        after=_facts(after),
    )


@transaction.atomic
def end_membership(
    membership: Membership, *, on: dt.date | None = None, reason: str, actor: User | None
) -> None:
    """The role's last day (yesterday, so that it ends now). One that would end before it began is removed.

    Raises OwnRole, and AccountError for a role that has ended by then.
    """
    refuse_own(membership.user, actor)
    last = on or timezone.localdate() - dt.timedelta(days=1)
    if membership.valid_to is not None and membership.valid_to <= last:
        raise AccountError(_("这一任职在此之前已经到期。"))
    before = _facts(membership)
    membership.valid_to = last
    if last < membership.valid_from:
        membership.delete()
    else:
        membership.full_clean()
        membership.save(update_fields=["valid_to"])
    audit.record(
        code="accounts.end_role",
        actor=actor,
        subject_type="user",
        subject_id=membership.user_id,
        reason=reason,
        before=before,
        after={"valid_to": last.isoformat()},
    )
    if last < timezone.localdate():
        end_sessions(membership.user)


@transaction.atomic
def signed_in(user: User, factor: str = "") -> None:
    """Keep that somebody came in, and by which second factor."""
    audit.record(
        code="accounts.sign_in",
        actor=user,
        subject_type="user",
        subject_id=user.pk,
        after={"second_factor": factor} if factor else None,
    )


@transaction.atomic
def signed_out(user: User, session_key: str | None = None, *, why: str = "") -> None:
    """Keep that somebody left, or that their session was over (`idle`, `long`)."""
    forget_session(session_key)
    audit.record(code="accounts.sign_out", actor=user, subject_type="user", subject_id=user.pk, reason=why)


@transaction.atomic
def sign_in_refused(username: str, until: dt.datetime | None = None) -> None:
    """Keep a failed try, and that the door is shut for it `until`; at a name that nobody has as at any other.

    What was typed is not kept: people type passwords, and identity numbers, into the first field they see.
    """
    user_id = User.objects.filter(username=username).values_list("pk", flat=True).first()
    audit.record(
        code="accounts.locked_out" if until else "accounts.sign_in_refused",
        actor=None,
        subject_type="user",
        subject_id=user_id or "",
        after={"until": until.isoformat(timespec="seconds")} if until else None,
    )


@transaction.atomic
def confirmed(user: User) -> None:
    """Keep that somebody proved anew who they are."""
    audit.record(code="accounts.confirm", actor=user, subject_type="user", subject_id=user.pk)


def membership_facts(membership: Membership) -> dict[str, object]:
    """A membership as the record keeps it."""
    return {
        "role": str(membership.role),
        "institution": membership.institution_id,
        "region": membership.region_id,
        "valid_from": membership.valid_from.isoformat(),
        "valid_to": membership.valid_to.isoformat() if membership.valid_to else None,
        "granted_by": membership.granted_by_id,
        "agreed_by": membership.agreed_by_id,
    }


_facts = membership_facts


def _check_staff(membership: Membership) -> None:
    """What triggers hold as well, said in words; the person's row stays locked until the grant is made."""
    holder = membership.user.holder_id
    if holder is None:
        raise NoHolder(str(NoHolder.__doc__))
    longest = figures.number("staff.role_days")
    if membership.valid_to is None:
        raise ValidationError({"valid_to": _("请写明截止日期。")})
    if (membership.valid_to - membership.valid_from).days >= longest:
        raise ValidationError({"valid_to": _("任职最长 %(n)s 天，到期可再授予。") % {"n": longest}})
    Holder.objects.select_for_update(no_key=True).get(pk=holder)
    others = Membership.objects.filter(user__holder=holder, valid_from__lte=membership.valid_to).exclude(
        role__in=(Role.TRN, membership.role)
    )
    if membership.role not in ADMINISTRATORS:
        others = others.filter(role__in=ADMINISTRATORS)
    if others.exclude(valid_to__lt=membership.valid_from).exists():
        raise NotTogether(str(NotTogether.__doc__))


def refuse_own(user: User, actor: User | None) -> None:
    if actor is not None and accounts_of_one_person(actor).filter(pk=user.pk).exists():
        raise OwnRole(_("角色须由他人授予或收回，不能为自己办理。"))
