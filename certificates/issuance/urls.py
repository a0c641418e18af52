"""Pages of certificates, under /certificates/."""

from __future__ import annotations

from django.urls import path

from certificates.issuance import views

app_name = "certificates"

urlpatterns = [
    path("<int:certificate_id>/receipt/", views.receipt, name="receipt"),
    path("<int:certificate_id>/receipt.json", views.receipt_file, name="receipt_file"),
]
