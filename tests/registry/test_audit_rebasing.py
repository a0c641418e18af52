"""After a restore the log goes on by two persons: without a break where nothing is lost, else anew, naming the old."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from registry.accounts.models import Role
from registry.audit.models import Action, Checkpoint, EndedLeaf, Leaf, LogState, Pending
from registry.audit.notary import Refused, Why
from registry.audit.rebasing import following, rebase
from registry.config import rebasing
from registry.review import services as review
from registry.review.errors import SamePerson
from tests.registry.places import make_user
from tests.registry.test_audit_notary import (
    Make,
    entries,
    make,
    published_head,
    run_sql,
    why,
    without_triggers,
    work,
)

__all__ = ["make"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_copy_that_lacks_nothing_goes_on(make: Make) -> None:
    entries(5)
    work(make)
    run_sql("UPDATE audit_log_state SET sysid = '1/2'")
    assert why(make) == Why.OTHER_CLUSTER
    outcome = rebase(make())
    assert (outcome.way, outcome.size, outcome.lost) == ("continued", 6, 0)
    entries(1)
    assert published_head(work(make)).size == 7


def test_entries_that_still_wait_are_put_where_they_were_published(make: Make) -> None:
    """The backup was made after they were committed and before they were taken."""
    entries(3)
    work(make)
    run_sql("DROP TABLE IF EXISTS old_state; CREATE TABLE old_state AS TABLE audit_log_state")
    entries(4)
    head = published_head(work(make))
    leaves = list(Leaf.objects.order_by("idx").values_list("idx", "kind", "row_id"))
    back = (
        "INSERT INTO audit_pending SELECT kind, row_id FROM audit_leaf WHERE idx >= 4 ORDER BY idx DESC;"
        "DELETE FROM audit_leaf WHERE idx >= 4; DELETE FROM audit_checkpoint WHERE size > 4;"
        "DELETE FROM audit_log_state; INSERT INTO audit_log_state TABLE old_state; DROP TABLE old_state"
    )
    without_triggers(back)
    entries(2)
    assert why(make) == Why.BROKEN_PLEDGE
    outcome = rebase(make())
    assert (outcome.way, outcome.size, outcome.lost) == ("recovered", 8, 0)
    assert list(Leaf.objects.order_by("idx").values_list("idx", "kind", "row_id")) == leaves
    assert Checkpoint.objects.latest("size").size == head.size
    assert published_head(work(make)).size == 10


def lose_two(make: Make) -> None:
    """A backup that lacks two entries which were published."""
    entries(3)
    work(make)
    run_sql("DROP TABLE IF EXISTS old_state; CREATE TABLE old_state AS TABLE audit_log_state")
    entries(2)
    work(make)
    run_sql("ALTER TABLE audit_action DISABLE TRIGGER audit_action_keep")
    run_sql("DELETE FROM audit_action WHERE id IN (SELECT row_id FROM audit_leaf WHERE idx >= 4)")
    run_sql("ALTER TABLE audit_action ENABLE ALWAYS TRIGGER audit_action_keep")
    without_triggers(
        "DELETE FROM audit_leaf WHERE idx >= 4; DELETE FROM audit_checkpoint WHERE size > 4;"
        "DELETE FROM audit_log_state; INSERT INTO audit_log_state TABLE old_state; DROP TABLE old_state"
    )


def test_where_entries_are_lost_a_new_log_names_the_old_ones_head(make: Make) -> None:
    lose_two(make)
    entries(1)
    old = published_head(make())
    outcome = rebase(make())
    assert (outcome.way, outcome.lost) == ("opened", 2)
    assert outcome.origin == following(old.origin) == f"{old.origin}b"
    notary = work(make)
    head = published_head(notary)
    assert (head.origin, head.size) == (outcome.origin, 6)  # its opening, the old opening, three and one
    assert str(notary.signer.verifier) == outcome.vkey
    first = Action.objects.get(pk=Leaf.objects.get(idx=0).row_id)
    assert first.after is not None
    assert first.after["previous"] == {"origin": old.origin, "size": old.size, "root": old.root.hex()}
    assert EndedLeaf.objects.filter(origin=old.origin).count() == 4
    (aside,) = (notary.published.folder / "old").iterdir()
    assert {path.name for path in aside.iterdir()} == {"checkpoint", "vkey", "tile"}
    assert not Pending.objects.exists()
    entries(1)
    assert published_head(work(make)).size == 7


def test_a_log_whose_leaves_were_changed_is_not_continued(make: Make) -> None:
    entries(3)
    work(make)
    without_triggers("UPDATE audit_leaf SET hash = sha256('forged') WHERE idx = 1")
    assert rebase(make()).way == "opened"


def test_a_lost_pledge_is_made_anew(make: Make) -> None:
    entries(1)
    notary = work(make)
    (notary.keeper.folder / "pledge.json").unlink()
    assert why(make) == Why.BROKEN_PLEDGE
    assert rebase(make()).way == "continued"
    entries(1)
    work(make)


def test_names_of_logs_follow_each_other() -> None:
    assert following("a.cn/log/2026") == "a.cn/log/2026b"
    assert following("a.cn/log/2026b") == "a.cn/log/2026c"


# --- two persons -----------------------------------------------------------------------------------


def test_two_administrators_agree_and_it_is_done_once(make: Make) -> None:
    security, audit = make_user("security", Role.SEC), make_user("logkeeper", Role.AAD)
    work(make)
    size = LogState.objects.get().size
    run_sql("UPDATE audit_log_state SET sysid = '1/2'")
    with pytest.raises(PermissionDenied):
        rebasing.ask(make_user("clerk", Role.SYS), "恢复后接续")
    case = rebasing.ask(security, "恢复后接续")
    with pytest.raises(PermissionDenied):
        rebasing.perform(case.pk, make())
    with pytest.raises(SamePerson):
        review.decide(case_id=case.pk, step="approve", outcome="approve", actor=security, version=1)
    review.decide(case_id=case.pk, step="approve", outcome="approve", actor=audit, version=1)
    outcome = rebasing.perform(case.pk, make())
    assert (outcome.way, outcome.size) == ("continued", size)
    done = Action.objects.get(code="notary.rebase")
    assert (done.actor_id, done.reason) == (audit.pk, "恢复后接续")
    with pytest.raises(PermissionDenied):
        rebasing.perform(case.pk, make())
    work(make)


def test_nothing_changes_while_a_notary_works(make: Make) -> None:
    first = make()
    first.start()
    try:
        with pytest.raises(Refused) as refusal:
            rebase(make())
        assert refusal.value.why == Why.BUSY
    finally:
        first.stop()
