"""Accounts and their roles in the back office. What an administrator may do there is `policy.BACK_OFFICE`."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest  # noqa: TID251  (admin is an interface)
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import Membership, User
from registry.accounts.services import membership_facts
from registry.audit import services as audit


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    """The roles of an account; ended by a date, never deleted."""

    model = Membership
    extra = 0
    can_delete = False
    raw_id_fields = ("institution", "region")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_own(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _is_own(request, obj)


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Accounts. The last word on what they may do is the role, not Django's flags, groups or permissions."""

    list_display = ("username", "display_name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username", "display_name")
    ordering = ("username",)
    filter_horizontal = ()
    inlines: ClassVar = [MembershipInline]
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
        if not change or form.changed_data:
            audit.record(
                code="accounts.change" if change else "accounts.create",
                actor=_account(request),
                subject_type="user",
                subject_id=obj.pk,
                after={"fields": [name for name in form.changed_data if "password" not in name]},
            )

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseModelFormSet[Any, Any], change: bool
    ) -> None:
        super().save_formset(request, form, formset, change)
        for membership in [*formset.new_objects, *(obj for obj, _fields in formset.changed_objects)]:
            audit.record(
                code="accounts.grant",
                actor=_account(request),
                subject_type="user",
                subject_id=membership.user_id,
                after=membership_facts(membership),
            )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _account(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _is_own(request: HttpRequest, obj: Any) -> bool:
    return obj is not None and obj.pk == request.user.pk
