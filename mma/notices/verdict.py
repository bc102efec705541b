"""What the sender thinks of its own event: real, or more likely noise.

One rule for all. A sender's *classifier* never retracts: GBM's flight software called one burst "below
horizon", then "unreliable location", then "GRB 0.85" within 33 seconds (bn240812094). So probabilities go to
``Event.classes`` and decide ``Event.significant``: False where noise has at least half of the probability,
True where something astrophysical has, None where the sender cannot tell. Only an explicit statement is a
retraction: an alert type, a ``Retraction`` flag, ``Def_NOT_a_GRB``, a citation that retracts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NOISE = frozenset(
    (
        "LOCAL_PARTICLES",
        "DISTANT_PARTICLES",
        "PARTICLES",
        "BELOW_HORIZON",
        "SOLAR_FLARE",
        "SFLARE",
        "SF",
        "TGF",
        "TERRESTRIAL",
        "NOISE",
        "INSTRUMENT",
        "INSTRUMENTAL",
        "RFI",
        "PHOSPHORESCENCE",
    )
)
"""Nothing that has an optical counterpart. The Sun is astrophysical, and no business of ours."""

UNDECIDED = frozenset({"ERROR", "UNRELIABLE_LOCATION", "UNKNOWN"})
EVEN = 0.5

GBM_CLASSES = {
    0: "ERROR",
    1: "UNRELIABLE_LOCATION",
    2: "LOCAL_PARTICLES",
    3: "BELOW_HORIZON",
    4: "GRB",
    5: "GENERIC_SGR",
    6: "GENERIC_TRANSIENT",
    7: "DISTANT_PARTICLES",
    8: "SOLAR_FLARE",
    9: "CYG_X1",
    10: "SGR_1806_20",
    11: "GROJ_0422_32",
    19: "TGF",
}
"""``Most_Likely_Index`` of GBM's flight notices (https://gcn.gsfc.nasa.gov/fermi.html)."""

Verdict = tuple[bool | None, tuple[str, ...]]


def of_classes(classes: Mapping[str, float]) -> Verdict:
    """Significance, and a remark where it is denied, from probabilities of exclusive classes.

    Examples
    --------
    >>> of_classes({"GRB": 0.85, "GENERIC_SGR": 0.14})
    (True, ())
    >>> of_classes({"TGF": 1.0})
    (False, ('the sender takes it for noise: TGF 1.00',))
    """
    noise = {name: p for name, p in classes.items() if _key(name) in NOISE}
    real = sum(p for name, p in classes.items() if _key(name) not in NOISE | UNDECIDED)
    if sum(noise.values()) >= EVEN:
        told = ", ".join(f"{name} {p:.2f}" for name, p in noise.items())
        return False, (f"the sender takes it for noise: {told}",)
    if real >= EVEN:
        return True, ()
    undecided = [name for name in classes if _key(name) in UNDECIDED]
    return None, (f"the sender's classifier says {undecided[0]}",) if undecided else ()


def of_probability(p_astro: float | None, word: str, *, denies: bool = True) -> Verdict:
    """The same from one number, ``word`` being the sender's name for it (signalness, p_astro, importance).

    ``denies`` is False for neutrino telescopes: IceCube's Gold and Bronze alerts pass a threshold of its own
    at a signalness of 0.5 and 0.3 on average, so a low one is told and does not speak against the alert.
    """
    if p_astro is None:
        return None, ()
    if p_astro < EVEN:
        remark = f"{word} {p_astro:.2f}: the sender holds background for more likely"
        return (False if denies else None), (remark,)
    return True, ()


def both(first: Verdict, second: Verdict) -> Verdict:
    """Denial by either denies; affirmation by either affirms otherwise."""
    told = {first[0], second[0]}
    return (False if False in told else True if True in told else None), first[1] + second[1]


def _key(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper())
