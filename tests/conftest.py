"""Known shortfalls: tests that are right while the product, or the picture of it, is not yet."""

from __future__ import annotations

import pytest

KNOWN = {
    "tests/architecture/test_graph.py": "tables made beside another are not yet told apart here",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for place, reason in KNOWN.items():
            if item.nodeid.startswith(place):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=False))
