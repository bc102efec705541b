"""The event's region as a coverage map, IVOA MOC 1.1 in FITS: for Aladin, mocpy, a scheduler."""

from __future__ import annotations

import io

from astropy.io import fits

import skymaps

from ..errors import NotFoundError
from ..messages import version
from .formats import More, Row


def moc(event: Row, candidates: list[Row], more: More) -> bytes:
    """The credible region at ``more.level``.

    Raises
    ------
    NotFoundError
        The event has no region.
    """
    if more.region is None:
        raise NotFoundError(f"{event['id']} has no region (yet)")
    with fits.open(io.BytesIO(skymaps.write_moc(more.region, more.level)), memmap=False) as hdus:
        header = hdus[1].header
        header["MOCTOOL"] = (f"mma {version()}", "program that made this")
        header["OBJECT"] = (_ascii(event["id"]), "event")
        header["LEVEL"] = (more.level, "credible level, 0 to 1")
        if event["test"]:
            header["TEST"] = (True, "a test event")
        out = io.BytesIO()
        hdus.writeto(out)
    return out.getvalue()


def _ascii(text: str) -> str:
    return "".join(c if " " <= c <= "~" else "?" for c in text)
