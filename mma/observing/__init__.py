"""Sites and nights: when something can be observed."""

from .nights import Spell, coming_night, darkness, sky, vectors
from .outlook import HIGH_DEG, Outlook
from .sites import CTAO_N, CTAO_S, Site, site
from .visibility import Places, Share, Visibility, cells, observable, sample, share, tonight

__all__ = [
    "CTAO_N",
    "CTAO_S",
    "HIGH_DEG",
    "Outlook",
    "Places",
    "Share",
    "Site",
    "Spell",
    "Visibility",
    "cells",
    "coming_night",
    "darkness",
    "observable",
    "sample",
    "share",
    "site",
    "sky",
    "tonight",
    "vectors",
]
