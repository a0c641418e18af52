"""The notary: takes committed entries from the queue into the Merkle log, signs its head, and publishes it.

The only thing that decides the order of the log is the queue: an entry is in it exactly when it is committed. Ids and
transaction numbers are taken in another order than they are committed in, and restart after a restore.

Commit first, then sign, then publish. Ed25519 is deterministic, so a step that is repeated after a crash says the same.
Before each signature everything is asked that could make it contradict an earlier one (`_refuse`); then nothing is
signed, the process ends, and only a `rebase` by two persons goes on from there.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from django.db import Error, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils.translation import gettext as _t

from registry.audit import merkle
from registry.audit.keeping import Keeper, KeyTrouble
from registry.audit.models import Checkpoint as Signed
from registry.audit.models import LogState
from registry.audit.notes import BadNote, Checkpoint, Signer, sign
from registry.audit.publishing import Damaged, Published

log = logging.getLogger(__name__)

#: Entries that one transaction takes out of the queue.
BATCH = 10_000
#: Leaves that are read at once.
_WINDOW = 65_536
#: Held by the one notary that works on this database, for as long as its connection lives.
_LOCK = 0x6E6F7461


class Why(IntEnum):
    """Why the notary ends; the process exits with this number."""

    BUSY = 10
    KEY = 11
    BEHIND = 12
    OTHER_ROOT = 13
    INCONSISTENT = 14
    OTHER_CLUSTER = 15
    BROKEN_PLEDGE = 16
    ENTRY_GONE = 17
    FOREIGN = 18


class Refused(Exception):
    """The notary will not sign; the text says why and what to do, in Chinese."""

    def __init__(self, why: Why, text: str) -> None:
        super().__init__(text)
        self.why = why


@dataclass
class Notary:
    """One working notary: its database is the current connection, which must be its own."""

    keeper: Keeper
    published: Published
    #: What a log is called before the year; used when there is none yet.
    name: str
    #: Make a key by ourselves when there is none: for development only.
    may_make_key: bool = False
    signer: Signer = field(init=False)
    #: The tree that was last signed.
    _signed: merkle.Frontier = field(init=False, default_factory=merkle.Frontier)
    _earlier: merkle.Frontier | None = field(init=False, default=None)

    # --- one at a time ---------------------------------------------------------------------------

    def start(self) -> None:
        """Become the active notary, look whether all is as it was left, and publish the present state.

        Raises Refused.
        """
        if not self.keeper.lock():
            raise Refused(Why.BUSY, _t("另一个公证进程正在使用同一密钥目录。"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                raise Refused(Why.BUSY, _t("另一个公证进程正在为此数据库签名。"))
        self._open()
        self._resume()
        self.publish()

    def stop(self) -> None:
        """Let another one work."""
        self.keeper.unlock()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
        except Error:
            pass  # the connection went, and the lock with it

    def _open(self) -> None:
        state = LogState.objects.first()
        if self.may_make_key and state is None and not self.keeper.key_file.exists():
            self.keeper.new_key(f"{self.name}/{self._year()}")
        try:
            self.signer = self.keeper.signer()
        except KeyTrouble as trouble:
            raise Refused(Why.KEY, str(trouble)) from None
        if state is None:
            if self._places() or self.keeper.pledge().held:
                raise Refused(
                    Why.BEHIND,
                    _t("日志已公布过,数据库中却没有日志:数据库可能是恢复或复制的。请运行 notary rebase。"),
                )
            open_log(self.keeper, self.signer)
        elif state.origin != self.signer.verifier.name:
            raise Refused(Why.KEY, _t("签名密钥不属于日志 %(origin)s。") % {"origin": state.origin})

    @staticmethod
    def _year() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(year FROM now())::int")
            return int(cursor.fetchone()[0])

    def _resume(self) -> None:
        """Find the tree that was last signed, from the tiles or else from the leaves."""
        last = Signed.objects.order_by("-size").first()
        self._signed, self._earlier = merkle.Frontier(), None
        if last is None:
            return
        frontier = self._from_tiles(last.size, bytes(last.root)) or self._from_folder(last.size)
        if frontier is None or frontier.root() != bytes(last.root):
            frontier = frontier_of(last.size)
        if frontier.root() != bytes(last.root):
            raise Refused(Why.INCONSISTENT, _t("日志的叶与最近签名的树根不符。"))
        self._signed = frontier
        with transaction.atomic():
            state = LogState.objects.select_for_update().get()
            self._refuse(state, self._grown(state))

    def _from_tiles(self, size: int, root: bytes) -> merkle.Frontier | None:
        try:
            frontier = self.published.frontier(size)
        except LookupError:
            return None
        return frontier if frontier.root() == root else None

    def _from_folder(self, size: int) -> merkle.Frontier | None:
        """Of a tree that was signed and not published before we ended: from the one before it, and the leaves since."""
        head = self.published.checkpoint(self.signer.verifier)
        if head is None or head.size > size:
            return None
        before = self._from_tiles(head.size, head.root)
        if before is None:
            return None
        self._earlier = before.copy()
        for leaves in windows(before.size, size):
            before.extend(leaves)
        return before

    # --- taking ----------------------------------------------------------------------------------

    def take(self, limit: int = BATCH) -> int:
        """Move up to so many entries from the queue to the end of the log, in one transaction. Returns how many."""
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                state = LogState.objects.select_for_update().get()
                cursor.execute(_TAKE, {"limit": limit, "size": state.size})
                hashes = [bytes(digest) for (digest,) in cursor.fetchall()]
                if hashes:
                    frontier = merkle.Frontier.load(state.size, bytes(state.frontier))
                    frontier.extend(hashes)
                    state.size, state.frontier = frontier.size, frontier.serialise()
                    state.save(update_fields=["size", "frontier"])
        except IntegrityError as error:
            raise Refused(
                Why.ENTRY_GONE, _t("待入日志的条目已不存在或已在日志中:记录被绕过触发器改动过。")
            ) from error
        return len(hashes)

    def take_all(self, seconds: float) -> int:
        """Take until the queue is empty, or for so long under load."""
        deadline, taken = time.monotonic() + seconds, 0
        while True:
            got = self.take()
            taken += got
            if got < BATCH or time.monotonic() > deadline:
                return taken

    # --- signing ---------------------------------------------------------------------------------

    def sign(self) -> bool:
        """Sign the head if the log has grown. Returns whether it had. Raises Refused."""
        with transaction.atomic():
            state = LogState.objects.select_for_update().get()
            if state.size == self._signed.size:
                return False
            grown = self._grown(state)
            self._refuse(state, grown)
            head = Checkpoint(state.origin, state.size, grown.root())
            note = sign(head.text(), self.signer)
            pledge = self.keeper.propose(bytes(state.pledge).hex())
            Signed.objects.create(size=state.size, root=head.root, note=note)
            state.pledge = bytes.fromhex(pledge)
            state.save(update_fields=["pledge"])
        self.keeper.settle(pledge)
        self._signed = grown
        return True

    def _grown(self, state: LogState) -> merkle.Frontier:
        """The signed tree with all leaves that came since."""
        grown = self._signed.copy()
        for leaves in windows(grown.size, state.size):
            grown.extend(leaves)
        return grown

    def _refuse(self, state: LogState, grown: merkle.Frontier) -> None:
        """Raise Refused for anything that would let a signature contradict an earlier one."""
        if state.sysid != cluster():
            raise Refused(
                Why.OTHER_CLUSTER,
                _t("数据库不是日志所在的数据库(恢复或复制而来)。核实后请运行 notary rebase。"),
            )
        self._refuse_pledge(bytes(state.pledge).hex())
        for head in self._places():
            if head.size > self._signed.size:
                raise Refused(
                    Why.BEHIND,
                    _t(
                        "数据库只签到第 %(ours)s 条,已公布到第 %(theirs)s 条:数据库回到了过去。请运行 notary rebase。"
                    )
                    % {"ours": self._signed.size, "theirs": head.size},
                )
            if not self._contains(head):
                same = head.size == self._signed.size
                raise Refused(
                    Why.OTHER_ROOT if same else Why.INCONSISTENT,
                    _t("已公布的检查点(第 %(size)s 条)与数据库中的日志不一致。请运行 notary rebase。")
                    % {"size": head.size},
                )
        if grown.size != state.size or grown.serialise() != bytes(state.frontier):
            raise Refused(Why.INCONSISTENT, _t("日志的叶与日志状态不符,或与已签名的部分不连续。"))

    def _refuse_pledge(self, held: str) -> None:
        pledge = self.keeper.pledge()
        if held and held == pledge.coming:
            self.keeper.settle(held)  # the last signing got through, and we ended before we wrote that down
        elif held != pledge.held:
            raise Refused(
                Why.BROKEN_PLEDGE,
                _t(
                    "数据库的信物与公证端的不符:数据库是恢复的,或另有一份在运行。核实后请运行 notary rebase。"
                ),
            )

    def _places(self) -> list[Checkpoint]:
        """What was published, wherever it can be read."""
        key = self.signer.verifier
        try:
            heads = [head for head in (self.published.checkpoint(key), self.published.copied(key)) if head]
        except BadNote:
            raise Refused(Why.FOREIGN, _t("公布处的检查点不是本密钥所签。")) from None
        if any(head.origin != key.name for head in heads):
            raise Refused(Why.FOREIGN, _t("公布处的检查点属于另一个日志。"))
        return heads

    def _contains(self, head: Checkpoint) -> bool:
        """Whether an earlier head is the beginning of what we signed last."""
        if head.size == self._signed.size:
            return self._signed.root() == head.root
        if self._earlier is None or self._earlier.size != head.size:
            try:
                if self.published.contains(head, self._signed.size, self._signed.root()):
                    return True
            except LookupError:
                pass
            # Counted anew, and kept: it is asked again and again while a place cannot be written.
            self._earlier = frontier_of(head.size)
        return self._earlier.root() == head.root

    # --- publishing ------------------------------------------------------------------------------

    def publish(self) -> bool:
        """Bring all places to the last signed head. Returns whether there was anything to do."""
        last = Signed.objects.order_by("-size").first()
        if last is None:
            return False
        heads = self._places()
        if len(heads) == 2 and all(head.size == last.size for head in heads):
            return False
        folder = self.published.checkpoint(self.signer.verifier)
        old = folder.size if folder else 0
        try:
            self.published.frontier(old)
        except LookupError:
            old = 0  # tiles were lost; they are made anew
        try:
            self.published.publish(last.note, last.size, old, Window(), self.signer.verifier)
        except Damaged as damaged:
            raise Refused(
                Why.INCONSISTENT, _t("已公布的瓦片 %(tile)s 与日志不符。") % {"tile": damaged}
            ) from damaged
        return True

    # --- going on --------------------------------------------------------------------------------

    def turn(self, seconds: float) -> int:
        """One round: take, sign, publish, and note that all was settled. Returns the number of entries taken."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            began: dt.datetime = cursor.fetchone()[0]
        taken = self.take_all(seconds)
        self.sign()
        self.publish()
        LogState.objects.update(settled_at=began)
        return taken

    def run(self, seconds: float, stopped: threading.Event, say: Callable[[str], None] = log.warning) -> None:
        """Work until told to stop, with at most one signature every so many seconds. Raises Refused.

        Waits while another notary works, and begins anew when the database or a place of publication was away.
        """
        while not stopped.is_set():
            try:
                self.start()
                while not stopped.is_set():
                    began = time.monotonic()
                    self.turn(seconds)
                    stopped.wait(max(0.0, seconds - (time.monotonic() - began)))
                self.turn(seconds)
            except OSError as error:
                # A place cannot be read or written. Business goes on, and whoever watches sees that nothing is settled.
                say(_t("无法读写日志的公布处:%(error)s") % {"error": error.strerror or type(error).__name__})
            except (OperationalError, InterfaceError) as error:
                say(_t("数据库连接中断,稍后重试:%(error)s") % {"error": type(error).__name__})
            except Refused as refusal:
                if refusal.why != Why.BUSY:
                    raise
                say(str(refusal))
            finally:
                self.stop()
                connection.close()
            stopped.wait(min(1.0, seconds))


