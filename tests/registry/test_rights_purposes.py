"""The page of what is kept about me, made from the register of purposes."""

from __future__ import annotations

import pytest

from registry.rights import defaults
from tests.registry import rights_world


@pytest.mark.django_db
def test_the_trainee_reads_it_in_words() -> None:
    world = rights_world.build()
    defaults.load()
    page = world.client(world.trainee).get("/rights/kept/").content.decode()
    for word in (
        "证件类型和号码",
        "文化程度",
        "银行账号",
        "五年（加密）",
        "您的同意",
        "自支付年度终了起 30 年",
    ):
        assert word in page, word
    for word in ("密文", "盲索引"):
        assert word not in page
    assert "person_index" not in page
