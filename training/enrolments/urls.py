"""Pages of enrolments, under /enrolments/."""

from __future__ import annotations

from django.urls import path

from training.enrolments import completion_views, views

app_name = "enrolments"

urlpatterns = [
    path("", views.enrolment_list, name="list"),
    path("<int:enrolment_id>/", views.detail, name="detail"),
    path("<int:enrolment_id>/cells/", views.cells, name="cells"),
    path("<int:enrolment_id>/result-cells/", views.cells, {"reports": True}, name="result_cells"),
    path("classes/<int:class_id>/certificates/", completion_views.certificates, name="certificates"),
    path("classes/<int:class_id>/certificates/new/", completion_views.draw_up, name="certificates_new"),
    path("<int:enrolment_id>/receipt/", views.receipt, name="receipt"),
    path("<int:enrolment_id>/receipt.json", views.receipt_file, name="receipt_file"),
]
