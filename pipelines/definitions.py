"""The code location: everything that Dagster shows and runs, listed by name."""

from __future__ import annotations

import warnings

import dagster as dg

import assets.arrivals.assets
import assets.customs.assets
import assets.eligibility.assets
import assets.policies.assets
import assets.push.assets
import assets.statistics.assets
import assets.supply.assets
from pipelines.jobs import drop_folder, jobs, nightly_schedule
from pipelines.resources import house
from pipelines.roster_acts import roster_register

# Dagster itself passes this parameter on when it copies a sensor, and then warns us of it.
warnings.filterwarnings("ignore", "Parameter `owners` of initializer `SensorDefinition", dg.BetaWarning)

STAGES = [
    assets.arrivals.assets,
    assets.customs.assets,
    assets.eligibility.assets,
    assets.policies.assets,
    assets.push.assets,
    assets.statistics.assets,
    assets.supply.assets,
]

defs = dg.Definitions(
    assets=[
        *dg.load_assets_from_modules(STAGES),
        *assets.arrivals.assets.source_specs,
        roster_register,
    ],
    jobs=jobs,
    schedules=[nightly_schedule],
    sensors=[drop_folder],
    resources={"house": house},
    executor=dg.in_process_executor,
)
