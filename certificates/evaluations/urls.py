"""Pages of evaluations, under /evaluations/."""

from __future__ import annotations

from django.urls import path

from certificates.evaluations import candidate_views, views

app_name = "evaluations"

urlpatterns = [
    path("", views.exam_list, name="list"),
    path("new/", views.new, name="new"),
    path("assessors/", candidate_views.assessor_list, name="assessors"),
    path("assessors/<int:assessor_id>/", candidate_views.assessor, name="assessor"),
    path("candidates/<int:candidate_id>/", candidate_views.candidate, name="candidate"),
    path("candidates/<int:candidate_id>/papers/", candidate_views.papers, name="papers"),
    path("candidates/<int:candidate_id>/photo/", candidate_views.photo, name="photo"),
    path("candidates/<int:candidate_id>/withdraw/", candidate_views.withdraw, name="withdraw"),
    path("candidates/<int:candidate_id>/change/", candidate_views.change, name="change"),
    path("<int:exam_id>/", views.detail, name="detail"),
    path("<int:exam_id>/move/", views.move, name="move"),
    path("<int:exam_id>/lock/", views.lock, name="lock"),
    path("<int:exam_id>/duties/", views.duties, name="duties"),
    path("<int:exam_id>/candidates/", views.candidate_list, name="candidates"),
    path("<int:exam_id>/scores/", views.scores, name="scores"),
]
