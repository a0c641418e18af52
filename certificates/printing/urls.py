"""Pages of printing, under /printing/."""

from __future__ import annotations

from django.urls import path

from certificates.printing import layout_views, paper_views, views

app_name = "printing"

urlpatterns = [
    path("", views.job_list, name="list"),
    path("orders/<uuid:order_id>/", views.new, name="new"),
    path("certificates/<int:certificate_id>/", views.copies, name="copies"),
    path("certificates/<int:certificate_id>/file/", views.one, name="one"),
    path("sheets/<int:copy_id>/", views.note, name="note"),
    path("paper/", paper_views.home, name="paper"),
    path("paper/new/", paper_views.new, name="paper-new"),
    path("paper/fates/", paper_views.fate, name="paper-fate"),
    path("paper/countings/", paper_views.count, name="paper-count"),
    path("paper/destructions/", paper_views.destroy, name="paper-destroy"),
    path("paper/destructions/<uuid:destruction_id>/", paper_views.destruction, name="paper-destruction"),
    path("paper/destructions/<uuid:destruction_id>/close/", paper_views.close, name="paper-close"),
    path("paper/<uuid:request_id>/", paper_views.detail, name="paper-request"),
    path("paper/<uuid:request_id>/send/", paper_views.send, name="paper-send"),
    path("paper/<uuid:request_id>/receive/", paper_views.receive, name="paper-receive"),
    path("layouts/", layout_views.layout_list, name="layouts"),
    path("layouts/<slug:family>/", layout_views.layout, name="layout"),
    path("layouts/<slug:family>/sample/", layout_views.sample, name="sample"),
    path("<uuid:job_id>/", views.detail, name="detail"),
    path("<uuid:job_id>/progress/", views.progress, name="progress"),
    path("<uuid:job_id>/file/", views.download, name="download"),
]
