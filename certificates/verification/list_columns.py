"""The columns of an employer's list, as the caged reader knows them. No Django here: the cage has none."""

from __future__ import annotations

from registry.intake.columns import Bench, Clean, Column, SheetSpec


def _as_it_is(bench: Bench, heading: str) -> Clean:
    raise NotImplementedError("lists are read as they are")


SPEC = SheetSpec(
    kind="check_list",
    label="核验名单",
    origin="certificates.verification.list_columns:SPEC",
    columns=(
        Column(
            "checked_number",
            "证书编号",
            _as_it_is,
            synonyms=("证书号码", "证书号", "证书编码", "职业技能等级证书编号"),
        ),
        Column("name", "姓名", _as_it_is, synonyms=("持证人", "持证人姓名", "员工姓名", "学员姓名")),
    ),
    required=(("checked_number",), ("name",)),
)
