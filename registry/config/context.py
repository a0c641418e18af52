"""What every template knows besides its own view's context."""

from __future__ import annotations

from typing import Any

from registry.config.panels import Waiting
from registry.lib.scope import Actor


def menu(request: Any) -> dict[str, Any]:
    """`waiting`: the counts beside the menu. Pages that show no menu ask for none of them."""
    return {"waiting": Waiting(getattr(request, "actor", None) or Actor())}
