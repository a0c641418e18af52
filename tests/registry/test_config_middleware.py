"""What every answer has in common, whoever asks and whatever happened."""

from __future__ import annotations

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
}

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/", "/accounts/sign-in/", "/no-such-page/", "/admin/", "/api/openapi.json"]
)
def test_every_answer_carries_the_headers(client: Client, path: str) -> None:
    response = client.get(path)
    policy = set(response["Content-Security-Policy"].split("; "))
    assert policy >= POLICY
    assert "unsafe" not in response["Content-Security-Policy"]
    for header, value in EVERYWHERE.items():
        # The framework's own pages say it at more length.
        assert value in response[header], header


def test_a_stranger_is_sent_to_sign_in_and_back(client: Client) -> None:
    response = client.get("/?x=1")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/sign-in/?next=/%3Fx%3D1"


def test_a_part_of_a_page_sends_the_whole_browser_to_sign_in(client: Client) -> None:
    response = client.get(
        "/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/people/?page=2"}
    )
    assert response.status_code == 200
    assert response["HX-Redirect"] == "/accounts/sign-in/?next=/people/%3Fpage%3D2"


def test_the_api_answers_strangers_by_itself(client: Client) -> None:
    assert client.get("/api/no-such-thing").status_code in {401, 404}


def test_static_files_may_be_kept(client: Client) -> None:
    assert finders.find("app.css")
    response = client.get("/static/app.css")
    response.close()  # it holds the file open
    assert response.status_code == 200
    assert "no-store" not in response["Cache-Control"]
