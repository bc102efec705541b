"""What messages tell beside the science: when it can be observed, and where to read on."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..config import Settings
from ..messages import Pages
from ..observing import Outlook, site


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """For whom messages are, and where our pages are."""

    outlook: Outlook = field(default_factory=Outlook)
    pages: Pages = field(default_factory=Pages)


def additions(settings: Settings) -> Additions:
    """As the settings tell."""
    sites = tuple(site(name) for name in settings.sites)
    return Additions(outlook=Outlook(sites=sites), pages=Pages(public_url=settings.public_url))
