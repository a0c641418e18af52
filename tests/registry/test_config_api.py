"""Errors of the API: one shape, whatever went wrong."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from ninja.testing import TestClient

from registry.config.api import build


class Someone:
    is_authenticated = True


@pytest.fixture(scope="module")
def client() -> TestClient:
    api = build()
    errors = {
        "missing": Http404("hidden detail"),
        "denied": PermissionDenied(),
        "denied-because": PermissionDenied("不能审核自己提交的名册"),
        "invalid": ValidationError(["姓名不能为空", "证件号码不能为空"]),
    }

    def fail(request: HttpRequest, kind: str) -> None:
        raise errors[kind]

    api.get("/fail/{kind}", auth=None)(fail)
    api.get("/closed")(lambda request: None)
    return TestClient(api)


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("missing", 404, "not_found", "没有找到，或不在您的管理范围内"),
        ("denied", 403, "denied", "您没有进行此操作的权限"),
        ("denied-because", 403, "denied", "不能审核自己提交的名册"),
        ("invalid", 422, "invalid", "姓名不能为空；证件号码不能为空"),
    ],
)
def test_every_error_has_a_code_and_a_sentence(
    client: TestClient, path: str, status: int, code: str, message: str
) -> None:
    response = client.get(f"/fail/{path}")
    assert response.status_code == status
    assert response.json() == {"code": code, "message": message}


def test_a_route_is_closed_unless_it_says_otherwise(client: TestClient) -> None:
    assert client.get("/closed").status_code == 401
