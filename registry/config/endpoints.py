"""Everything that can be asked of the program: each address with the methods it takes and the action that each does.

Read from what runs (resolver, API, back office, commands), so that nothing can be forgotten in a list.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver

from registry.accounts.bindings import PUBLIC, action_of

OUR_APPS = ("registry", "certificates", "training")
ANY = ("GET", "POST")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address. `actions`: method → action, None where nobody has said which. `source`: page, admin or api."""

    route: str
    name: str
    source: str
    actions: Mapping[str, str | None]
    public: bool = False
    views: tuple[Callable[..., Any], ...] = field(default=(), compare=False)

    @property
    def unnamed(self) -> bool:
        """Whether it names no action although it is not public."""
        return not self.public and (not self.actions or None in self.actions.values())


def endpoints(urlconf: Any = None) -> list[Endpoint]:
    """Every address of the program, or of another URLconf, in the order in which they are tried."""
    return list(_walk(get_resolver(urlconf), "/", ()))


def commands() -> dict[str, str | None]:
    """Our commands: name → the action each does, None where it says none."""
    ours = {name: app for name, app in get_commands().items() if str(app).split(".")[0] in OUR_APPS}
    return {name: getattr(load_command_class(ours[name], name), "policy", None) for name in sorted(ours)}


def _walk(resolver: URLResolver, route: str, names: tuple[str, ...]) -> Iterator[Endpoint]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from _walk(entry, here, (*names, entry.namespace) if entry.namespace else names)
        else:
            yield _endpoint(entry, here, ":".join((*names, entry.name or here)))


def _endpoint(entry: URLPattern, route: str, name: str) -> Endpoint:
    view = entry.callback
    operations = _operations(view)
    if operations:
        actions = {
            method: action_of(each.view_func, name, method) for each in operations for method in each.methods
        }
        return Endpoint(route, name, "api", actions, views=tuple(each.view_func for each in operations))
    inside = hasattr(view, "admin_site") or hasattr(view, "model_admin") or name.startswith("admin:")
    source = "admin" if inside else "page"
    actions = {method: action_of(view, name, method) for method in _methods(view)}
    return Endpoint(route, name, source, actions, name in PUBLIC, (view,))


def _operations(view: Callable[..., Any]) -> list[Any]:
    """Of an address of the API; its library keeps them behind the view."""
    held = inspect.getclosurevars(view).nonlocals.get("self") if inspect.isfunction(view) else None
    return list(getattr(held, "operations", ()))


def _methods(view: Callable[..., Any]) -> tuple[str, ...]:
    """What the view takes: as its decorator or its class says, else reading and posting."""
    made_of = getattr(view, "view_class", None)
    if made_of is not None:
        return tuple(
            name.upper()
            for name in made_of.http_method_names
            if name in ("get", "post") and hasattr(made_of, name)
        )
    layer: Any = view
    while inspect.isfunction(layer):
        listed = inspect.getclosurevars(layer).nonlocals.get("request_method_list")
        if listed is not None:
            return tuple(method for method in listed if method != "HEAD")
        layer = getattr(layer, "__wrapped__", None)
    return ANY
