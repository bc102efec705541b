"""How afterglows fade: the courses that the default class goes, see ``models.Light.courses``."""

from __future__ import annotations

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
