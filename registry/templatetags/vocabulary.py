"""One vocabulary of states for every room: the word, and the colour that goes with it.

A word has one colour wherever it stands. A new state adds its word here; a test walks all models and says
which word is missing.
"""

from __future__ import annotations

from functools import cache

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# fmt: off
TONES = {
    "ok": (
        _("已入库"), _("可入库"), _("已结业"), _("已结班"), _("合格"), _("有效"), _("在有效期内"), _("正常"),
        _("在册"), _("同一人,已合并"), _("已完成"), _("达序时"), _("本系统颁发"), _("本系统支付"),
        _("已通过"), _("通过"), _("可下载"), _("一致"), _("已发送"),
        _("已同意"), _("已办理"), _("已办结"), _("没有发现问题"),
        _("已签发"), _("使用中"),
        _("成绩已锁定"), _("已更改"),
        _("已打印"),
    ),
    "info": (
        _("待解析"), _("解析校验中"), _("入库中"), _("开班中"), _("报名中"), _("在训"), _("已报名"),
        _("说明"), _("约束性"), _("更正"), _("已更正"), _("待答复"), _("审核中"), _("待生成"),
        _("办理中"), _("待办理"), _("生成中"), _("排队中"), _("核验中"), _("待发送"),
        _("待签发"), _("已同意，待处理"), _("签发中"), _("已公布，未启用"), _("已编号，待签名"),
        _("已发布"), _("已考试"), _("已评分"),
    ),
    "warn": (
        _("待处理"), _("待确认"), _("需确认"), _("中断,可继续"), _("中止"), _("暂停"), _("提示"), _("略滞后"),
        _("仅为下限"), _("临近到期"), _("已更正,待校验"), _("待复核"),
        _("待提交"), _("待审核"), _("待核查"), _("待批准"), _("已限制处理"), _("未同意"),
    ),
    "bad": (
        _("已退回"), _("错误"), _("不合格"), _("未结业"), _("滞后"), _("到期未完成"), _("已逾期"),
        _("已吊销"), _("停用"), _("不予更正"), _("不通过"), _("退回"),
        _("未批准"), _("生成失败"), _("不一致"), _("未能完成"), _("发送失败"),
        _("不予删除"), _("未通过"), _("不能办理"), _("已立项追回"),
        _("已泄露"),
    ),
    "mute": (
        _("草稿"), _("已取消"), _("已撤回"), _("已撤销"), _("已退出"), _("已并入"), _("已换发"), _("不是同一人"),
        _("未考核"), _("未开始"), _("未分解"), _("无法计算"), _("台账所报"), _("台账所报,待确认"),
        _("预期性"), _("撤回"), _("已到期销毁"),
        _("已放弃"), _("不予追回"), _("已删除"), _("已收回"), _("未发送"), _("本人要求"),
        _("保存期限届满"), _("本人撤回同意"),
        _("仅供核验"), _("已作废"),
        _("缺考"),
        _("未打印"), _("收回"), _("作废"),
    ),
}
# fmt: on


def tone_of(word: str) -> str:
    """ok, info, warn, bad or mute; an unknown word is mute."""
    return _tones(get_language()).get(word, "mute")


@cache
def _tones(_language: str | None) -> dict[str, str]:
    """By the word as this language has it; a page asks for hundreds."""
    return {str(word): tone for tone, words in reversed(TONES.items()) for word in words}
