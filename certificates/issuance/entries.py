"""What is to be attested of one person, as its source says it; and why somebody is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext_lazy as _

# Sources: what `source_id` is the id of. One attestation each, however often it is asked for.
CANDIDATE = "candidate"  # of an evaluation batch
ENROLMENT = "enrolment"  # of a training
REISSUE = "reissue"  # an earlier certificate
LISTED = "listed"  # a line of a list that was handed in: the order's own

# Refusals, as stored; texts may change, codes stay.
ALREADY_ISSUED = "already_issued"
PERSON_GONE = "person_gone"
NAME_MISSING = "name_missing"
DOCUMENT_MISSING = "document_missing"
NO_RULE = "no_rule"
BODY_UNNUMBERED = "body_unnumbered"
LEVEL_UNNUMBERED = "level_unnumbered"
SPACE_FULL = "space_full"
HELD_ALREADY = "held_already"
NOT_PASSED = "not_passed"
NOT_FILED = "not_filed"
TWICE_IN_ORDER = "twice_in_order"
PAYLOAD_TOO_LONG = "payload_too_long"

REFUSALS = {
    ALREADY_ISSUED: _("同一来源已签发过证书"),
    PERSON_GONE: _("人员档案已并入、删除或限制处理"),
    NAME_MISSING: _("姓名为空"),
    DOCUMENT_MISSING: _("没有可用的证件号码"),
    NO_RULE: _("该类证书没有可用的编号规则"),
    BODY_UNNUMBERED: _("评价机构没有备案编码"),
    LEVEL_UNNUMBERED: _("该等级尚无编号代码"),
    SPACE_FULL: _("本年度该等级的编号已用完"),
    HELD_ALREADY: _("已持有同一职业、同一等级的有效证书"),
    NOT_PASSED: _("成绩未合格或未锁定"),
    NOT_FILED: _("发证日期不在机构备案的职业、等级范围内"),
    TWICE_IN_ORDER: _("同一人在本签发单中重复"),
    PAYLOAD_TOO_LONG: _("签名内容过长"),
}


class Entry(NamedTuple):
    """One line of an order. `level` is a rank 1-8 or None; `prefix` the body's filed 13 characters.

    `title` is the certificate's name, empty for the family's own; `region_code` where it counts, empty for the order's.
    `printed` is whatever else the paper shows; no name and no number of a person stands in here.
    """

    source_type: str
    source_id: str
    person_id: UUID
    level: int | None = None
    occupation_code: str = ""
    occupation_name: str = ""
    direction: str = ""
    prefix: str = ""
    title: str = ""
    region_code: str = ""
    enrolment_id: int | None = None
    # A refusal that the source itself knows of, such as a result that is no pass.
    barred: str = ""
    printed: Mapping[str, Any] = {}

    def stored(self) -> dict[str, Any]:
        """As an order's line keeps it: without what has columns of its own, and without what is empty."""
        return {
            key: value
            for key, value in self._asdict().items()
            if value not in ("", None, {}) and key not in ("source_type", "source_id", "person_id")
        }


class Refused(NamedTuple):
    """Why one line is refused: a code of `REFUSALS` or of a registered check, and what it is about."""

    code: str
    detail: str = ""
