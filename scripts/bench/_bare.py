"""The rival of scripts/bench/verify: a Django project of one view that answers a fixed JSON, and nothing else."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

ANSWER = {"answer": "valid", "number": "S000065000004264000001", "holder": "张*丰", "level": "四级/中级工"}


def fixed(request: HttpRequest) -> JsonResponse:
    """The same for everybody."""
    answer = JsonResponse(ANSWER)
    # Or the server would send it in pieces.
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer


urlpatterns = [path("bare", fixed)]
if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__, SECRET_KEY=os.urandom(16).hex(), ALLOWED_HOSTS=["127.0.0.1"], MIDDLEWARE=[]
    )
application = get_wsgi_application()
