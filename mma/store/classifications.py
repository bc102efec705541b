"""What classifiers say of objects: the newest word of each, with its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select

from coincidence.evidence import Classified

from . import tables
from .bulk import Row, columns_of, select_in, upsert


def save(
    connection: Connection,
    object_id: str,
    classifier: str,
    version: str,
    probabilities: Mapping[str, float],
    time: float,
) -> None:
    """Keep what a classifier says of an object, in place of what it said before.

    Parameters
    ----------
    probabilities
        Class to probability.
    time
        When it was said, Unix seconds.
    """
    c = tables.classifications.c
    connection.execute(delete(tables.classifications).where(c.object_id == object_id, c.classifier == classifier))
    upsert(
        connection,
        tables.classifications,
        columns_of(
            [
                {
                    "object_id": object_id,
                    "classifier": classifier,
                    "class": name,
                    "version": version,
                    "probability": float(p),
                    "time": time,
                }
                for name, p in probabilities.items()
            ]
        ),
    )


def of_objects(connection: Connection, object_ids: Sequence[str]) -> Classified:
    """What is known of these objects, which are unique; ``object`` counts in them."""
    place = {name: i for i, name in enumerate(object_ids)}
    rows = listing(connection, object_ids)
    return Classified.from_rows(row | {"object": place[row["object_id"]], "label": row["class"]} for row in rows)


def listing(connection: Connection, object_ids: Sequence[str]) -> list[Row]:
    """Rows of these objects, by object, classifier and class."""
    c = tables.classifications.c
    rows = [dict(row) for row in select_in(connection, select(tables.classifications), c.object_id, object_ids)]
    return sorted(rows, key=lambda row: (row["object_id"], row["classifier"], row["class"]))
