"""The first screen, and pages that say what went wrong without saying too much."""

from __future__ import annotations

import logging

import pytest
from django.test import Client, RequestFactory

from registry.accounts.models import Role
from registry.config import views
from tests.registry.places import make_user, make_world
from tests.signing import sign_in


@pytest.mark.parametrize(
    ("view", "status"), [(views.bad_request, 400), (views.permission_denied, 403), (views.not_found, 404)]
)
def test_each_trouble_has_a_page_with_the_requests_own_number(view: object, status: int) -> None:
    request = RequestFactory().get("/x/")
    request.request_id = "abc123"  # type: ignore[attr-defined]
    answer = view(request, Exception(""))  # type: ignore[operator]
    assert answer.status_code == status
    assert "abc123" in answer.content.decode()


def test_a_broken_page_is_told_without_asking_the_database(caplog: pytest.LogCaptureFixture) -> None:
    request = RequestFactory().get("/people/?q=某人")
    with caplog.at_level(logging.INFO, "registry.case"):
        answer = views.server_error(request)
    assert answer.status_code == 500 and "案例号" in answer.content.decode()
    (line,) = caplog.messages
    assert "500 /people/" in line and "某人" not in line and "%E6" not in line


def test_a_refusal_says_its_reason_as_text() -> None:
    page = views.permission_denied(RequestFactory().get("/"), Exception("您的角色是<b>学员</b>"))
    assert "您的角色是&lt;b&gt;学员" in page.content.decode()


@pytest.mark.django_db
def test_a_trainee_comes_to_their_own_account() -> None:
    client = Client()
    sign_in(client, make_user("trainee", Role.TRN))
    assert client.get("/").headers["Location"] == "/people/me/"
    answer = client.get("/people/me/")
    assert answer.status_code == 404 and "还没有与您对应的培训账户" in answer.content.decode()


@pytest.mark.django_db
def test_the_first_screen_of_a_clerk_offers_the_upload(client: Client) -> None:
    world = make_world()
    sign_in(client, make_user("clerk", Role.PC, institution=world.school))
    page = client.get("/").content.decode()
    assert "上传花名册" in page and "没有等您处理的名册" in page
    assert "疑似同一人" not in page
