"""Why, as evidence: a listed, a not listed and an unknown firm, as JSON and as one page."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from typing import Any

import pypdf
import pytest

from assets.eligibility.acts import confirm, publish
from assets.eligibility.answer import as_json, as_pdf
from assets.eligibility.explain import explain
from tests.oracle.rows import declaration, enterprise, make_uscc
from tests.property.small_house import SmallHouse

LISTED, TOO_LARGE, ELSEWHERE, UNKNOWN = (make_uscc(firm) for firm in (1, 2, 3, 9))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    """A confirmed edition, after which the listed firm's exports were amended."""
    house = SmallHouse(tmp_path_factory.mktemp("why"), "2025-05-15T09:00:00+08:00")
    small = [declaration(at, firm=1, amount=f"{at}000.00") for at in range(1, 31)]
    house.deliver(
        {
            "enterprises": [enterprise(1), enterprise(2), enterprise(3, city="441900", district="")],
            "customs_declarations": [*small, declaration(99, firm=2, amount="8000000.01")],
        }
    )
    house.bring_up()
    publish(house, 2025, "commerce-bureau", False)
    house.now = datetime.fromisoformat("2025-06-01T09:00:00+08:00")
    more = declaration(1, firm=1, revision="1", amount="8000000.00", updated_at="2025-05-30T00:00:00Z")
    house.deliver({"customs_declarations": [more]})
    house.bring_up()
    confirm(house, 2025, "commerce-bureau")
    house.bring_up()
    return house


def told(house: SmallHouse, uscc: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(as_json(explain(house.state(), 2025, uscc)))
    return content


def page(house: SmallHouse, uscc: str) -> str:
    """The text of the one page, without white space."""
    pages = pypdf.PdfReader(io.BytesIO(as_pdf(explain(house.state(), 2025, uscc)))).pages
    assert len(pages) == 1
    return re.sub(r"\s", "", pages[0].extract_text())


def test_a_listed_firm_is_told_what_was_decided_then_and_what_holds_now(house: SmallHouse) -> None:
    content = told(house, LISTED)
    assert content["conclusion"] == "现审定结论：出口额超过上限。现行名单（第 1 版）：列入，序号 1。"
    (edition,) = content["editions"]
    assert (edition["decision_then"], edition["fob_usd_then"]) == ("eligible", "465000.00")
    assert content["decision"]["fob_usd"] == "8464000.00"
    counted = [line["fob_usd"] for line in content["lines"] if line["state"] == "counted"]
    assert len(counted) == 30
    assert content["data_as_of"] == {
        "received": "2025-06-01T01:00:00+00:00", "newest_version": "2025-05-30T00:00:00+00:00",
    }  # fmt: skip
    said = page(house, LISTED)
    for words in ("8,464,000.00", "列入，序号1", "符合条件，465,000.00", edition["sha256"], "一；二(一)",
                  "另有16项", "2025-06-0109:00收到", content["terms_sha256"], LISTED):  # fmt: skip
        assert words in said, words


def test_a_firm_that_is_not_listed_is_told_why(house: SmallHouse) -> None:
    content = told(house, TOO_LARGE)
    assert content["conclusion"] == "现审定结论：出口额超过上限。现行名单（第 1 版）：未列入。"
    assert content["decision"]["headroom_usd"] == "-0.01"
    said = page(house, TOO_LARGE)
    assert all(
        words in said for words in ("8,000,000.01", "-0.01", "未列入", content["editions"][0]["sha256"])
    )
    assert told(house, ELSEWHERE)["conclusion"].startswith("现审定结论：非本市企业（注册地代码 441900）")


def test_a_firm_that_nobody_knows_is_told_so(house: SmallHouse) -> None:
    content = told(house, UNKNOWN)
    assert (content["is_known"], content["lines"], content["name"]) == (False, [], "")
    assert "均无此统一社会信用代码" in page(house, UNKNOWN)
    assert content["editions"][0]["sha256"] in page(house, UNKNOWN)


def test_the_same_lake_gives_the_same_bytes(house: SmallHouse) -> None:
    for uscc in (LISTED, TOO_LARGE, UNKNOWN):
        first, second = (explain(house.state(), 2025, uscc) for _ in range(2))
        assert as_pdf(first) == as_pdf(second)
        assert as_json(first) == as_json(second)
