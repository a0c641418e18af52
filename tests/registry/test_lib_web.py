"""Pages in parts, lists in pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from registry.accounts.models import User
from registry.lib import web
from registry.lib.web import client_address, listed, network_of, page_or_part


def ask(path: str = "/", **headers: str) -> Any:
    request: Any = RequestFactory().get(path, headers=headers)
    request.htmx = HtmxDetails(request)
    return request


@pytest.mark.parametrize(
    ("headers", "drawn"),
    [
        ({}, "whole"),
        ({"HX-Request": "true"}, "part"),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, "whole"),
    ],
)
def test_only_htmx_gets_the_part(
    headers: dict[str, str], drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.http import HttpResponse

    monkeypatch.setattr(
        web, "render", lambda request, name, context, status: HttpResponse(name, status=status)
    )
    answer = page_or_part(ask(**headers), "whole", "part", {})
    assert answer.content.decode() == drawn
    assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.django_db
def test_a_list_knows_its_total_and_leads_on() -> None:
    User.objects.bulk_create(User(username=f"{n:06}") for n in range(7))
    names: list[str] = []
    path = "/"
    while path:
        found = listed(ask(path), User.objects.all(), ["username"], size=3)
        names += [user.username for user in found.rows]
        assert (found.total, found.at_least) == (7, False)
        path = f"/?after={found.page.next}" if found.page.next else ""
    assert names == [f"{n:06}" for n in range(7)]


@pytest.mark.django_db
def test_what_is_too_long_is_not_counted_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_COUNTED", 4)
    User.objects.bulk_create(User(username=f"{n:06}") for n in range(7))
    found = listed(ask(), User.objects.all(), ["username"], size=3)
    assert (found.total, found.at_least) == (4, True)


def test_only_our_own_proxies_are_believed_about_whence_a_request_came(rf: Any, settings: Any) -> None:
    asked = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9")
    assert client_address(asked) == "10.0.0.1"
    settings.PROXIES = 1
    assert client_address(asked) == "203.0.113.9"
    settings.PROXIES = 5
    assert client_address(asked) == "1.1.1.1"
    assert client_address(rf.get("/", REMOTE_ADDR="")) == ""
    assert network_of("203.0.113.9") == "203.0.113.0/24" and network_of("") == ""
    assert network_of("2001:db8:0:ff01::1") == "2001:db8:0:ff00::/56"
