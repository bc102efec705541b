"""What is stored about objects besides their alerts, gathered for a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from coincidence import AlertBatch
from coincidence.evidence import Evidence
from skymaps import IntArray

from . import classifications, curves, galaxies, verdicts


def gather(connection: Connection, states: AlertBatch, rows: IntArray, event_ids: Sequence[str]) -> Evidence:
    """Evidence on some objects of a batch, for scores against these events.

    Parameters
    ----------
    states
        One row an object.
    rows
        Which of them, ascending. Shape (m,).
    """
    ids = list(states.object_id[rows])
    light, said = curves.of_objects(connection, ids), classifications.of_objects(connection, ids)
    return Evidence(
        galaxies=galaxies.near(connection, states.ra[rows], states.dec[rows]),
        curves=replace(light, object=rows[light.object]),
        classified=replace(said, object=rows[said.object]),
        verdicts=verdicts.of_objects(connection, ids, event_ids),
        agn_known=galaxies.has_agn(connection),
    )
