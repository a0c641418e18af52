"""The two checks that programs ask for by the hundred a second, found without the site map."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from certificates.verification import views
from registry.lib.scope import Actor

_PUBLIC = Actor()
_HERE = "/v/"
_PROGRAM = ".json"


def answer(request: HttpRequest) -> HttpResponse | None:
    """As the site map has it: `/v/answer` by POST, `/v/<code>.json` by GET; None for everything else."""
    path = request.path_info
    if not path.startswith(_HERE):
        return None
    by_number = path == "/v/answer" and request.method == "POST"
    by_code = path.endswith(_PROGRAM) and path.count("/") == 2 and request.method == "GET"
    if not by_number and not by_code:
        return None
    request.actor = _PUBLIC  # type: ignore[attr-defined]  # whoever it is
    code = path[len(_HERE) : -len(_PROGRAM)]
    response: HttpResponse = views.answer(request) if by_number else views.code_json(request, code)
    return response
