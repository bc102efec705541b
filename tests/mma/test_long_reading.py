"""A batch that takes long to read is handled in parts; of too many rows of one source in a message some are refused."""

from __future__ import annotations

import pytest

from mma.answers import queries
from mma.engine import ingest
from tests.mma.world import World, detection

HEAD = "name,ra,dec,mjd,mag\n"


def table(rows: list[str]) -> bytes:
    return (HEAD + "\n".join(rows) + "\n").encode()


def test_a_batch_that_takes_long_is_handled_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "READING_S", -1.0)  # each message takes too long
    sizes: list[int] = []
    handled = world.engine._handle
    monkeypatch.setattr(
        world.engine, "_handle", lambda c, batch, i, **more: (sizes.append(len(batch)), handled(c, batch, i, **more))
    )
    world.hears(*(detection(f"ZTF27{i}", (i * 2.0, 10.0)) for i in range(7)))
    assert sizes == [1] * 7
    status = world.ask(queries.status)
    assert (status["objects"], status["messages"]["read"]) == (7, 7)


@pytest.mark.parametrize("kind", ["object", "place"])
def test_rows_beyond_a_thousand_of_one_source_are_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(ingest, "MOST_ROWS", 20)
    same = [f"{'x' if kind == 'object' else f'x{i}'},10,20,{61042 + i / 1e3},19" for i in range(30)]
    world.hears(table([*same, "other,60,20,61042.5,19"]))
    assert world.reasons() == ["10 rows more than 20 of one object or place"]
    assert world.ask(queries.status)["objects"] == 2  # those at one place are one source
