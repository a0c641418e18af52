"""Pages of the target board."""

from __future__ import annotations

from django.urls import path

from training.targets import views

app_name = "targets"

urlpatterns = [
    path("", views.board, name="board"),
    path("all/", views.all_plans, name="all"),
    path("<slug:code>/", views.board, name="plan"),
    path("<slug:code>/rows/", views.row_list, name="rows"),
    path("<slug:code>/board.xlsx", views.workbook, name="workbook"),
]
