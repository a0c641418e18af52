"""Pages of staffing: accounts within reach, one account with its roles, and in which of one's roles one goes on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts import factors
from registry.accounts import services as accounts
from registry.accounts import session_keys as keys
from registry.accounts.holders import bind
from registry.accounts.models import Membership, Role, User
from registry.accounts.policy import can, grant_of, requires, scope_of
from registry.accounts.scopes import capacities, choose
from registry.institutions.models import Institution
from registry.lib.scope import Actor
from registry.lib.web import listed
from registry.staffing import queries, services
from registry.staffing.forms import (
    AccountForm,
    GrantForm,
    NumberForm,
    ReasonForm,
    StaffFilter,
    SwitchForm,
)

ENDING_DAYS = 30


@require_GET
@requires("user.read")
def account_list(request: Any) -> HttpResponse:
    """Accounts of staff within reach, with the roles that they hold today."""
    form = StaffFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = queries.staff(
        request.actor,
        text=asked.get("q", "").strip(),
        role=asked.get("role", ""),
        closed={"open": False, "closed": True}.get(asked.get("state", "")),
    )
    held = queries.in_force(queries.roles(request.actor))
    context = {
        "form": form,
        "list": listed(request, found.prefetch_related(Prefetch("memberships", held, "held")), ["username"]),
        "may_create": can(request.actor, "user.create"),
    }
    return render(request, "registry/staffing/list.html", context)


@require_GET
@requires("user.read")
def role_list(request: Any) -> HttpResponse:
    """Roles in force, those that end first at the top, with who gave them and who agreed."""
    ending = "ending" in request.GET
    found = queries.in_force(queries.roles(request.actor))
    if ending:
        found = queries.ending(found, ENDING_DAYS)
    context = {"list": listed(request, found, ["valid_to", "id"]), "ending": ending, "days": ENDING_DAYS}
    return render(request, "registry/staffing/roles.html", context | {"menu": "staffing:list"})


@sensitive_post_parameters("id_number")
@require_http_methods(["GET", "POST"])
@requires("user.create")
def new(request: Any) -> HttpResponseBase:
    """A new account; the password for the first sign-in is shown in this answer and never again."""
    clerk = _clerk(request.actor)
    form = AccountForm(request.POST or None, clerk=clerk is not None)
    if request.method == "POST" and form.is_valid():
        asked = dict(form.cleaned_data)
        try:
            if clerk is None:
                user, secret = services.create_account(**asked, actor=request.user)
            else:
                user, secret = services.create_clerk(
                    **asked, role=clerk, institution=_own_institution(request.actor), actor=request.user
                )
        except ValidationError as error:
            _tell(form, error)
        else:
            return _shown_once(request, user, secret, made=True)
    context = {"form": form, "clerk": clerk, "menu": "staffing:list"}
    return render(request, "registry/staffing/new.html", context, status=422 if form.errors else 200)


@require_GET
@requires("user.read")
def detail(request: Any, user_id: int) -> HttpResponse:
    """One account: whose, since when, every role that it holds or held, and what may be done about it."""
    return _page(request, _account(request, user_id))


@sensitive_post_parameters("id_number")
@require_POST
@requires("user.create")
def holder(request: Any, user_id: int) -> HttpResponseBase:
    """Say whose account it is, where nobody has yet."""
    user = _kept(request, "user.create", user_id)
    form = NumberForm(request.POST)
    if form.is_valid():
        try:
            bind(user, id_number=form.cleaned_data["id_number"], actor=request.user)
        except ValidationError as error:
            _tell(form, error)
        else:
            messages.success(request, _("已登记自然人。"))
            return redirect("staffing:detail", user.pk)
    return _page(request, user, number=form, status=422)


@require_POST
@requires("user.close")
def close(request: Any, user_id: int) -> HttpResponseBase:
    """Nobody signs in with it any more; sessions end at once."""
    user = _kept(request, "user.close", user_id)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _page(request, user, closing=form, status=422)
    try:
        accounts.refuse_own(user, request.user)
    except ValidationError as error:
        _tell(form, error)
        return _page(request, user, closing=form, status=422)
    accounts.close_user(user, reason=form.cleaned_data["reason"], actor=request.user)
    messages.success(request, _("账号已停用。"))
    return redirect("staffing:detail", user.pk)


@require_POST
@requires("user.reset")
def reset(request: Any, user_id: int) -> HttpResponseBase:
    """A password for once, shown in this answer and never again."""
    user = _kept(request, "user.reset", user_id)
    form = ReasonForm(request.POST)
    if form.is_valid() and user.is_active:
        try:
            secret = services.reset_password(user, reason=form.cleaned_data["reason"], actor=request.user)
        except ValidationError as error:
            _tell(form, error)
        else:
            return _shown_once(request, user, secret, made=False)
    return _page(request, user, resetting=form, status=422)


@require_POST
@requires("user.reset_factor")
def reset_factor(request: Any, user_id: int) -> HttpResponseBase:
    """Take the second factor of somebody away who has lost it.

    Another administrator than the one who resets passwords, so that neither can become somebody else alone.
    """
    user = _kept(request, "user.reset_factor", user_id)
    form = ReasonForm(request.POST)
    if form.is_valid() and user.is_active:
        try:
            accounts.refuse_own(user, request.user)
        except ValidationError as error:
            _tell(form, error)
        else:
            factors.remove_all(user, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, _("第二重验证已去掉，该账号下次登录时重新设置。"))
            return redirect("staffing:detail", user.pk)
    return _page(request, user, renewing=form, status=422)


@require_http_methods(["GET", "POST"])
@requires("role.grant")
def grant(request: Any, user_id: int) -> HttpResponseBase:
    """Give a role: a principal at once, to a clerk; a security officer by asking another to agree."""
    user, actor = _account(request, user_id), request.actor
    clerk = _clerk(actor)
    form = GrantForm(request.POST or None, clerk=clerk)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        term = {"role": Role(asked["role"]), "valid_to": asked["valid_to"], "reason": asked["reason"]}
        try:
            if clerk is None:
                services.ask_for_role(
                    user=user,
                    institution=asked["institution"],
                    region=asked["region"],
                    actor=request.user,
                    **term,
                )
                messages.success(request, _("已提交，等另一名安全管理员同意后生效。"))
            else:
                accounts.grant_membership(
                    user=user, institution=_own_institution(actor), actor=request.user, **term
                )
                messages.success(request, _("角色已授予。"))
        except ValidationError as error:
            _tell(form, error)
        else:
            return redirect("staffing:detail", user.pk)
    context = {"form": form, "account": user, "clerk": clerk, "two": _two(actor), "menu": "staffing:list"}
    return render(request, "registry/staffing/grant.html", context, status=422 if form.errors else 200)


@require_POST
@requires("role.end")
def end(request: Any, membership_id: int) -> HttpResponseBase:
    """The role ends now."""
    membership = queries.role_to_end(request.actor, membership_id)
    if membership is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("没有收回：请写明事由。"))
    else:
        try:
            services.end_role(membership, reason=form.cleaned_data["reason"], actor=request.user)
            messages.success(request, _("角色已收回。"))
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
    return redirect("staffing:detail", membership.user_id)


@require_http_methods(["GET", "POST"])
@requires("role.switch")
def switch(request: Any) -> HttpResponseBase:
    """In which role to go on in this session: one at a time."""
    held = capacities(request.user)
    if request.method == "POST":
        form = SwitchForm(request.POST)
        wanted = form.cleaned_data["membership"] if form.is_valid() else 0
        if wanted not in {one.pk for one in held}:
            raise Http404
        if wanted != request.actor.membership_id:
            by_id = Membership.objects.in_bulk([one.pk for one in held])
            accounts.switched_role(request.user, by_id.get(request.actor.membership_id), by_id[wanted])
            request.session[keys.MEMBERSHIP] = wanted
            choose(request.user, wanted)
        messages.success(request, _("已切换。以下页面按这一角色显示。"))
        return redirect("home")
    shown = [(one, Role(one.role).label, one.pk == request.actor.membership_id) for one in held]
    return render(request, "registry/staffing/switch.html", {"held": shown})


# --- what several of them need -------------------------------------------------------------------------


def _clerk(actor: Actor) -> Role | None:
    """The role of the own clerks for whoever keeps those; None for administrators."""
    return queries.OWN_CLERKS.get(actor.role)


def _two(actor: Actor) -> bool:
    grant = grant_of(actor, "role.grant")
    return grant is not None and grant.second_person


def _own_institution(actor: Actor) -> Institution:
    return Institution.objects.get(pk=scope_of(actor, "role.grant").institution_id or 0)


def _account(request: Any, user_id: int) -> User:
    found = queries.account(request.actor, user_id)
    if found is None:
        raise Http404
    return found


def _kept(request: Any, action: str, user_id: int) -> User:
    found = queries.kept_by(request.actor, action, user_id)
    if found is None:
        raise Http404
    return found


def _tell(form: Any, error: ValidationError) -> None:
    """Beside the field where there is one of that name, else above the form."""
    for name, found in (error.message_dict if hasattr(error, "error_dict") else {"": error.messages}).items():
        form.add_error(name if name in form.fields else None, found)


def _shown_once(request: Any, user: User, secret: str, *, made: bool) -> HttpResponse:
    context = {"account": user, "secret": secret, "made": made, "menu": "staffing:list"}
    return render(request, "registry/staffing/secret.html", context)


def _page(request: Any, user: User, *, status: int = 200, **forms: Any) -> HttpResponse:
    actor = request.actor
    today = timezone.localdate()
    may_end = can(actor, "role.end")
    rows = [
        (one, _standing(one, today), may_end and queries.role_to_end(actor, one.pk) is not None)
        for one in queries.roles(actor).filter(user=user)
    ]
    context = {
        "account": user,
        "rows": rows,
        "asked": queries.asked_for(user),
        "may_grant": can(actor, "role.grant") and user.is_active,
        "may_close": user.is_active and queries.kept_by(actor, "user.close", user.pk) is not None,
        "may_reset": user.is_active and queries.kept_by(actor, "user.reset", user.pk) is not None,
        "may_renew": user.is_active and queries.kept_by(actor, "user.reset_factor", user.pk) is not None,
        "may_bind": user.holder_id is None and queries.kept_by(actor, "user.create", user.pk) is not None,
        "number": forms.get("number") or NumberForm(),
        "closing": forms.get("closing") or ReasonForm(prefix=None, auto_id="close_%s"),
        "resetting": forms.get("resetting") or ReasonForm(prefix=None, auto_id="reset_%s"),
        "renewing": forms.get("renewing") or ReasonForm(prefix=None, auto_id="renew_%s"),
        "menu": "staffing:list",
    }
    return render(request, "registry/staffing/detail.html", context, status=status)


def _standing(one: Membership, today: Any) -> str:
    if one.valid_from > today:
        return _("未生效")
    return _("已到期") if one.valid_to is not None and one.valid_to < today else _("有效")