# --- the database's side ---------------------------------------------------------------------------

# Nobody else takes from the queue, so rows stay where they are found. An entry that is gone has no hash, which the
# leaf refuses. Each is looked up by its number: a join would read the whole record where little is taken. The order
# within one batch is only for readers: an action stands before what belongs to it.
_TAKE = """
    WITH taken AS (
        DELETE FROM audit_pending
        WHERE ctid = ANY (ARRAY (SELECT ctid FROM audit_pending LIMIT %(limit)s)) RETURNING kind, row_id
    ), placed AS MATERIALIZED (
        SELECT %(size)s::bigint - 1 + row_number() OVER (ORDER BY t.kind, t.row_id) AS idx, t.kind, t.row_id,
            CASE t.kind
                WHEN 'a' THEN (SELECT a.leaf_hash FROM audit_action a WHERE a.id = t.row_id)
                WHEN 'd' THEN (SELECT d.leaf_hash FROM audit_detail d WHERE d.id = t.row_id)
                WHEN 'm' THEN (SELECT m.leaf_hash FROM audit_manifest m WHERE m.id = t.row_id)
            END AS hash
        FROM taken t
    ), kept AS (
        INSERT INTO audit_leaf (idx, kind, row_id, hash) SELECT idx, kind, row_id, hash FROM placed
    )
    SELECT hash FROM placed ORDER BY idx
"""
_LOG = "SELECT (audit_log(%s, 'log', %s, 1, '', NULL, %s::jsonb, %s, NULL, '', NULL, '', '')).id"


