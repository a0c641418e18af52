"""Pages of staffing, under /staffing/."""

from __future__ import annotations

from django.urls import path

from registry.staffing import views

app_name = "staffing"

urlpatterns = [
    path("", views.account_list, name="list"),
    path("roles/", views.role_list, name="roles"),
    path("roles/<int:membership_id>/end/", views.end, name="end"),
    path("new/", views.new, name="new"),
    path("switch/", views.switch, name="switch"),
    path("<int:user_id>/", views.detail, name="detail"),
    path("<int:user_id>/holder/", views.holder, name="holder"),
    path("<int:user_id>/close/", views.close, name="close"),
    path("<int:user_id>/reset/", views.reset, name="reset"),
    path("<int:user_id>/reset-factor/", views.reset_factor, name="reset-factor"),
    path("<int:user_id>/grant/", views.grant, name="grant"),
]
