"""Those who listen for numbers do hear them."""

from __future__ import annotations

import logging

import pytest
from django.core.mail import send_mail
from django.db import DataError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from registry.audit import services as audit
from tests import sentinels
from tests.sheets import cast

PLANTED = [cast.LINA.id_number, cast.LINA.phone, "6217004220001234567"]


def _shows_what_it_was_given(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.GET["q"], status=400)


urlpatterns = [path("echo/", _shows_what_it_was_given)]


@pytest.mark.parametrize("number", PLANTED)
def test_in_the_log(number: str, _ear: sentinels.Ear) -> None:
    logging.getLogger("registry.anything").warning("row of %s", number)
    assert len(_ear.leaks) == 1 and number not in _ear.leaks[0]
    _ear.leaks.clear()


@pytest.mark.parametrize("number", PLANTED)
def test_in_a_mail(number: str) -> None:
    with pytest.raises(sentinels.Leaked):
        send_mail("名册", f"号码 {number}", None, ["a@example.org"])


@pytest.mark.django_db
@pytest.mark.parametrize("number", PLANTED)
@override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[])
def test_on_an_error_page(number: str) -> None:
    with pytest.raises(sentinels.Leaked):
        Client().get("/echo/", {"q": number})


@pytest.mark.django_db
@pytest.mark.parametrize("number", PLANTED)
def test_in_a_task(number: str) -> None:
    refused = pytest.raises(DataError, match="a number in procrastinate_jobs")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args)"
            " VALUES ('q', 't', 0, jsonb_build_object('who', %s::text))",
            [number],
        )


@pytest.mark.django_db
@pytest.mark.parametrize("number", PLANTED)
def test_in_the_record(number: str) -> None:
    # Refused by the program before it comes to the database, or by the listener there.
    try:
        with transaction.atomic():
            action = audit.record(code="tests.leak", actor=None, subject_type="x", reason=f"号码 {number}")
    except (DataError, ValueError):
        return
    action.refresh_from_db()
    assert number not in action.reason
