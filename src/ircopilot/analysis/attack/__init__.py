"""ATT&CK techniques: names, tactics and the crosswalk of older ids to the current version."""

from ircopilot.analysis.attack.techniques import (
    ATTACK_VERSION,
    TechniqueInfo,
    current_id,
    parent,
    tactic_id,
    technique,
)

__all__ = ["ATTACK_VERSION", "TechniqueInfo", "current_id", "parent", "tactic_id", "technique"]
