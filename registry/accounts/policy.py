"""Which role may do what. One table; what lies within reach of the role is the Scope's business.

Names are `<noun>.<verb>`. A view names its action with `requires`, and an unknown name fails at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for
from registry.lib.scope import Actor

View = TypeVar("View", bound=Callable[..., Any])

_PROVIDER = (Role.PC, Role.PP)
_EVALUATION = (Role.EB, Role.ES)
_REVIEW = (Role.C1, Role.C2, Role.RG)
_FINANCE = (Role.FM, Role.FP)
_BUSINESS = (*_PROVIDER, *_EVALUATION, *_REVIEW, *_FINANCE, Role.AUD)

#: action → (what a refusal calls it, the roles that may)
PERMISSIONS: Mapping[str, tuple[str | Promise, frozenset[str]]] = {
    name: (label, frozenset(role.value for role in roles))
    for name, label, roles in (
        ("home.read", _("查看工作台"), tuple(Role)),
        ("person.read", _("查看学员档案"), (*_BUSINESS, Role.TRN)),
        ("person.match", _("处理疑似同一人"), _REVIEW),
        ("institution.read", _("查看培训机构"), _BUSINESS),
        ("class.read", _("查看培训班次"), (*_BUSINESS, Role.TRN)),
        ("enrolment.read", _("查看培训记录"), (*_BUSINESS, Role.TRN)),
        ("certificate.read", _("查看证书"), (*_PROVIDER, *_EVALUATION, *_REVIEW, Role.AUD, Role.TRN)),
        ("payment.read", _("查看资金"), (*_PROVIDER, *_REVIEW, *_FINANCE, Role.AUD, Role.TRN)),
        ("intake.read", _("查看导入批次"), (*_PROVIDER, *_REVIEW, Role.AUD)),
        ("intake.upload", _("上传花名册或台账"), (*_PROVIDER, *_REVIEW)),
        ("intake.correct", _("更正名册"), (*_PROVIDER, *_REVIEW)),
        ("intake.commit", _("入库"), (*_PROVIDER, *_REVIEW)),
        ("stats.read", _("查看目标看板"), (*_BUSINESS, Role.TRN)),
        ("export.rows", _("导出明细"), (Role.PP, Role.ES, *_REVIEW, Role.FM, Role.AUD)),
        ("audit.read", _("查看操作记录"), (Role.PP, Role.ES, *_REVIEW, Role.AUD, Role.AAD, Role.TRN)),
        ("audit.verify", _("核验操作记录"), (Role.AUD, Role.AAD)),
        ("user.create", _("建立账号"), (Role.PP, Role.ES, Role.SYS)),
        ("role.grant", _("授予角色"), (Role.PP, Role.ES, Role.SEC)),
    )
}

_EVERY_VERB = ("view", "add", "change", "delete")
_REFERENCE = (
    "registry.region",
    "registry.occupation",
    "registry.occupationalias",
    "registry.skilllevel",
    "registry.institution",
    "registry.institutionalias",
    "registry.filing",
    "training.project",
    "training.agelimit",
    "training.threshold",
    "training.plan",
    "training.indicator",
    "training.target",
    "training.discrepancy",
    "training.allocation",
)

#: role → model permissions in the back office. Administrators keep reference data, accounts and roles apart,
#: and have no business rows; nobody needs the superuser flag.
BACK_OFFICE: Mapping[str, frozenset[str]] = {
    role.value: frozenset(
        f"{app}.{verb}_{model}"
        for name, verbs in grants
        for verb in verbs
        for app, _dot, model in [name.partition(".")]
    )
    for role, grants in {
        Role.SYS: (
            *((name, _EVERY_VERB) for name in _REFERENCE),
            ("registry.user", ("view", "add", "change")),
            ("registry.membership", ("view",)),
        ),
        Role.SEC: (("registry.user", ("view",)), ("registry.membership", ("view", "add", "change"))),
        Role.AAD: (("registry.action", ("view",)),),
    }.items()
}


class Refused(PermissionDenied):
    """The role may not do this; the text says so to the user and becomes the 403 page's reason."""


def can(who: Actor | User | AnonymousUser, action: str) -> bool:
    """Whether the role in which somebody acts may do an action. Raises KeyError for an unknown action."""
    _label, roles = PERMISSIONS[action]
    actor = who if isinstance(who, Actor) else actor_for(who)
    return actor.role in roles


def require(who: Actor | User | AnonymousUser, action: str) -> None:
    """Raises Refused, with the reason, unless the role may."""
    actor = who if isinstance(who, Actor) else actor_for(who)
    if can(actor, action):
        return
    what = str(PERMISSIONS[action][0])
    if not actor.role:
        raise Refused(_t("您的账号目前没有有效的角色，不能%(what)s。请联系安全管理员。") % {"what": what})
    raise Refused(_t("您的角色是%(role)s，不能%(what)s。") % {"role": actor.role_name, "what": what})


def requires(action: str) -> Callable[[View], View]:
    """A view does this action: refuses with 403 and a reason before the view runs.

    Unknown names raise KeyError.
    """
    if action not in PERMISSIONS:
        raise KeyError(f"no such action: {action}")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            require(request.actor, action)
            return view(request, *args, **kwargs)

        guarded.policy = action  # type: ignore[attr-defined]  # read by the check that every view has one
        return guarded  # type: ignore[return-value]

    return decorate
