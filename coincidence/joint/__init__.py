"""Event with event: false-alarm rates and odds of a pair, which pairs to look at, and what belongs together."""

from .groups import Group, form, group_id
from .odds import Evidence
from .pair import Association, associate
from .pairings import LONGEST_S, PAIRINGS, Pairing, Role, could_pair, role_of
from .pointing import footprint_overlap, p_in_tiles
from .pvalues import after_trials, fisher, p_of_odds, product, sigma, sky_bound, temporal_p_value
from .rates import RATES_PER_YEAR, YEAR_S, JointRate, Search, joint_far, joint_far_targeted

__all__ = [
    "LONGEST_S",
    "PAIRINGS",
    "RATES_PER_YEAR",
    "YEAR_S",
    "Association",
    "Evidence",
    "Group",
    "JointRate",
    "Pairing",
    "Role",
    "Search",
    "after_trials",
    "associate",
    "could_pair",
    "fisher",
    "footprint_overlap",
    "form",
    "group_id",
    "joint_far",
    "joint_far_targeted",
    "p_in_tiles",
    "p_of_odds",
    "product",
    "role_of",
    "sigma",
    "sky_bound",
    "temporal_p_value",
]
