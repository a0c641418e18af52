"""What a receipt of an enrolment is of, and what its fields are called."""

from __future__ import annotations

from django.utils.translation import gettext as _

from registry.audit.receipts import Row, name_fields
from training.enrolments.models import Enrolment


def rows_of(enrolment: Enrolment) -> list[Row]:
    """The enrolment itself; what its sheet's row brought besides stands within the same commitment."""
    return [("enrolments_enrolment", enrolment.pk)]


def _enrolled() -> list[str]:
    return [
        *(
            _("记录编号"),
            _("学员编号"),
            _("班次编号"),
            _("状态"),
            _("人员类别"),
            _("课时"),
            _("成绩"),
            _("考核结果"),
        ),
        *(
            _("开始日期（1970 年起的天数）"),
            _("结业日期（1970 年起的天数）"),
            _("区划代码"),
            _("经费"),
            _("培训类型"),
        ),
    ]


def _first() -> list[str]:
    return [*_enrolled(), _("批次编号"), _("行号")]


def _second() -> list[str]:
    return [*_first(), _("结果批次编号"), _("结果行号")]


def _registered() -> list[str]:
    return [
        *(
            *_enrolled(),
            _("行号"),
            _("证书编号"),
            _("证书类别"),
            _("技能等级"),
            _("发证日期（1970 年起的天数）"),
        ),
        *(_("补贴金额（分）"), _("资金来源")),
    ]


def _paid() -> list[str]:
    return [
        *(
            _("支付编号"),
            _("培训记录编号"),
            _("金额（分）"),
            _("资金来源"),
            _("支付日期（1970 年起的天数）"),
            _("依据"),
        ),
        *(_("区划代码"), _("批次编号"), _("行号")),
    ]


def name_all() -> None:
    """Called once at start."""
    name_fields("enrolment_v1", _first)
    name_fields("enrolment_v2", _second)
    name_fields("registration_v1", _registered)
    name_fields("payment_v1", _paid)
