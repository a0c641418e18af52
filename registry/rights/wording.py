"""Days until something is due, in words: colour alone tells nobody that a day is over."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.rights.models import Correction


def left(case: Correction, today: date) -> tuple[str, str]:
    """(words, tone) of an open case's term; of a closed one, whether it was answered in time."""
    if case.state == Correction.State.WITHDRAWN:
        return "", ""
    if case.answered_at is not None:
        in_time = case.answered_at.date() <= case.due_on
        return (_("按期答复"), "mute") if in_time else (_("逾期答复"), "warn")
    days = (case.due_on - today).days
    if days < 0:
        return ngettext("已逾期 %(n)s 天", "已逾期 %(n)s 天", -days) % {"n": -days}, "bad"
    if days == 0:
        return _("今天到期"), "warn"
    return ngettext("还有 %(n)s 天", "还有 %(n)s 天", days) % {"n": days}, "info"
