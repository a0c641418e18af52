"""What cases say of people: sealed JSON, each bound to its own row."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from registry.identity.current import keyring
from registry.identity.keyring import RIGHTS


def sealed(content: Any, seal_id: UUID) -> bytes:
    """JSON-able content under the active key."""
    return keyring().seal(json.dumps(content, ensure_ascii=False, separators=(",", ":")), RIGHTS, seal_id)


def opened(value: bytes | memoryview | None, seal_id: UUID) -> Any:
    """What was sealed; None when it has been destroyed. Raises what the key ring raises."""
    return None if value is None else json.loads(keyring().open_(bytes(value), RIGHTS, seal_id))
