"""The certificate of an erasure: what was destroyed, what stays nameless, until when backups hold the rest."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _

from registry.lib import pdf
from registry.rights.models import Erasure


def facts(case: Erasure) -> dict[str, str | None]:
    """What the certificate says, heading → value; no personal data."""
    at = timezone.localtime(case.answered_at) if case.answered_at else None
    return {
        _("编号"): case.number,
        _("档案编号（无名）"): str(case.person_id),
        _("依据"): str(case.get_basis_display()),
        _("删除时间"): f"{at:%Y-%m-%d %H:%M}" if at else None,
        _("操作记录编号"): str(case.action_id or ""),
        _("已销毁"): _(
            "姓名、证件号码、联系电话、银行账户、出生日期、登录账号、申请内容，以及操作记录中的个人内容和盐值。"
        ),
        _("仍保留"): _(
            "无名编号下的培训、证书编号、金额和统计数，以及不能还原为个人的承诺值，用于证明记录未被改动。"
        ),
        _("收到的原表"): _("表中有关的行不再向任何人显示；整张表到保存期满时销毁。"),
        _("备份中留存至"): case.backups_until.isoformat() if case.backups_until else None,
    }


def erasing_certificate(case: Erasure) -> bytes:
    """The same as a PDF."""
    lead = [_("兹证明下列档案中的个人信息已经删除，不能恢复。备份到期之日，最后一份留存随之消失。")]
    return pdf.document(_("个人信息删除证明"), lead, [pdf.Section(_("事项"), [facts(case)])], _("匠册"))
