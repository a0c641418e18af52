"""The notary takes what is committed, signs it once, and signs nothing that contradicts what it signed before."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import override_settings

from registry.audit import merkle
from registry.audit.keeping import Keeper
from registry.audit.models import Checkpoint, Leaf, LogState, Pending
from registry.audit.notary import Notary, Refused, Why, frontier_of
from registry.audit.notes import Checkpoint as Head
from registry.audit.notes import Signer, VerifierKey, opened, sign
from registry.audit.publishing import Published
from registry.audit.queries import log_health
from tests.registry.test_audit_services import act

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[[], Notary]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Notaries that work out of the same folders, one after the other."""

    def one() -> Notary:
        published = Published(tmp_path / "log", tmp_path / "elsewhere" / "checkpoints.log")
        return Notary(Keeper(tmp_path / "notary"), published, "test.invalid/log", may_make_key=True)

    return one


def entries(count: int) -> None:
    with transaction.atomic():
        for _ in range(count):
            act()


def work(make: Make) -> Notary:
    """One notary from start to end."""
    notary = make()
    try:
        notary.start()
        notary.turn(60)
    finally:
        notary.stop()
    return notary


def why(make: Make) -> Why:
    with pytest.raises(Refused) as refusal:
        work(make)
    return refusal.value.why


def published_head(notary: Notary) -> Head:
    note = (notary.published.folder / "checkpoint").read_text("utf-8")
    key = VerifierKey.parse((notary.published.folder / "vkey").read_text("utf-8"))
    return Head.parse(opened(note, [key])[0])


def run_sql(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_what_is_committed_is_signed_and_published(make: Make) -> None:
    entries(3)
    notary = work(make)
    head = published_head(notary)
    assert head.origin == f"test.invalid/log/{dt.datetime.now(dt.UTC).year}"
    assert head.size == Leaf.objects.count() == 4  # the opening of the log is its first entry
    assert head.root == merkle.root(
        bytes(digest) for digest in Leaf.objects.order_by("idx").values_list("hash", flat=True)
    )
    assert not Pending.objects.exists()
    assert notary.published.copied(notary.signer.verifier) == head
    assert notary.published.leaves(0, 4) == [bytes(leaf.hash) for leaf in Leaf.objects.order_by("idx")]


def test_every_entry_stands_once_in_the_log_with_its_own_hash(make: Make) -> None:
    with transaction.atomic():
        act(personal={"name": "张三"})
    work(make)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.kind, l.hash = coalesce(a.leaf_hash, d.leaf_hash) FROM audit_leaf l "
            "LEFT JOIN audit_action a ON l.kind = 'a' AND a.id = l.row_id "
            "LEFT JOIN audit_detail d ON l.kind = 'd' AND d.id = l.row_id ORDER BY l.idx"
        )
        assert cursor.fetchall() == [("a", True), ("a", True), ("d", True)]


def test_nothing_new_nothing_signed_and_the_same_state_is_the_same_note(make: Make) -> None:
    entries(1)
    notary = work(make)
    note = (notary.published.folder / "checkpoint").read_bytes()
    (notary.published.folder / "checkpoint").unlink()
    work(make)
    assert Checkpoint.objects.count() == 1
    assert (notary.published.folder / "checkpoint").read_bytes() == note
    assert len(notary.published.copy.read_text("utf-8").splitlines()) == 1


def test_each_head_contains_all_earlier_ones(make: Make) -> None:
    for count in (1, 255, 1, 300):
        entries(count)
        notary = work(make)
    assert len(notary.published.copy.read_text("utf-8").splitlines()) == 4
    node = merkle.nodes_from_tiles(notary.published.tile)
    heads = list(Checkpoint.objects.order_by("size"))
    last = heads[-1]
    assert last.size == 558
    for head in heads:
        proof = merkle.consistency_proof(head.size, last.size, node)
        assert merkle.verify_consistency(head.size, last.size, bytes(head.root), bytes(last.root), proof)
    tiles = {
        str(path.relative_to(notary.published.folder))
        for path in notary.published.folder.rglob("tile/**/*")
        if path.is_file()
    }
    assert tiles == {"tile/0/000", "tile/0/001", "tile/0/002.p/46", "tile/1/000.p/1", "tile/1/000.p/2"}


