"""What the page of a certificate says of its paper."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from certificates.printing.models import PrintCopy


def facts(certificate_id: int) -> Sequence[tuple[str, str]]:
    """The serial of the sheet that it stands on now, where the paper has one."""
    printed = PrintCopy.objects.filter(certificate_id=certificate_id, state=PrintCopy.State.PRINTED)
    serial = printed.exclude(stock="").order_by("-turn").values_list("stock", flat=True).first()
    return [(_("证书印制流水码"), serial)] if serial else []
