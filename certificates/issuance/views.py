"""Pages of certificates: the receipt of one."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from certificates.issuance import queries
from certificates.issuance.models import Certificate
from certificates.issuance.receipts import rows_of
from registry.accounts.policy import requires
from registry.audit import receipts


@require_GET
@requires("audit.receipt")
def receipt(request: Any, certificate_id: int) -> HttpResponse:
    """The receipt, shown and explained."""
    row = _certificate(request, certificate_id)
    return render(
        request,
        "registry/audit/receipt.html",
        {
            **receipts.shown(rows_of(row)),
            "title": row.number or row.name,
            "person_id": row.person_id,
            "download": "certificates:receipt_file",
            "row": row,
        },
    )


@require_GET
@requires("audit.receipt")
def receipt_file(request: Any, certificate_id: int) -> HttpResponse:
    """The receipt as a file that its holder keeps."""
    try:
        made = receipts.receipt(rows_of(_certificate(request, certificate_id)))
    except receipts.NoReceipt:
        raise Http404 from None
    answer = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="receipt-certificate-{certificate_id}.json"'
    )
    return answer


def _certificate(request: Any, certificate_id: int) -> Certificate:
    row = queries.certificates(request.scope).filter(pk=certificate_id).first()
    if row is None:
        raise Http404
    return row
