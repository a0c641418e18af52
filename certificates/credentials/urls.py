"""Pages of credentials, under /credentials/. Those open to everybody stand in files that people carry away."""

from __future__ import annotations

from django.urls import path

from certificates.credentials import views

app_name = "credentials"

urlpatterns = [
    path("", views.home, name="home"),
    path("<int:certificate_id>/<slug:form>/", views.ask, name="ask"),
    path("<uuid:credential_id>/file", views.fetch, name="fetch"),
    path("transcripts/", views.make_transcript, name="make_transcript"),
    path("transcripts/<uuid:transcript_id>.<slug:form>", views.fetch_transcript, name="fetch_transcript"),
    path("transcripts/<uuid:transcript_id>/withdraw/", views.withdraw_transcript, name="withdraw_transcript"),
    path("transcripts/<slug:code>/", views.transcript, name="transcript"),
    path("bodies/<int:institution_id>/did.json", views.did, name="did"),
    path("keys/<str:kid>.json", views.key, name="key"),
    path("context/v1.json", views.context, name="context"),
]
