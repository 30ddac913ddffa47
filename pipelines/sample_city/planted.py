"""All planted cases, in a fixed order."""

from __future__ import annotations

from pipelines.sample_city import (
    plant_claims,
    plant_policies,
    plant_risk,
    plant_rosters,
    plant_rows,
    plant_sources,
    plant_values,
)
from pipelines.sample_city.plants import Plants


def plant_all() -> Plants:
    """Every edge case of the contract, on enterprises of its own."""
    plants = Plants()
    for plant in (
        plant_rows.plant,
        plant_values.plant,
        plant_rosters.plant,
        plant_policies.plant,
        plant_claims.plant,
        plant_risk.plant,
        plant_sources.plant,
    ):
        plant(plants)
    return plants
