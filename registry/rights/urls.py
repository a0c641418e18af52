"""Pages of rights, under /rights/."""

from __future__ import annotations

from django.urls import path

from registry.rights import views

app_name = "rights"

urlpatterns = [
    path("", views.home, name="home"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/new/", views.ask, name="ask"),
    path("corrections/new/<uuid:person_id>/", views.ask, name="ask-for"),
    path("corrections/<int:case_id>/", views.correction, name="correction"),
    path("corrections/<int:case_id>/answer/", views.answer, name="answer"),
    path("corrections/<int:case_id>/withdraw/", views.withdraw, name="withdraw"),
    path("consents/", views.consents, name="consents"),
    path("consents/<int:text_id>/give/", views.give, name="give"),
    path("consents/<int:consent_id>/withdraw/", views.withdraw_consent, name="withdraw-consent"),
    path("copy/", views.copy, name="copy"),
    path("copy/<uuid:copy_id>.<str:form>", views.fetch_copy, name="fetch-copy"),
    path("kept/", views.kept, name="kept"),
    path("erase/", views.erase, name="erase"),
    path("erase/<int:case_id>/back/", views.take_back, name="take-back"),
    path("erasures/", views.erasures, name="erasures"),
    path("erasures/<int:case_id>/propose/", views.propose, name="propose"),
    path("erasures/<int:case_id>/refuse/", views.refuse, name="refuse"),
    path("erasures/<int:case_id>/hold/", views.hold, name="hold"),
    path("erasures/<int:case_id>/certificate.pdf", views.certificate, name="certificate"),
]
