"""Everything that can be asked of the program names its action in the matrix; what names none is found here."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.urls import include, path
from django.views import View
from django.views.decorators.http import require_POST
from ninja import NinjaAPI

from registry.accounts.bindings import BACK_OFFICE, OF_OTHERS, PUBLIC
from registry.accounts.policy import PERMISSIONS, requires
from registry.config.api import api
from registry.config.endpoints import OUR_APPS, commands, endpoints
from registry.management.commands.permissions import PAGE

EVERY = endpoints()


def test_every_address_and_method_has_an_action_or_is_public() -> None:
    assert [each.route for each in EVERY if each.unnamed] == []
    named = {action for each in EVERY for action in each.actions.values()} - {None}
    assert named <= set(PERMISSIONS)


def test_public_pages_do_nothing_that_the_matrix_guards() -> None:
    for each in EVERY:
        assert not (each.public and set(each.actions.values()) - {None}), each.route


def test_lists_of_exceptions_name_pages_that_exist() -> None:
    assert set(PUBLIC) | set(OF_OTHERS) <= {each.name for each in EVERY}
    assert set(OF_OTHERS.values()) <= set(PERMISSIONS)


def test_the_schema_of_the_api_is_the_api() -> None:
    schema = json.loads(json.dumps(api.get_openapi_schema()))
    described = {(url, method.upper()) for url, methods in schema["paths"].items() for method in methods}
    held = {
        (_as_schema(each.route), method) for each in EVERY if each.source == "api" for method in each.actions
    }
    assert described == held


def _as_schema(route: str) -> str:
    return "".join(
        "{" + part.partition(">")[0].rpartition(":")[2] + "}" + part.partition(">")[2] if n else part
        for n, part in enumerate(route.split("<"))
    )


def test_every_table_of_the_back_office_names_its_action() -> None:
    import registry.admin  # noqa: F401

    ours = [each for each in _below(admin.ModelAdmin) if each.__module__.split(".")[0] in OUR_APPS]
    assert len(ours) > 10
    assert [each.__qualname__ for each in ours if getattr(each, "policy", None) not in PERMISSIONS] == []
    assert {type(table) for table in admin.site._registry.values()} <= set(ours), (
        "those of libraries are left out"
    )


def test_whoever_keeps_a_table_of_the_back_office_may_enter_it() -> None:
    inside = PERMISSIONS[BACK_OFFICE].roles
    for table in admin.site._registry.values():
        assert PERMISSIONS[table.policy].roles <= inside, type(table)  # type: ignore[attr-defined]


def _below(kind: type) -> list[type]:
    return [each for sub in kind.__subclasses__() for each in (sub, *_below(sub))]


def test_every_command_names_its_action() -> None:
    found = commands()
    assert {"sheet", "audit", "keys"} <= set(found)
    assert [name for name, action in found.items() if action not in PERMISSIONS] == []


# --- shown once: what names no action is found, and is closed ------------------------------------------


def open_to_all(request: Any) -> HttpResponse:
    return HttpResponse("done")


class Half(View):
    policy_by_method = {"GET": "home.read"}

    def get(self, request: Any) -> HttpResponse:
        return HttpResponse("read")

    def post(self, request: Any) -> HttpResponse:
        return HttpResponse("written")


def _careless() -> ModuleType:
    made = NinjaAPI(urls_namespace="api-careless", openapi_url=None)

    @made.get("/named")
    @requires("home.read")
    def named(request: Any) -> str:
        return "ok"

    @made.post("/named")
    def forgotten(request: Any) -> str:
        return "ok"

    half = Half.as_view()
    half.policy_by_method = Half.policy_by_method  # type: ignore[attr-defined]
    routes = ModuleType("careless")
    routes.urlpatterns = [  # type: ignore[attr-defined]
        path("forgotten/", open_to_all),
        path("posted/", require_POST(open_to_all), name="posted"),
        path("half/", half),
        path("kept/", requires("home.read")(open_to_all)),
        path("room/", include(([path("deep/<int:pk>/", open_to_all, name="deep")], "room"))),
        path("other-api/", made.urls),
    ]
    return routes


@pytest.fixture(scope="module")
def careless() -> ModuleType:
    return _careless()


def test_a_new_page_without_an_action_is_found(careless: ModuleType) -> None:
    unnamed = {each.route: dict(each.actions) for each in endpoints(careless) if each.unnamed}
    del unnamed["/other-api/"]  # of the library
    assert unnamed == {
        "/forgotten/": {"GET": None, "POST": None},
        "/posted/": {"POST": None},
        "/half/": {"GET": "home.read", "POST": None},
        "/room/deep/<int:pk>/": {"GET": None, "POST": None},
        "/other-api/named": {"GET": "home.read", "POST": None},
    }


# --- the page that shows it ----------------------------------------------------------------------------


def test_the_page_of_the_matrix_is_current() -> None:
    call_command("permissions", check=True)
    written = PAGE.read_text("utf-8")
    assert all(f"`{name}`" in written for name in PERMISSIONS)


def test_a_page_that_is_not_current_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "permissions.md"
    stale.write_text(PAGE.read_text("utf-8").replace("机构 S", "全部", 1), "utf-8")
    monkeypatch.setattr("registry.management.commands.permissions.PAGE", stale)
    with pytest.raises(CommandError, match="permissions writes it"):
        call_command("permissions", check=True)
    call_command("permissions")
    call_command("permissions", check=True)
