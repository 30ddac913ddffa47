"""A declared month valued by Spark: the reference, on a cluster that reads the lake's own file.

The month's ledger is read by its path, so the lake must be at the same path on every machine of the
cluster. No code of the house runs there: narwhals writes Spark's own expressions. What comes back is
no larger than the result, and is written here like any other.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import polars as pl

from assets.customs.reference import READ, Lines, month_worth_by
from assets.customs.value import Rates
from assets.customs.worth import Worth

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NEEDED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # a number that does not fit is an error, never null
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
}
ON_ONE_MACHINE = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "8"}
ANSWERS_WITHIN = 5.0
"""Seconds in which a standalone master must be reached."""


class SparkFailed(RuntimeError):
    """Spark is not there, or did not do the work: in one sentence."""


class OnSpark:
    """A Spark session as an engine of the reference; `release` lets go of what it kept."""

    def __init__(self, session: SparkSession) -> None:
        """Keep nothing yet."""
        self._session = session
        self._kept: list[DataFrame] = []

    def keep(self, lines: Lines) -> Lines:
        """The same lines, computed when first read and held in the cluster's memory or on its disks."""
        kept = nw.to_native(lines).persist()
        self._kept.append(kept)
        return _lines(kept)

    def bring(self, small: pl.DataFrame) -> Lines:
        """A small table, sent to the cluster."""
        return _lines(self._session.createDataFrame(small.to_arrow()))

    def read(self, file: Path) -> Lines:
        """The columns of READ of a ledger's file, with `place`, the row's number in it.

        Split by declaration once, so that whatever looks at a declaration finds it in one place.
        """
        from pyspark.sql import functions

        place = functions.col("_metadata.row_index").alias("place")
        ledger = self._session.read.parquet(file.resolve().as_uri()).select(place, *READ)
        return _lines(ledger.repartition("declaration_no"))

    def release(self) -> None:
        """Let go of what was kept."""
        for kept in self._kept:
            kept.unpersist()
        self._kept.clear()


def _lines(frame: DataFrame) -> Lines:
    lines: Lines = nw.from_native(frame)
    return lines


def month_worth_on_spark(file: Path, rates: Rates, master: str) -> Worth:
    """What `worth.month_worth` gives for the ledger of one declared month, by the Spark at `master`."""
    engine = OnSpark(spark_at(master))
    try:
        return month_worth_by(engine, engine.read(file), pl.scan_parquet(file, glob=False), rates)
    except Exception as failed:  # Spark's errors are of many kinds, Java's among them
        raise SparkFailed(
            f"Spark at {master} did not value {file}: {_first_line(failed)}. Nothing was written; the lake "
            "must be at this path on every machine of the cluster; TONGBAO_ENGINE=polars does the same here."
        ) from None
    finally:
        engine.release()


def spark_at(master: str) -> SparkSession:
    """The session of this process with a master; the same one when asked again."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise SparkFailed(
            "TONGBAO_ENGINE is spark and PySpark is not installed: install it with `./run spark`, or "
            "`pip install pyspark` in the version of your cluster, 4.0 or later."
        ) from None
    _java()
    _reach(master)
    builder = SparkSession.builder.master(master).appName("tongbao")
    for name, value in (NEEDED | (ON_ONE_MACHINE if master.startswith("local") else {})).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as failed:  # as above
        raise SparkFailed(
            f"Spark at {master} could not be started: {_first_line(failed)}. Set TONGBAO_SPARK_MASTER to "
            "local[*] or to a cluster of Spark 4."
        ) from None


def _java() -> None:
    home = os.environ.get("JAVA_HOME")
    if not (Path(home, "bin", "java").exists() if home else shutil.which("java")):
        raise SparkFailed(
            "TONGBAO_ENGINE is spark and there is no Java here: install a Java 17 or 21 runtime "
            "(`apt-get install openjdk-17-jre-headless`), or set JAVA_HOME to one."
        )


def _reach(master: str) -> None:
    """A standalone master that nobody answers for would be waited for by Spark for minutes."""
    places = re.findall(r"([^/,\[\]]+):(\d+)", master.removeprefix("spark://"))
    if not master.startswith("spark://") or any(_answers(host, int(port)) for host, port in places):
        return
    raise SparkFailed(
        f"Nothing answers at {master}: start the Spark cluster, or set TONGBAO_SPARK_MASTER to where it is."
    )


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), ANSWERS_WITHIN).close()
    except OSError:
        return False
    return True


def _first_line(failed: Exception) -> str:
    """What went wrong, without which call of the bridge to Java it went wrong in."""
    told = [
        line for line in str(failed).splitlines() if line.strip() and not line.startswith("An error occurred")
    ]
    return (told or [type(failed).__name__])[0].strip(": .")
