"""After a restore: how a log goes on that its notary refused to sign.

Run as the owner of the tables, on the notary's host, after two persons agreed. Three ways, the first that is open:

- *continued*: the database holds everything that was published; only cluster and pledge are new.
- *recovered*: entries that were published as leaves are committed in the database, but not in its log: they still wait
  in the queue, and their hashes say where in the log they stood. They are put there.
- *opened anew*: entries are lost, or leaves differ. The log ends where it was published; what it had is kept aside, and
  a new one begins with a key of its own. Its first entry names the last head of the old one, so that nobody can
  pretend that there was none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from django.db import connection, transaction
from django.utils.translation import gettext as _t

from registry.audit import merkle
from registry.audit.keeping import Keeper, KeyTrouble
from registry.audit.models import Checkpoint as Signed
from registry.audit.models import EndedCheckpoint, LogState
from registry.audit.notary import Notary, Refused, Why, cluster, frontier_of, open_log
from registry.audit.notes import BadNote, Checkpoint, Signer, opened
from registry.audit.publishing import Published

Way = Literal["continued", "recovered", "opened"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the log. `size` counts its leaves, `lost` the entries of which only the hash is left."""

    way: Way
    origin: str
    size: int
    lost: int
    vkey: str


def rebase(notary: Notary) -> Outcome:
    """Bring log, notary and what is published together again. Raises Refused; then nothing was changed."""
    keeper, published = notary.keeper, notary.published
    if not keeper.lock():
        raise Refused(Why.BUSY, _t("另一个公证进程正在使用同一密钥目录。"))
    try:
        signer = keeper.signer()
        last = _last_published(published, signer)
        with transaction.atomic():
            return _rebase(keeper, published, signer, last)
    except KeyTrouble as trouble:
        raise Refused(Why.KEY, str(trouble)) from None
    except BadNote:
        raise Refused(Why.FOREIGN, _t("公布处的检查点不是本密钥所签。")) from None
    finally:
        keeper.unlock()


@dataclass(frozen=True, slots=True)
class _Head:
    checkpoint: Checkpoint
    note: str


def _last_published(published: Published, signer: Signer) -> _Head | None:
    """The head that the world knows: the largest of folder and copy, with its note."""
    notes = [note for note in published.notes(signer.verifier.name) if note]
    heads = [_Head(Checkpoint.parse(opened(note, [signer.verifier])[0]), note) for note in notes]
    return max(heads, key=lambda head: head.checkpoint.size, default=None)


def _rebase(keeper: Keeper, published: Published, signer: Signer, last: _Head | None) -> Outcome:
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_pending, audit_leaf IN SHARE ROW EXCLUSIVE MODE")
    state = LogState.objects.select_for_update().first()
    if state is not None and state.origin == signer.verifier.name and _whole(state):
        if last is None or _reaches(state, last.checkpoint):
            return _continued("continued", keeper, signer, state, last)
        if _fill(published, state, last.checkpoint):
            return _continued("recovered", keeper, signer, state, last)
    return _anew(keeper, published, signer, state, last)


def _whole(state: LogState) -> bool:
    """Whether leaves, state and the database's own checkpoints belong together."""
    frontier = frontier_of(state.size)
    if frontier.size != state.size or frontier.serialise() != bytes(state.frontier):
        return False
    signed = Signed.objects.order_by("-size").first()
    return signed is None or (
        signed.size <= state.size and frontier_of(signed.size).root() == bytes(signed.root)
    )


def _reaches(state: LogState, head: Checkpoint) -> bool:
    return state.size >= head.size and frontier_of(head.size).root() == head.root


def _fill(published: Published, state: LogState, head: Checkpoint) -> bool:
    """Put entries that wait to the places that their published hashes say. Whether that made the published tree."""
    if state.size >= head.size:
        return False
    try:
        hashes = published.leaves(state.size, head.size)
        same_beginning = published.frontier(state.size).root() == frontier_of(state.size).root()
    except LookupError:
        return False
    frontier = merkle.Frontier.load(state.size, bytes(state.frontier))
    frontier.extend(hashes)
    if not same_beginning or frontier.root() != head.root:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [list(range(state.size, head.size)), hashes])
        found = cursor.fetchall()
        if len(found) != len(hashes):
            return False
        cursor.executemany("INSERT INTO audit_leaf (idx, kind, row_id, hash) VALUES (%s, %s, %s, %s)", found)
        cursor.executemany(
            "DELETE FROM audit_pending WHERE kind = %s AND row_id = %s", [row[1:3] for row in found]
        )
    state.size, state.frontier = frontier.size, frontier.serialise()
    return True


