"""Accounts and their roles in the back office. What an administrator may do there, the matrix says."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest  # noqa: TID251  (admin is an interface)
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import Membership, User
from registry.accounts.queries import accounts_of_one_person
from registry.accounts.services import membership_facts
from registry.audit import services as audit


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Accounts. The last word on what they may do is the role, not Django's flags, groups or permissions."""

    policy = "user.create"
    policy_verbs = ("view", "add", "change")

    list_display = ("username", "display_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("账号"), {"fields": ("display_name", "is_active", "is_staff")}),
        (_("时间"), {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "display_name", "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            code="accounts.change" if change else "accounts.create",
            actor=_account(request),
            subject_type="user",
            subject_id=obj.pk,
            after={"fields": [name for name in form.changed_data if "password" not in name]},
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Roles: given to somebody else, ended by a date, never deleted."""

    policy = "role.grant"
    policy_verbs = ("view", "add", "change")

    list_display = ("user", "role", "institution", "region", "valid_from", "valid_to")
    list_filter = ("role",)
    list_select_related = ("user", "institution", "region")
    search_fields = ("user__username", "user__display_name")
    raw_id_fields = ("institution", "region")
    fields = ("user", "role", "institution", "region", "valid_from", "valid_to")
    given: ClassVar = ("user", "role", "institution", "region", "valid_from")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        return self.given if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.exclude(pk__in=_own_accounts(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        own = obj is not None and _own_accounts(request).filter(pk=obj.user_id).exists()
        return not own and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Membership, form: ModelForm[Any], change: bool) -> None:
        super().save_model(request, obj, form, change)
        audit.record(
            code="accounts.end_role" if change else "accounts.grant",
            actor=_account(request),
            subject_type="user",
            subject_id=obj.user_id,
            after=membership_facts(obj),
        )


def _account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _own_accounts(request: HttpRequest) -> QuerySet[User]:
    user = _account(request)
    return User.objects.none() if user is None else accounts_of_one_person(user)
