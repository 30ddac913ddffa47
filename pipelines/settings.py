"""Settings from the environment (`TONGBAO_…`) or a `.env` file; each has a default for a laptop.

The only clock of the project is `Settings.present`.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.calendar import SHANGHAI

PROJECT = Path(__file__).resolve().parent.parent
CITY = PROJECT / "city"
ENGINES = ("polars", "spark")


class Settings(BaseSettings):
    """Everything that can differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="TONGBAO_", env_file=".env", extra="ignore", frozen=True)

    sources: Path | str = Field(
        CITY / "sources", description="drop folder, local or s3://: one folder a source"
    )
    sources_url: str | None = Field(None, description="instead: a database with the sources")
    sources_overlap_hours: float = Field(
        24, ge=0, description="hours before a table's cursor that are read again, for late commits"
    )
    lake: Path = Field(CITY / "lake", description="where tables live")
    reporting_url: str = Field("", description="reporting database; SQLite in the lake's folder")
    portal: str = Field("", description="where push packages go: a folder or s3://; beside the lake")
    dagster_home: Path | None = Field(None, description="Dagster's own records")
    runs_kept: int = Field(
        1000, ge=1, description="Dagster's newest runs that are kept, beside those that made what is shown"
    )
    now: datetime | None = Field(None, description="the present, for rehearsals and backfills")
    rates_ranking: tuple[str, ...] = Field(
        ("customs", "safe", "ecb"), description="exchange rate sources, best first"
    )
    engine: str = Field("polars", description="who values a month: polars here, or spark")
    spark_master: str = Field("local[*]", description="where Spark is, such as spark://host:7077 or yarn")
    release_floor: float = Field(0.5, description="least rows of a table, of the last release's")
    release_ceiling: float = Field(20.0, description="most rows of a table, of the last release's")

    @field_validator("sources", mode="before")
    @classmethod
    def _folder_or_bucket(cls, given: object) -> object:
        return Path(given) if isinstance(given, str) and not given.startswith("s3://") else given

    @field_validator("lake", mode="before")
    @classmethod
    def _a_folder(cls, given: object) -> object:
        if "://" in str(given):
            raise ValueError(
                f"TONGBAO_LAKE is {given}, and the lake can only be a folder (its releases are links, its "
                "lock is a file): give a path, and copy releases to the bucket from there"
            )
        return given

    @field_validator("engine")
    @classmethod
    def _known(cls, given: str) -> str:
        if given not in ENGINES:
            raise ValueError(
                f"TONGBAO_ENGINE is {given}, and months are valued by {' or '.join(ENGINES)}: set one "
                "of them, or unset it for polars"
            )
        return given

    @property
    def spark(self) -> str | None:
        """The Spark that values months; None where this process does."""
        return self.spark_master if self.engine == "spark" else None

    @property
    def present(self) -> datetime:
        """The present, UTC: the setting, else the clock. Without an offset it is Shenzhen's."""
        if self.now is None:
            return datetime.now(UTC)
        moment = self.now if self.now.tzinfo else self.now.replace(tzinfo=SHANGHAI)
        return moment.astimezone(UTC)

    @property
    def reporting(self) -> str:
        """The reporting database's URL."""
        return self.reporting_url or f"sqlite:///{self.lake / 'reporting.sqlite'}"

    @property
    def push_to(self) -> str:
        """The place that the portal picks packages up from."""
        return self.portal or str(self.lake.parent / "portal")

    @property
    def home(self) -> Path:
        """Dagster's home: beside the lake unless set."""
        return self.dagster_home or self.lake / "dagster"


INSTANCE_YAML = """\
telemetry: {enabled: false}
retention: {schedule: {purge_after_days: 90}, sensor: {purge_after_days: 7}}
nux: {enabled: false}
event_log_storage: {module: pipelines.event_log, class: EventLog}
run_storage: {module: pipelines.event_log, class: Runs}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
"""


def ready_home(home: Path) -> Path:
    """Dagster's home with its configuration, made where it is new."""
    config = home / "dagster.yaml"
    if not config.exists():
        home.mkdir(parents=True, exist_ok=True)
        config.write_text(INSTANCE_YAML, "utf-8")
    return home


if __name__ == "__main__" and sys.argv[1:] == ["dagster_home"]:
    sys.stdout.write(f"{ready_home(Settings().home)}\n")  # type: ignore[call-arg]