def cluster() -> str:
    """Which database this is: the identifier that its cluster got when it was made, and its own number there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) "
            "FROM pg_control_system()"
        )
        return str(cursor.fetchone()[0])


def leaves_of(start: int, stop: int) -> list[bytes]:
    """Leaf hashes of the log as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM audit_leaf WHERE idx >= %s AND idx < %s ORDER BY idx", [start, stop])
        return [bytes(digest) for (digest,) in cursor.fetchall()]


def windows(start: int, stop: int) -> Iterator[list[bytes]]:
    """The leaves in portions that fit in memory."""
    for at in range(start, stop, _WINDOW):
        yield leaves_of(at, min(at + _WINDOW, stop))


def frontier_of(size: int) -> merkle.Frontier:
    """The right edge of the tree of the first so many leaves, counted anew from all of them."""
    frontier = merkle.Frontier()
    for leaves in windows(0, size):
        frontier.extend(leaves)
    return frontier


class Window:
    """Leaves by their place, read in large portions: who publishes asks for 256 after 256."""

    def __init__(self) -> None:
        self._start, self._leaves = 0, [b""][:0]

    def __call__(self, start: int, stop: int) -> list[bytes]:
        if start < self._start or stop > self._start + len(self._leaves):
            self._start, self._leaves = start, leaves_of(start, max(stop, start + _WINDOW))
        return self._leaves[start - self._start : stop - self._start]


