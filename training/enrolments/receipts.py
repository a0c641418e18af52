"""What a receipt of an enrolment is of, and how its fields read."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from registry.audit.receipts import Field, Row, day, name_fields, of, yuan
from training.catalogue.codes import Funding, FundSource, PersonCategory, TrainingType
from training.enrolments.models import Enrolment

_ENROLLED = (
    Field(_("记录编号")),
    Field(_("学员编号")),
    Field(_("班次编号")),
    Field(_("状态"), of(Enrolment.State.choices)),
    Field(_("人员类别"), of(PersonCategory.choices)),
    Field(_("课时")),
    Field(_("成绩")),
    Field(_("考核结果"), of(Enrolment.Result.choices)),
    Field(_("开始日期"), day),
    Field(_("结业日期"), day),
    Field(_("区划代码")),
    Field(_("经费"), of(Funding.choices)),
    Field(_("培训类型"), of(TrainingType.choices)),
)
_FIRST = (*_ENROLLED, Field(_("批次编号")), Field(_("行号")))
_SECOND = (*_FIRST, Field(_("结果批次编号")), Field(_("结果行号")))
_FUND = Field(_("资金来源"), of(FundSource.choices))
_REGISTERED = (
    *_ENROLLED,
    Field(_("行号")),
    Field(_("证书编号")),
    Field(_("证书类别")),
    Field(_("技能等级")),
    Field(_("发证日期"), day),
    Field(_("补贴金额（元）"), yuan),
    _FUND,
)
_PAID = (
    Field(_("支付编号")),
    Field(_("培训记录编号")),
    Field(_("金额（元）"), yuan),
    _FUND,
    Field(_("支付日期"), day),
    Field(_("依据")),
    Field(_("区划代码")),
    Field(_("批次编号")),
    Field(_("行号")),
)


def rows_of(enrolment: Enrolment) -> list[Row]:
    """The enrolment itself; what its sheet's row brought besides stands within the same commitment."""
    return [("enrolments_enrolment", enrolment.pk)]


def name_all() -> None:
    """Called once at start."""
    name_fields("enrolment_v1", _FIRST)
    name_fields("enrolment_v2", _SECOND)
    name_fields("registration_v1", _REGISTERED)
    name_fields("payment_v1", _PAID)