def test_an_entry_committed_late_is_not_lost(make: Make) -> None:
    """Ids are given before the commit: the later id is in the log before the earlier one."""
    other = connection.copy()
    try:
        with transaction.atomic(using="default"):
            act()
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT audit_log('t.act', 't', '', 1, '', NULL, NULL, '', NULL, '', NULL, '', '')"
                )
            # Here the other one is committed and ours is not.
            with other.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM audit_pending")
                assert cursor.fetchone() == (1,)
        work(make)
        assert Leaf.objects.count() == 3
    finally:
        other.close()


def test_lost_tiles_are_made_anew(make: Make) -> None:
    entries(600)
    notary = work(make)
    before = {path: path.read_bytes() for path in notary.published.folder.rglob("*") if path.is_file()}
    for path in before:
        path.unlink()
    work(make)
    after = {path: path.read_bytes() for path in notary.published.folder.rglob("*") if path.is_file()}
    assert after == before


def test_nothing_is_signed_while_a_place_is_away(make: Make) -> None:
    """What was published there could not be asked."""
    entries(1)
    notary = work(make)
    away = notary.published.copy.with_suffix(".away")
    notary.published.copy.rename(away)
    notary.published.copy.mkdir()
    entries(1)
    with pytest.raises(OSError):
        work(make)
    assert log_health().signed == 2
    notary.published.copy.rmdir()
    away.rename(notary.published.copy)
    work(make)
    assert notary.published.copied(notary.signer.verifier) == published_head(notary)
    assert log_health().signed == 3


def test_a_place_that_lags_is_brought_up_to_date(make: Make) -> None:
    entries(1)
    notary = work(make)
    copied = notary.published.copy.read_bytes()
    entries(1)
    work(make)
    notary.published.copy.write_bytes(copied)
    work(make)
    assert notary.published.copied(notary.signer.verifier) == published_head(notary)


def test_only_one_notary_works(make: Make) -> None:
    first = make()
    first.start()
    try:
        assert why(make) == Why.BUSY
    finally:
        first.stop()


# --- refusals --------------------------------------------------------------------------------------

KEEPING = ("audit_leaf", "audit_checkpoint")


