"""Pages of certificates, under /certificates/."""

from __future__ import annotations

from django.urls import path

from certificates.issuance import certificate_views, key_views, measure_views, order_views, term_views, views

app_name = "certificates"

urlpatterns = [
    path("", certificate_views.certificate_list, name="list"),
    path("<int:certificate_id>/", certificate_views.detail, name="detail"),
    path("<int:certificate_id>/suspend/", certificate_views.suspend, name="suspend"),
    path("<int:certificate_id>/restore/", certificate_views.restore, name="restore"),
    path("<int:certificate_id>/revoke/", certificate_views.revoke, name="revoke"),
    path("<int:certificate_id>/reissue/", certificate_views.reissue, name="reissue"),
    path("<int:certificate_id>/confirm/", certificate_views.confirm, name="confirm"),
    path("orders/", order_views.order_list, name="orders"),
    path("orders/new/", order_views.new, name="order-new"),
    path("orders/<uuid:order_id>/", order_views.order, name="order"),
    path("orders/<uuid:order_id>/progress/", order_views.progress, name="order-progress"),
    path("orders/<uuid:order_id>/submit/", order_views.submit, name="order-submit"),
    path("orders/<uuid:order_id>/cancel/", order_views.cancel, name="order-cancel"),
    path("terms/", term_views.terms, name="terms"),
    path("terms/rule/", term_views.new_rule, name="rule-new"),
    path("keys/", key_views.key_list, name="keys"),
    path("keys/progress/", key_views.progress, name="key-progress"),
    path("keys/publish/", key_views.publish, name="key-publish"),
    path("keys/<int:key_id>/resign/", key_views.resign, name="key-resign"),
    path("keys/<int:key_id>/report/", key_views.report, name="key-report"),
    path("<int:certificate_id>/receipt/", views.receipt, name="receipt"),
    path("<int:certificate_id>/receipt.json", views.receipt_file, name="receipt_file"),
    path("reported/", certificate_views.reported_list, name="reported"),
    path("recoveries/", certificate_views.recovery_list, name="recoveries"),
    path("measures/", measure_views.measure_list, name="measures"),
    path("measures/new/<slug:kind>/", measure_views.new, name="measure-new"),
    path("measures/new/<slug:kind>/template.xlsx", measure_views.template, name="measure-template"),
    path("measures/<uuid:measure_id>/", measure_views.detail, name="measure"),
    path("measures/<uuid:measure_id>/progress/", measure_views.progress, name="measure-progress"),
    path("measures/<uuid:measure_id>/submit/", measure_views.submit, name="measure-submit"),
    path("measures/<uuid:measure_id>/drop/", measure_views.drop, name="measure-drop"),
]
