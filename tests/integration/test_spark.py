"""Months valued by a real Spark, local to this machine: the tables are those of Polars, byte for byte.

One session for the file, since starting Java costs more than a month does.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Iterator
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assets.customs.spark import SparkFailed, month_worth_on_spark, spark_at
from assets.customs.value import RATE_SCALE
from assets.customs.worth import month_worth
from assets.storage.manifest import Manifests
from pipelines.rebuild import nightly, state_of
from pipelines.settings import Settings
from schemas.operations import CORRECTED
from tests.golden.examples import ledger_of_lines, line, number
from tests.integration.running import lived_city, settings_of
from tests.property.test_worth import HEADS, same_worth

MASTER = "local[2]"
VALUED = ("export_cube", "line_counts", "line_rejects")
SOON_READY = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
RATES = {"USD": RATE_SCALE, "EUR": 1_083_412_345_678, "JPY": 6_731_000_000, "XAG": 10**20 - 1}


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    """A Spark on this machine that starts quickly, for as long as the file's tests run."""
    if not find_spec("pyspark"):
        pytest.skip("No PySpark: ./run spark installs it.")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("No Java: install the package default-jre-headless.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", f'--driver-java-options "{SOON_READY}" pyspark-shell')
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = spark_at(MASTER)
        yield
        session.stop()


def test_the_planted_months_are_the_same_files_and_nothing_is_stale(
    spark: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base, folder = tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("on-spark")
    lived = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    shutil.copytree(lived, folder, dirs_exist_ok=True)
    made = {table: Manifests(folder / "lake").read(table) for table in VALUED}
    most = {table: max(made[table], key=lambda month: made[table][month].rows) for table in VALUED}
    months = [*{most["line_rejects"], most["export_cube"]}]
    for table in VALUED:
        _forget(folder / "lake" / "tables" / table, months)
    settings = settings_of(folder).model_copy(update={"engine": "spark", "spark_master": MASTER})

    nightly(settings, jobs=("declared_months",), keys=months, publish=False)

    assert made["line_rejects"][most["line_rejects"]].rows > 20
    assert {table: Manifests(folder / "lake").read(table) for table in VALUED} == made
    assert state_of(settings_of(folder)).stale(VALUED) == []


def _forget(table: Path, months: list[str]) -> None:
    """As if these months had never been made."""
    manifest = json.loads((table / "manifest.json").read_text("utf-8"))
    for month in months:
        (table / manifest["entries"].pop(month)["file"]).unlink()
    (table / "manifest.json").write_text(json.dumps(manifest), "utf-8")


def test_odd_lines_of_every_width_are_the_same_cents(spark: None, tmp_path: Path) -> None:
    drawn = random.Random(4)
    rows = [_odd_line(drawn, no) for no in range(1, 3001)]
    ledger = ledger_of_lines(*rows)
    ledger.write_parquet(tmp_path / "ledger.parquet")

    found = month_worth_on_spark(tmp_path / "ledger.parquet", RATES, MASTER)

    worth = month_worth(ledger.lazy(), RATES)
    same_worth(found, worth)
    assert min(worth.states[state] for state in ("counted", "not_counted", "withdrawn", "rejected")) > 20
    assert {"negative_fob", "overflow", "missing_rate", "fee_per_tonne"} <= {
        *worth.refused["reasons"].explode()
    }


def _odd_line(drawn: random.Random, no: int) -> dict[str, Any]:
    """A line of one of many declarations, of any width, stated by customs or not."""

    def wide(digits: int, scale: int) -> Decimal:
        return Decimal(drawn.randrange(10 ** drawn.randint(1, digits))).scaleb(-scale)

    row: dict[str, Any] = {
        "declaration_no": number(drawn.randint(1, 900)), "line_no": drawn.randint(1, 3),
        "revision": no, "currency": drawn.choice(["USD", "EUR", "EUR", "JPY", "XAG", "XAU"]),
        "delivery_terms": drawn.choice("1234"), "amount": wide(drawn.choice([8, 19]), 2),
        "stat_value_usd": drawn.choice([None, None, None, wide(19, 2)]),
    }  # fmt: skip
    for fee, marks in (("freight", "11333332"), ("insurance", "1133")):
        row |= {f"{fee}_mark": drawn.choice([*marks, None]), fee: drawn.choice([wide(8, 4), wide(19, 4)])}
        row[f"{fee}_currency"] = drawn.choice(["USD", "JPY", "XAU", None])
    odd = drawn.choice([{}, {}, {}, *HEADS, {"reasons": [CORRECTED]}])
    return line(**row | {name: value for name, value in odd.items() if name != "amount"})


def test_a_month_without_lines_is_worth_nothing_on_spark(spark: None, tmp_path: Path) -> None:
    ledger_of_lines().write_parquet(tmp_path / "ledger.parquet")
    found = month_worth_on_spark(tmp_path / "ledger.parquet", RATES, MASTER)
    same_worth(found, month_worth(ledger_of_lines().lazy(), RATES))


def test_a_ledger_that_spark_cannot_see_is_one_sentence(spark: None, tmp_path: Path) -> None:
    with pytest.raises(SparkFailed, match=r"^Spark at local\[2\] did not value .*elsewhere\.parquet: .*path"):
        month_worth_on_spark(tmp_path / "elsewhere.parquet", RATES, MASTER)


def test_a_cluster_that_nobody_answers_for_is_said_at_once() -> None:
    if not find_spec("pyspark"):
        pytest.skip("No PySpark: ./run spark installs it.")
    if not shutil.which("java"):
        pytest.skip("No Java: install the package default-jre-headless.")
    with pytest.raises(
        SparkFailed, match=r"^Nothing answers at spark://127\.0\.0\.1:9: start the Spark cluster"
    ):
        spark_at("spark://127.0.0.1:9")


def test_an_unknown_engine_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGBAO_ENGINE", "duck")
    with pytest.raises(
        ValidationError, match="TONGBAO_ENGINE is duck, and months are valued by polars or spark"
    ):
        Settings(_env_file=None)  # type: ignore[call-arg]


def test_without_pyspark_or_java_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("pyspark"):
        monkeypatch.setenv("JAVA_HOME", "/nonexistent")
        with pytest.raises(SparkFailed, match="no Java here: install a Java 17 or 21 runtime"):
            spark_at(MASTER)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(SparkFailed, match=r"PySpark is not installed: install it with `\./run spark`"):
        spark_at(MASTER)
