"""Mean light curves of the default classes, and of what passes for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Absolute AB magnitudes against days after the event; linear between the days, and on beyond the last."""

    days: tuple[float, ...]
    u: tuple[float, ...]
    g: tuple[float, ...]
    r: tuple[float, ...]
    i: tuple[float, ...]
    z: tuple[float, ...]
    y: tuple[float, ...]

    def stretched(self, by: float) -> Template:
        """The same in so many times as many days."""
        return replace(self, days=tuple(day * by for day in self.days))


COURSES = (
    (0.35, 1.0),
    (0.06, 1.0, 0.3, 2.2),
    (0.10, 1.0, 1.0, 2.2),
    (0.06, 1.0, 3.0, 2.2),
    (0.06, 0.2, 0.01, 1.2),
    (0.12, 0.2, 0.1, 1.3),
    (0.08, 0.2, 0.5, 1.6),
    (0.05, 0.3, 0.7, 2.8),
    (0.06, 1.2, 2.0, -1.0, 12.0, 2.0),
    (0.06, 1.2, 5.0, -0.5, 15.0, 2.0),
)
"""How afterglows fade: for ever alike; with a jet break, at 1 d in the median and from hours to weeks (Racusin et al.
2009, ApJ 698 43, abstract); from a plateau, which 102 of 267 show (Dainotti et al. 2020, ApJL 905 L26, abstract), until
about 1e4 s (Si et al. 2018, ApJ 863 50, abstract), one of them as steeply as GRB 211211A (Rastinejad et al. 2022,
Nature 612 223); until a supernova takes over. Shares and indices are ours, rounded."""


KILONOVA_COURSES = ((0.3, 1.0, 0.0), (0.3, 1.0, 0.5), (0.2, 0.6, 0.5), (0.2, 1.7, 0.5))
"""How kilonovae begin and how slow they are: shares, times as slow as AT2017gfo, days of the rise. A shock that cools
shines from the start, what decays rises: of AT2017gfo, first seen after 0.45 d, either may be true (Arcavi 2018, ApJL
855 L23, fig. 4). Diffusion takes as long as the root of mass times opacity over speed. Shares and times are ours."""


SHOCK_COOLING = Template(
    days=(0.5, 1.5, 3.0, 5.0, 7.0, 10.0, 15.0, 25.0),
    u=(-17.2, -17.0, -15.8, -14.8, -14.7, -15.0, -15.2, -14.6),
    g=(-16.8, -17.0, -16.3, -15.6, -15.6, -16.2, -16.7, -16.5),
    r=(-16.6, -17.0, -16.5, -16.0, -16.1, -16.6, -17.1, -17.2),
    i=(-16.4, -16.8, -16.5, -16.1, -16.2, -16.6, -17.1, -17.3),
    z=(-16.3, -16.7, -16.4, -16.1, -16.2, -16.6, -17.1, -17.3),
    y=(-16.2, -16.6, -16.4, -16.1, -16.2, -16.6, -17.1, -17.3),
)
"""Days after the explosion of a supernova of type IIb whose envelope cools first, as those of SN 1993J, SN 2016gkg and
SN 2025ulz did: absolute AB magnitudes drawn by hand, ours."""


def templates() -> Mapping[str, Template]:
    """AT2017gfo at 40.7 Mpc, reddening of our Galaxy taken off: the photometry collected in Villar et al. 2017 (ApJL
    851 L21) as nmma has it, drawn through by straight lines (0.1 to 0.2 mag rms). Beyond 9.5 d, and in u except at
    1.5 d, extrapolated.
    """
    return {
        "kilonova": Template(
            days=(0.5, 1.0, 1.5, 2.0, 2.5, 3.5, 4.5, 6.0, 8.0, 10.0),
            u=(-15.5, -14.8, -13.3, -12.4, -11.7, -10.8, -10.3, -9.9, -8.3, -6.8),
            g=(-16.05, -15.8, -14.85, -13.9, -13.2, -12.3, -11.85, -11.4, -9.85, -8.25),
            r=(-15.85, -15.8, -15.25, -14.8, -14.25, -13.5, -12.75, -12.55, -11.8, -10.85),
            i=(-15.85, -15.85, -15.4, -15.0, -14.75, -14.25, -13.75, -13.4, -12.6, -11.7),
            z=(-15.7, -15.85, -15.5, -15.2, -14.9, -14.5, -14.15, -13.95, -13.15, -11.65),
            y=(-15.75, -15.85, -15.8, -15.55, -15.3, -15.1, -14.8, -14.25, -13.5, -12.0),
        ),
        "shock_cooling": SHOCK_COOLING,
    }
