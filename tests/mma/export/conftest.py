"""One night to export: an event with odd candidates around RA 0 and Dec 0, a test event, events without candidates."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mma.cli import main
from mma.store import Store
from tests.mma.world import THERE, World, as_message, burst, detection, retraction, superevent

ODD = "a,\"b\" <c>&'d' {e}\n=1"
"""A name with what CSV, XML, JSON and ds9 each must escape."""

BEST, LSST, VETOED = "ZTF27best", "lsst:3133710000000000001", "ZTF27bogus"
PLACES = {BEST: (359.9999999, -30.0 / 3600.0), ODD: (0.5, 0.2), LSST: (359.5, -0.5), VETOED: (0.1, 0.1)}
EVENT, TEST, EMPTY, NOWHERE = "S270301ab", "MS270301zz", "Fermi-GBM-826000000", "S270301qq"
GALAXIES = "name,ra,dec,distance_mpc,distance_error_mpc\nNGC 1,0.0005,-0.0085,101,5\n"


def table(*rows: dict[str, Any]) -> bytes:
    """Detections as a CSV table."""
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its database."""
    folder = tmp_path_factory.mktemp("export")
    path = folder / "mma.sqlite"
    (folder / "galaxies.csv").write_text(GALAXIES)
    store = Store(str(path))
    assert main(["catalog", "import", str(folder / "galaxies.csv"), "--db", str(path)]) == 0
    world = World(store)
    ra, dec = PLACES[LSST]
    lsst = {"object_id": LSST.removeprefix("lsst:"), "ra": ra, "dec": dec, "mjd": 61466, "mag": 20.1, "band": "g"}
    world.hears(
        superevent(EVENT, (0.0, 0.0), mpc=(100.0, 20.0)),
        detection(BEST, PLACES[BEST], 10.0, unseen_hours=-10.0),
        detection(BEST, PLACES[BEST], 34.0, first_hours=10.0, mag=18.5),
        detection(ODD, PLACES[ODD], 12.0),
        detection(VETOED, PLACES[VETOED], 12.0, drb=0.1),
        as_message(table(lsst | {"survey": "LSST"}), name="table.csv"),
        superevent(TEST, (200.0, 10.0)),
        detection("ZTF27test", (200.0, 10.0), 12.0),
        burst("826000000", THERE, id=["826000000", "bn270301083"]),
        retraction(NOWHERE),
    )
    assert world.reasons() == []
    store.close()
    return path


Export = Callable[..., bytes]


@pytest.fixture
def export(exported: Path, tmp_path: Path) -> Export:
    """Export to a file; its bytes."""

    def run(form: str, event: str = EVENT, *options: str) -> bytes:
        path = tmp_path / "out"
        assert main(["export", form, event, *options, "-o", str(path), "--db", str(exported)]) == 0
        return path.read_bytes()

    return run


@pytest.fixture
def document(export: Export) -> Callable[..., Any]:
    """Export of a JSON format, read; numbers that JSON does not know are an error."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return lambda *arguments: json.loads(export(*arguments), parse_constant=refuse)


@pytest.fixture
def failure(exported: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., str]:
    """The one line that a refused export says."""

    def run(*arguments: str) -> str:
        capfdbinary.readouterr()
        assert main(["export", *arguments, "--db", str(exported)]) == 1
        out, err = capfdbinary.readouterr()
        assert out == b""
        assert err.count(b"\n") == 1
        return err.decode().removeprefix("mma: ").strip()

    return run
