"""Every channel says the same of a certificate, whatever was done to it; none says valid after a revocation.

The long run is scripts/trials/histories: five hundred histories.
"""

from __future__ import annotations

import pytest

from tests import histories

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_random_histories_read_alike_on_every_channel() -> None:
    told = histories.run(count=5, rounds=4, seed=24, papers=1)
    assert told.good, told.wrong[:10]
    # What is not asked cannot disagree: every channel was, and every answer came.
    assert len(told.asked) == 11 and min(told.asked.values()) >= 4
    assert {"valid", "revoked", "suspended", "ended"} <= set(told.answers)
    assert min(told.steps[kind] for kind in ("suspend", "restore", "revoke", "replace")) >= 1