def open_log(keeper: Keeper, signer: Signer, previous: Checkpoint | None = None) -> None:
    """Begin a log; its first entry says so, and names the head of the one that it follows."""
    origin = signer.verifier.name
    after: dict[str, object] = {"vkey": str(signer.verifier)}
    if previous is not None:
        after["previous"] = {"origin": previous.origin, "size": previous.size, "root": previous.root.hex()}
    pledge = keeper.propose("")
    with transaction.atomic(), connection.cursor() as cursor:
        state = LogState.objects.create(origin=origin, sysid=cluster(), pledge=bytes.fromhex(pledge))
        cursor.execute(_LOG, ["log.open", origin, json.dumps(after), "公证"])
        (entry,) = cursor.fetchone()
        cursor.execute("DELETE FROM audit_pending WHERE kind = 'a' AND row_id = %s", [entry])
        cursor.execute(
            "INSERT INTO audit_leaf SELECT 0, 'a', id, leaf_hash FROM audit_action WHERE id = %s RETURNING hash",
            [entry],
        )
        frontier = merkle.Frontier()
        frontier.append(bytes(cursor.fetchone()[0]))
        state.size, state.frontier = frontier.size, frontier.serialise()
        state.save(update_fields=["size", "frontier"])
    keeper.settle(pledge)