def without_triggers(sql: str) -> None:
    """What only the owner can do."""
    off = "; ".join(f"ALTER TABLE {table} DISABLE TRIGGER {table}_keep" for table in KEEPING)
    on = "; ".join(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_keep" for table in KEEPING)
    run_sql(f"{off}; {sql}; {on}")


def state_of_the_past(make: Make, *, entries_later: int) -> None:
    """The database as a backup has it: everything of the log's tables put back to an earlier moment."""
    entries(5)
    work(make)
    run_sql("DROP TABLE IF EXISTS old_state; CREATE TABLE old_state AS TABLE audit_log_state")
    entries(5)
    work(make)
    without_triggers(
        "DELETE FROM audit_leaf WHERE idx >= (SELECT size FROM old_state);"
        "DELETE FROM audit_checkpoint WHERE size > (SELECT size FROM old_state);"
        "DELETE FROM audit_log_state; INSERT INTO audit_log_state TABLE old_state; DROP TABLE old_state"
    )
    entries(entries_later)


@pytest.mark.parametrize("later", [0, 20])
def test_a_restored_database_is_refused(make: Make, later: int) -> None:
    state_of_the_past(make, entries_later=later)
    signed = Checkpoint.objects.count()
    assert why(make) == Why.BROKEN_PLEDGE
    assert Checkpoint.objects.count() == signed


def test_a_restored_database_is_refused_by_what_is_published_alone(make: Make, tmp_path: Path) -> None:
    """Somebody restored the notary's own folder to the same moment as well."""
    state_of_the_past(make, entries_later=20)
    Keeper(tmp_path / "notary").settle(bytes(LogState.objects.get().pledge).hex())
    assert why(make) == Why.BEHIND
    (tmp_path / "log" / "checkpoint").unlink()  # and the folder, so that only the copy elsewhere is left
    assert why(make) == Why.BEHIND


def test_a_clone_that_ran_in_parallel_is_refused(make: Make) -> None:
    entries(5)
    work(make)
    held = bytes(LogState.objects.get().pledge).hex()
    entries(1)
    work(make)
    run_sql(f"UPDATE audit_log_state SET pledge = '\\x{held}'")  # the clone's state, which did not sign since
    assert why(make) == Why.BROKEN_PLEDGE


def test_another_cluster_is_refused(make: Make) -> None:
    entries(1)
    work(make)
    run_sql("UPDATE audit_log_state SET sysid = '1/2'")
    assert why(make) == Why.OTHER_CLUSTER


def test_another_root_at_the_same_size_is_refused(make: Make) -> None:
    entries(3)
    notary = work(make)
    other = merkle.root([bytes(32)] * 4)
    text = Head(notary.signer.verifier.name, 4, other).text()
    (notary.published.folder / "checkpoint").write_text(sign(text, notary.signer), "utf-8")
    assert why(make) == Why.OTHER_ROOT


def test_leaves_that_were_exchanged_are_refused(make: Make) -> None:
    entries(3)
    notary = work(make)
    entries(1)
    one = make()
    one.start()
    one.take()
    one.stop()
    without_triggers("UPDATE audit_leaf SET hash = sha256('forged') WHERE idx = 4")
    assert why(make) == Why.INCONSISTENT
    assert published_head(notary).size == 4


def test_a_checkpoint_signed_by_somebody_else_is_refused(make: Make) -> None:
    entries(1)
    notary = work(make)
    forged = sign(published_head(notary).text(), Signer.generate(notary.signer.verifier.name))
    (notary.published.folder / "checkpoint").write_text(forged, "utf-8")
    assert why(make) == Why.FOREIGN


def test_a_database_without_its_log_is_refused(make: Make) -> None:
    entries(1)
    work(make)
    without_triggers("DELETE FROM audit_leaf; DELETE FROM audit_checkpoint; DELETE FROM audit_log_state")
    assert why(make) == Why.BEHIND


def test_an_entry_that_is_gone_before_it_was_taken_is_refused(make: Make) -> None:
    entries(1)
    work(make)
    run_sql("INSERT INTO audit_pending VALUES ('a', 999999999)")
    assert why(make) == Why.ENTRY_GONE
    assert Pending.objects.count() == 1


def test_a_key_that_others_can_read_is_refused(make: Make, tmp_path: Path) -> None:
    work(make)
    key = tmp_path / "notary" / "key"
    assert key.stat().st_mode & 0o777 == 0o400
    key.chmod(0o440)
    assert why(make) == Why.KEY
    key.chmod(0o600)
    work(make)


def test_no_key_is_made_where_none_may_be(tmp_path: Path) -> None:
    published = Published(tmp_path / "log", tmp_path / "copy")
    assert why(lambda: Notary(Keeper(tmp_path / "n"), published, "test.invalid/log")) == Why.KEY
    assert not LogState.objects.exists()


# --- crashes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("got_through", [True, False])
def test_a_crash_while_signing_is_no_breach(make: Make, tmp_path: Path, got_through: bool) -> None:
    """The notary ended between writing its pledge down and knowing whether the database took it."""
    entries(1)
    work(make)
    keeper = Keeper(tmp_path / "notary")
    held = bytes(LogState.objects.get().pledge).hex()
    coming = keeper.propose(held)
    if got_through:
        run_sql(f"UPDATE audit_log_state SET pledge = '\\x{coming}'")
    entries(1)
    work(make)
    assert LogState.objects.get().size == Checkpoint.objects.latest("size").size == 3


def test_a_line_cut_off_in_the_copy_is_passed_over(make: Make) -> None:
    entries(1)
    notary = work(make)
    with notary.published.copy.open("ab") as file:
        file.write(b'{"origin": "te')
    entries(1)
    work(make)
    assert notary.published.copied(notary.signer.verifier) == published_head(notary)


# --- health ----------------------------------------------------------------------------------------


def test_an_entry_that_waits_too_long_is_unhealthy(make: Make) -> None:
    entries(1)
    assert log_health().healthy
    with override_settings(LOG_LATE_SECONDS=0):
        late = log_health()
        assert (late.healthy, late.waiting, late.settled_at) == (False, 1, None)
        work(make)
        assert log_health().healthy
    # A long import is dated minutes before its commit: no alarm while the notary keeps up.
    entries(1)
    run_sql("UPDATE audit_log_state SET settled_at = now() - interval '1 minute'")
    with override_settings(LOG_LATE_SECONDS=30):
        assert log_health().healthy


def test_frontiers_of_database_and_tiles_agree(make: Make) -> None:
    entries(300)
    notary = work(make)
    assert frontier_of(301) == notary.published.frontier(301)
    assert os.access(notary.published.folder / "checkpoint", os.R_OK)