_FOUND = """
    SELECT w.idx, p.kind, p.row_id, w.hash FROM unnest(%s::bigint[], %s::bytea[]) w(idx, hash)
    JOIN (
        SELECT p.kind, p.row_id, coalesce(a.leaf_hash, d.leaf_hash, m.leaf_hash) AS hash FROM audit_pending p
        LEFT JOIN audit_action a ON p.kind = 'a' AND a.id = p.row_id
        LEFT JOIN audit_detail d ON p.kind = 'd' AND d.id = p.row_id
        LEFT JOIN audit_manifest m ON p.kind = 'm' AND m.id = p.row_id
    ) p ON p.hash = w.hash
"""


def _continued(way: Way, keeper: Keeper, signer: Signer, state: LogState, last: _Head | None) -> Outcome:
    if last is not None:
        head = last.checkpoint
        Signed.objects.get_or_create(size=head.size, defaults={"root": head.root, "note": last.note})
    pledge = keeper.propose(bytes(state.pledge).hex())
    state.sysid, state.pledge = cluster(), bytes.fromhex(pledge)
    state.save()
    transaction.on_commit(lambda: keeper.settle(pledge))
    return Outcome(way, state.origin, state.size, 0, str(signer.verifier))


def _anew(
    keeper: Keeper, published: Published, signer: Signer, state: LogState | None, last: _Head | None
) -> Outcome:
    old = signer.verifier.name
    signed = Signed.objects.order_by("-size").first()
    head = last.checkpoint if last else None
    if signed is not None and (head is None or signed.size > head.size):
        head = Checkpoint(old, signed.size, bytes(signed.root))
    kept = state.size if state else 0
    _put_leaves_aside(old)
    name = following(old)
    slug = re.sub(r"[^0-9A-Za-z.]+", "-", old)
    keeper.retire_key(slug)
    published.put_aside(slug)
    fresh = keeper.new_key(name)
    open_log(keeper, fresh, previous=head)
    lost = max(0, head.size - kept) if head else 0
    return Outcome("opened", name, 1, lost, str(fresh.verifier))


def following(origin: str) -> str:
    """What the log after this one is called: …/2026, …/2026b, …/2026c."""
    letter = origin[-1]
    return f"{origin[:-1]}{chr(ord(letter) + 1)}" if "b" <= letter < "z" else f"{origin}b"


def _put_leaves_aside(origin: str) -> None:
    """Leaves and checkpoints of the ended log go to where they stay; every entry queues for the new one."""
    assert not EndedCheckpoint.objects.filter(origin=origin).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            ALTER TABLE audit_leaf DISABLE TRIGGER audit_leaf_keep;
            ALTER TABLE audit_checkpoint DISABLE TRIGGER audit_checkpoint_keep;
            """
        )
        cursor.execute(
            "WITH gone AS (DELETE FROM audit_leaf RETURNING *) "
            "INSERT INTO audit_ended_leaf (origin, idx, kind, row_id, hash) "
            "SELECT %s, idx, kind, row_id, hash FROM gone",
            [origin],
        )
        cursor.execute(
            "WITH gone AS (DELETE FROM audit_checkpoint RETURNING *) "
            "INSERT INTO audit_ended_checkpoint (origin, size, root, note, at) "
            "SELECT %s, size, root, note, at FROM gone",
            [origin],
        )
        cursor.execute(
            """
            ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_keep;
            ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER audit_checkpoint_keep;
            DELETE FROM audit_log_state;
            INSERT INTO audit_pending (kind, row_id)
            SELECT 'a', id FROM audit_action UNION ALL SELECT 'd', id FROM audit_detail
            UNION ALL SELECT 'm', id FROM audit_manifest
            ON CONFLICT DO NOTHING;
            """
        )
