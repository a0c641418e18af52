"""Entries of the test database put into the log, as the notary does it, with a key of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from registry.audit import merkle
from registry.audit.notes import Checkpoint, Signer, sign
from tests.logbook import ORIGIN


@dataclass
class Log:
    """`settle` gives what waits its place in the log and publishes a checkpoint; `note` is the newest."""

    signer: Signer = field(default_factory=lambda: Signer.generate(ORIGIN))
    note: str = ""

    @property
    def vkey(self) -> str:
        return str(self.signer.verifier)

    def settle(self) -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH taken AS (DELETE FROM audit_pending RETURNING kind, row_id)
                INSERT INTO audit_leaf (idx, kind, row_id, hash)
                SELECT (SELECT count(*) FROM audit_leaf) + row_number() OVER (ORDER BY t.kind, t.row_id) - 1,
                    t.kind, t.row_id, coalesce(a.leaf_hash, d.leaf_hash, m.leaf_hash)
                FROM taken t
                LEFT JOIN audit_action a ON t.kind = 'a' AND a.id = t.row_id
                LEFT JOIN audit_detail d ON t.kind = 'd' AND d.id = t.row_id
                LEFT JOIN audit_manifest m ON t.kind = 'm' AND m.id = t.row_id
                """
            )
            cursor.execute("SELECT hash FROM audit_leaf ORDER BY idx")
            frontier = merkle.Frontier()
            frontier.extend(bytes(leaf) for (leaf,) in cursor.fetchall())
            head = Checkpoint(ORIGIN, frontier.size, frontier.root())
            self.note = sign(head.text(), self.signer)
            cursor.execute(
                "INSERT INTO audit_checkpoint (size, root, note) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                [head.size, head.root, self.note],
            )
            cursor.execute(
                """
                INSERT INTO audit_log_state (id, origin, size, frontier, sysid, pledge) VALUES (1, %s, %s, %s, '', '')
                ON CONFLICT (id) DO UPDATE SET size = excluded.size, frontier = excluded.frontier
                """,
                [ORIGIN, frontier.size, frontier.serialise()],
            )
        return self.note
