"""All planted cases, in a fixed order."""

from __future__ import annotations

from pipelines.sample_city import (
    plant_claims,
    plant_codes,
    plant_policies,
    plant_risk,
    plant_rosters,
    plant_rows,
    plant_sources,
    plant_values,
)
from pipelines.sample_city.plants import Plants


def plant_all(rounds: int = 1) -> Plants:
    """Every edge case, on enterprises of its own; every status, code and finding once a round more."""
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
    for _ in range(rounds):
        plant_codes.plant(plants)
    return plants
