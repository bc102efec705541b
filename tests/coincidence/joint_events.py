"""Events of every role that the tests of pairs and groups make themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import skymaps
from coincidence import Event, Kind, Messenger
from coincidence.joint import Role
from skymaps import Region

from .rows import EPOCH, event

HERE = (197.0, -23.0)
_MADE: dict[Role, dict[str, Any]] = {
    Role.CBC: {},
    Role.BURST: {"kind": Kind.BURST},
    Role.GRB: {"kind": Kind.GRB, "messenger": Messenger.GAMMA, "observatory": "Fermi", "instruments": ("GBM",)},
    Role.SUB_FERMI: {
        "kind": Kind.GRB,
        "messenger": Messenger.GAMMA,
        "observatory": "Fermi",
        "instruments": ("GBM-Targeted-Private",),
    },
    Role.SUB_SWIFT: {
        "kind": Kind.GRB,
        "messenger": Messenger.GAMMA,
        "observatory": "Swift",
        "instruments": ("BAT-GUANO",),
    },
    Role.FRB: {"kind": Kind.FRB, "messenger": Messenger.RADIO, "observatory": "CHIME"},
    Role.NEUTRINO: {"kind": Kind.NEUTRINO, "messenger": Messenger.NEUTRINO, "observatory": "IceCube"},
    Role.SUPERNOVA: {"kind": Kind.SUPERNOVA, "messenger": Messenger.NEUTRINO, "observatory": "SNEWS"},
    Role.FLARE: {
        "kind": Kind.FLARE,
        "messenger": Messenger.GAMMA,
        "observatory": "CTAO",
        "instruments": ("CTAO-N",),
        "field_of_view_deg": 5.0,
    },
}


def made(role: Role, name: str, region: Region | None = None, seconds: float = 0.0, **more: Any) -> Event:
    """An event of a role, some seconds after EPOCH."""
    if region is None:
        region = skymaps.all_sky() if role is Role.SUPERNOVA else skymaps.circle(*HERE, 3.0)
    base = event(region, id=name, notice=f"notice of {name}", time=EPOCH + timedelta(seconds=seconds))
    return replace(base, **(_MADE[role] | more))
