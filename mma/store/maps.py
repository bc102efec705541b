"""Sky maps as they are kept: once each, by the hash of what they came in; a hash of what is kept shows damage."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, select, update

import skymaps
from skymaps import RegionError, SkyMap

from ..errors import DamagedError
from . import tables
from .bulk import Columns, insert_new


def save(connection: Connection, skymap: SkyMap) -> None:
    """Keep a map once; one that is damaged is kept anew."""
    s = tables.skymaps
    found = connection.execute(select(s.c.fits, s.c.digest).where(s.c.sha256 == skymap.sha256)).first()
    if found is not None and is_whole(found.fits, found.digest):
        return
    fits = skymaps.write_fits(skymap)
    columns: Columns = {"sha256": [skymap.sha256], "fits": [fits], "digest": [digest(fits)]}
    if found is None:
        insert_new(connection, s, columns)
    else:
        values = {name: column[0] for name, column in columns.items()}
        connection.execute(update(s).where(s.c.sha256 == skymap.sha256).values(values))


def digest(content: bytes) -> str:
    """sha256, hex."""
    return hashlib.sha256(content).hexdigest()


def is_whole(content: bytes, expected: str | None) -> bool:
    """Whether bytes are those that were kept; of what an older version kept, nobody knows."""
    return expected is None or digest(content) == expected


def fits(connection: Connection, sha256: str) -> bytes | None:
    """The bytes of a map; None where there is none.

    Raises
    ------
    DamagedError
        They are not those that were kept, and it did not come in a notice that is kept as well.
    """
    s = tables.skymaps.c
    row = connection.execute(select(s.fits, s.digest).where(s.sha256 == sha256)).first()
    if row is None:
        return None
    content = bytes(row.fits)
    if is_whole(content, row.digest):
        return content
    came = original(connection, sha256)
    if came is None:
        raise DamagedError(f"the stored map {sha256} is damaged: 'mma db check' says what to do")
    return skymaps.write_fits(came)


def original(connection: Connection, sha256: str) -> SkyMap | None:
    """A map as it came within a notice, where that was kept and is whole."""
    m = tables.map_files.c
    packed = connection.execute(select(m.packed).where(m.sha256 == sha256)).scalar()
    try:
        content = b"" if packed is None else zlib.decompress(packed)
        return replace(skymaps.read(content), sha256=sha256) if digest(content) == sha256 else None
    except (zlib.error, RegionError):
        return None


def read(connection: Connection, sha256: str) -> SkyMap:
    """A stored map.

    Raises
    ------
    DamagedError
        It is not there, or is not what was stored.
    """
    content = fits(connection, sha256)
    try:
        if content is not None:
            return replace(skymaps.read(content), sha256=sha256)
    except RegionError as error:
        raise DamagedError(f"the stored map {sha256} is damaged ({error}): 'mma db check' says what to do") from error
    raise DamagedError(f"the map {sha256} is not stored any more: 'mma db check' says what to do")


def loader(connection: Connection) -> Callable[[str], SkyMap]:
    """A function that reads a stored map by its sha256, each only once."""
    seen: dict[str, SkyMap] = {}

    def load(sha256: str) -> SkyMap:
        if sha256 not in seen:
            seen[sha256] = read(connection, sha256)
        return seen[sha256]

    return load
