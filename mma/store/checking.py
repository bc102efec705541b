"""Looking for damage: in the file, the tables, the maps, and the rows that are read at every start."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, Table, func, inspect, select
from sqlalchemy.exc import DBAPIError

from ..errors import DamagedError, OutageError
from . import maps, tables
from .codec import event_of
from .database import Store, current_revision
from .events import mark_located
from .migrate import HEAD

RESTORE = "stop the workers and restore a backup; or, of SQLite, save what can be read: sqlite3 FILE .recover"
LARGE = ("objects", "detections", "galaxies", "candidates", "scores")
"""Tables of very many rows: these are read through, and not decoded one by one."""

MOST = 20
"""Findings of one kind that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is damaged."""

    what: str
    """Where, and what is wrong there."""

    advice: str
    """What to do."""


def findings(store: Store) -> Iterator[Finding]:
    """Everything that is damaged."""
    for look in (_file, _schema, _rows, _maps, _events, _originals):
        try:
            with store.read() as connection:
                yield from look(connection)
        except (OutageError, DBAPIError) as error:
            yield Finding(what=f"the database cannot be read: {error}", advice=RESTORE)
            return


def _file(connection: Connection) -> Iterator[Finding]:
    """SQLite's own check of its pages and indexes."""
    if connection.dialect.name != "sqlite":
        return
    for (text,) in connection.exec_driver_sql(f"PRAGMA integrity_check({MOST})"):
        if text != "ok":
            is_index = "index" in text
            yield Finding(what=f"file: {text}", advice="sqlite3 FILE REINDEX" if is_index else RESTORE)


def _schema(connection: Connection) -> Iterator[Finding]:
    """Tables, columns and indexes that are missing."""
    if (revision := current_revision(connection)) != HEAD:
        yield Finding(what=f"schema {revision}, not {HEAD}", advice="mma db upgrade")
    there = inspect(connection)
    names = set(there.get_table_names())
    for table in tables.metadata.sorted_tables:
        if table.name not in names:
            yield Finding(what=f"table {table.name} is missing", advice=RESTORE)
            continue
        columns = {column["name"] for column in there.get_columns(table.name)}
        for column in table.c:
            if column.name not in columns:
                yield Finding(what=f"column {table.name}.{column.name} is missing", advice=RESTORE)
        indexes = {index["name"] for index in there.get_indexes(table.name)}
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if index.name not in indexes:
                made = ", ".join(column.name for column in index.columns)
                advice = f"CREATE INDEX {index.name} ON {table.name} ({made})"
                yield Finding(what=f"index {index.name} of {table.name} is missing", advice=advice)


def _rows(connection: Connection) -> Iterator[Finding]:
    """Rows that cannot be read."""
    there = set(inspect(connection).get_table_names())
    for table in tables.metadata.sorted_tables:
        if table.name not in there:
            continue
        try:
            _read_through(connection, table)
        except (ValueError, TypeError, LookupError) as error:
            yield Finding(what=f"table {table.name}: a row that cannot be read: {error}", advice=RESTORE)


def _read_through(connection: Connection, table: Table) -> None:
    """Every row, decoded where they are few; what is bytes is looked at elsewhere."""
    if table.name in LARGE:
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        return
    columns = [column for column in table.c if not isinstance(column.type, LargeBinary)]
    with connection.execute(select(*columns).execution_options(yield_per=1000)) as rows:
        for _ in rows:
            pass


def _maps(connection: Connection) -> Iterator[Finding]:
    """Maps that are not what was kept, by their hash."""
    for sha256 in connection.execute(select(tables.skymaps.c.sha256)).scalars().all():
        if not _is_whole(connection, sha256):
            came = maps.original(connection, sha256) is not None
            again = "mma db check --mend: the map is whole in the notice that it came in"
            lost = (
                "play the notice again that it came in (mma replay), or restore a backup; then start the workers again"
            )
            yield Finding(what=f"map {sha256}: damaged", advice=again if came else lost)


def _is_whole(connection: Connection, sha256: str) -> bool:
    s = tables.skymaps.c
    row = connection.execute(select(s.fits, s.digest).where(s.sha256 == sha256)).one()
    if not maps.is_whole(bytes(row.fits), row.digest):
        return False
    try:
        maps.read(connection, sha256)
    except DamagedError:
        return False
    return True


def _events(connection: Connection) -> Iterator[Finding]:
    """Events and notices whose record does not say what one says, or whose map is not there."""
    there = set(connection.execute(select(tables.skymaps.c.sha256)).scalars())
    e, r = tables.events.c, tables.event_revisions.c
    chosen = (("event", select(e.id, e.document)), ("notice of", select(r.event_id, r.document)))
    for what, statement in chosen:
        for name, document in connection.execute(statement):
            try:
                event_of(document | {"region": None}, lambda _: None)  # type: ignore[arg-type,return-value] # no map
                region = document["region"] or {}
            except (ValueError, TypeError, LookupError, AttributeError) as error:
                yield Finding(what=f"{what} {name}: its record cannot be read: {error!r}", advice=RESTORE)
                continue
            if region.get("type") == "skymap" and region.get("sha256") not in there:
                lost = "play its notice again (mma replay), or restore a backup"
                yield Finding(what=f"{what} {name}: its map {region.get('sha256')} is not there", advice=lost)


def _originals(connection: Connection) -> Iterator[Finding]:
    """Notices as they came, which cannot be unpacked."""
    o, m = tables.originals.c, tables.map_files.c
    advice = "nothing that is scored needs it; a backup has it"
    for name, notice, packed in connection.execute(select(o.event_id, o.notice, o.packed)):
        if _unpacked(packed) is None:
            yield Finding(what=f"notice {notice} of {name}, as it came: damaged", advice=advice)
    for sha256, packed in connection.execute(select(m.sha256, m.packed)):
        content = _unpacked(packed)
        if content is None or maps.digest(content) != sha256:
            yield Finding(what=f"map {sha256}, as it came: damaged", advice=advice)


def _unpacked(packed: bytes) -> bytes | None:
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return None


def mend(store: Store) -> list[str]:
    """Keep maps anew that are damaged, and whole in the notices they came in; their hashes."""
    mended = []
    with store.begin() as connection:
        for sha256 in connection.execute(select(tables.skymaps.c.sha256)).scalars().all():
            came = None if _is_whole(connection, sha256) else maps.original(connection, sha256)
            if came is not None:
                maps.save(connection, came)
                mark_located(connection, sha256)
                mended.append(sha256)
    return mended
