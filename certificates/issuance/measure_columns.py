"""The columns of a list of certificates to be suspended, restored or revoked. No Django here: the cage has none."""

from __future__ import annotations

from registry.intake.columns import Bench, Clean, Column, SheetSpec, words


def _as_it_is(bench: Bench, heading: str) -> Clean:
    raise NotImplementedError("lists are read as they are")


SPEC = SheetSpec(
    kind="measure",
    label="处置名单",
    origin="certificates.issuance.measure_columns:SPEC",
    columns=(
        Column(
            "checked_number",
            "证书编号",
            _as_it_is,
            synonyms=words("证书号 证书号码 证书编码 职业技能等级证书编号"),
            note="单元格须为文本格式",
            example="S000065000123244000057",
            width=26,
        ),
        Column(
            "name",
            "姓名",
            _as_it_is,
            synonyms=words("持证人 持证人姓名 学员姓名 考生姓名"),
            note="可不填；填写的须与登记一致，否则该行不能办理",
            example="张三",
        ),
        Column(
            "reason",
            "原因",
            _as_it_is,
            synonyms=words("处置原因 撤销原因 暂停原因 恢复原因"),
            note="可不填，用页面上选的原因；填写的须是页面列出的原因",
            width=24,
        ),
        Column(
            "note",
            "说明",
            _as_it_is,
            note="可不填；请勿填写身份证号码等个人信息",
            example="第二场",
            width=30,
        ),
    ),
    required=(("checked_number",),),
    # Here 说明 is read; 备注 stays a heading that is never looked at.
    service=("备注", "签名", "本人签字"),
)
