"""Issuing that is shot at: bodies with orders, workers that carry them out at once, and one that dies at a named step.

Used by scripts/trials/issuing and in small by the suite. Workers are processes of their own; whoever is to die does so
by SIGKILL from within, exactly before or after the step, so that every step is hit as often as asked. Afterwards the
orders are taken up again as the queue would, and every number is counted.
"""

from __future__ import annotations

import os
import random
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection, connections

from certificates.issuance import composing, cose, issuing, numbers, payload, people, signing, status_lists
from certificates.issuance.models import Attestation, Order
from registry.audit import services as audit
from registry.institutions.models import Institution
from tests import certified

#: what a worker is killed before or after: (name, module, function, before or after)
STEPS: tuple[tuple[str, Any, str, str], ...] = (
    ("nothing was read", issuing, "lines", "before"),
    ("people were read", people, "known", "after"),
    ("places were reserved", status_lists, "reserve", "after"),
    ("serials were given out", numbers, "allocate", "after"),
    ("a payload was made", payload, "build", "after"),
    ("intents were written", issuing, "_copy", "after"),
    ("intents were committed to", audit, "manifest_rows", "after"),
    ("the order was told", issuing, "_tally", "after"),
    ("intents are stored", issuing, "prepare", "after"),
    ("some are signed", cose, "to_be_signed", "after"),
    ("all of a chunk are signed", signing, "_store", "before"),
    ("signatures were written", audit, "record", "before"),
    ("certificates are stored", signing, "_signed", "after"),
    ("all but the order's end", issuing, "finish", "before"),
)
WORKERS = 4


@dataclass
class Found:
    """What trials came to; only the first two may be other than nothing."""

    trials: int = 0
    killed: int = 0
    certificates: int = 0
    twice: int = 0
    gaps: int = 0
    without_payload: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.twice or self.gaps or self.without_payload or self.faults)


class Range:
    """Two bodies, each with an order for every trial."""

    def __init__(self, *, people_each: int, size: int, seed: int = 1) -> None:
        self.bodies = [certified.body(f"第{n}评价中心") for n in ("一", "二")]
        self.people_each, self.size = people_each, size
        self.chance = random.Random(seed)
        self.found = Found()

    def trial(self, step: int) -> None:
        """Four workers on two orders, one of them to die at this step; then the rest, and a look at everything."""
        orders = [self._order(body) for body in self.bodies]
        # Some chunks in, so that there is work of others before and after.
        turn = self.chance.randint(1, 3)
        connections.close_all()
        children = [
            _fork(lambda n=n: self._work(orders, n, step if n == 0 else None, turn))  # type: ignore[misc]
            for n in range(WORKERS)
        ]
        ends = [os.waitpid(child, 0)[1] for child in children]
        self.found.killed += sum(os.WIFSIGNALED(end) for end in ends)
        if any(os.WIFEXITED(end) and os.WEXITSTATUS(end) for end in ends):
            self.found.faults.append(f"{STEPS[step][0]}: a worker failed")
        self.found.trials += 1
        # Whoever was killed may leave a session that the server has not missed yet; whatever it held is waited for.
        for order in orders:
            issuing.issue(order, size=self.size)
        self._look(orders, STEPS[step][0])

    def _order(self, body: Institution) -> UUID:
        level = self.chance.choice((2, 3))
        return certified.order(body, certified.people(self.people_each), level=level).pk

    def _work(self, orders: Sequence[UUID], number: int, step: int | None, turn: int) -> None:
        mine = orders if number % 2 == 0 else orders[::-1]
        with _dying(step, turn):
            for order in mine:
                issuing.issue(order, size=self.size)

    def _look(self, orders: Sequence[UUID], name: str) -> None:
        for order in Order.objects.filter(pk__in=orders):
            if (order.state, order.prepared, order.signed, order.refused) != (
                "done",
                order.total,
                order.total,
                0,
            ):
                told = f"{order.state} {order.prepared} {order.signed} {order.refused} of {order.total}"
                self.found.faults.append(f"{name}: {told}")

    def count(self) -> Found:
        """Over everything that all trials left: numbers, gaps, stored payloads and their signatures."""
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS)
            (
                self.found.certificates,
                self.found.twice,
                self.found.gaps,
                self.found.without_payload,
            ) = map(int, cursor.fetchone())
        rows = Attestation.objects.select_related("key").iterator(chunk_size=2_000)
        for row in rows:
            signed = cose.to_be_signed(bytes(row.payload), row.key.kid, row.key.suite)
            Ed25519PublicKey.from_public_bytes(bytes(row.key.public)).verify(
                bytes(row.signature or b""), signed
            )
            claims = payload.read(bytes(row.payload))
            if (claims.number, claims.status_list, claims.status_index) != (
                row.number,
                row.status_list_id,
                row.status_index,
            ):
                self.found.faults.append(f"{row.pk}: stored otherwise than signed")
        return self.found


# A space is dense when its last serial, its count of different serials and its counter are one number.
_COUNTS = """
SELECT (SELECT count(*) FROM issuance_certificate WHERE basis = 'issued'),
       (SELECT count(*) - count(DISTINCT number) FROM issuance_certificate)
           + (SELECT count(*) - count(DISTINCT number) FROM issuance_attestation),
       (SELECT coalesce(sum(greatest(s.last, c.last) - s.n), 0)
        FROM (SELECT space, max(serial) AS last, count(DISTINCT serial) AS n FROM issuance_attestation GROUP BY 1) s
        JOIN issuance_counter c USING (space)),
       (SELECT count(*) FROM issuance_certificate c LEFT JOIN issuance_attestation a ON a.id = c.id
            AND a.number = c.number AND a.person_id = c.person_id AND a.state = 'signed' AND length(a.payload) > 0
        WHERE c.basis = 'issued' AND a.id IS NULL)
"""


@contextmanager
def _dying(step: int | None, turn: int) -> Iterator[None]:
    """Within this process the named step is the last, the nth time that it comes."""
    if step is None:
        yield
        return
    _name, module, attribute, when = STEPS[step]
    original: Callable[..., Any] = getattr(module, attribute)
    left = turn

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*args, **kwargs)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    # Others have the function under their own name.
    places = [
        module,
        *(one for one in (issuing, signing, composing) if getattr(one, attribute, None) is original),
    ]
    for place in places:
        setattr(place, attribute, deadly)
    try:
        yield
    finally:
        for place in places:
            setattr(place, attribute, original)


def _fork(work: Callable[[], None]) -> int:
    with warnings.catch_warnings():
        # Newer Pythons warn of other threads; the child needs none of their locks and never comes back.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)
