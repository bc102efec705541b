"""Row 20: galaxies around 500 positions in a catalogue of a million, against all of it in memory."""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from coincidence import DEFAULT, Galaxies
from coincidence.completeness import Catalog
from coincidence.hosts import Hosts, associate
from mma import catalogs
from mma.store import Store, galaxies
from skymaps import cosmology

from .report import Row, cpu, seconds
from .storing import transients

ROWS = 1_000_000
POSITIONS = 500


def write_glade(path: Path, n: int, random: np.random.Generator) -> None:
    """A table in the format of GLADE+: galaxies even in space to 1500 Mpc, a third of them without a magnitude."""
    line = (
        "{} null null null {}-X null null G {:.6f} {:.6f} {} 14 0.1 13 0.1 13 0.1 13 0.1 13 0.1 0 17 0.1 "
        "{:.6f} {:.6f} 0 null 0.015 {:.4f} {:.4f} {} 1.2 0.3 0 -3.4 0.4\n"
    )
    with path.open("w") as file:
        for start in range(0, n, 100_000):
            m = min(100_000, n - start)
            mpc = 1500.0 * random.uniform(size=m) ** (1 / 3) + 1.0
            z = cosmology.redshift(mpc).tolist()
            ra, dec = random.uniform(0, 360, m).tolist(), np.degrees(np.arcsin(random.uniform(-1, 1, m))).tolist()
            mag = [f"{v:.3f} 0.1 0 -20" for v in random.uniform(12, 20, m)]
            mag[::3] = ["null null null null"] * len(mag[::3])
            flag = random.choice([0, 1, 1, 1, 2, 3], m).tolist()
            rows = zip(range(start, start + m), ra, dec, mag, z, mpc.tolist(), flag, strict=True)
            file.writelines(line.format(i, i, a, d, b, s, s, r, 0.1 * r, f) for i, a, d, b, s, r, f in rows)


def pairs(found: Hosts) -> set[tuple[int, str]]:
    """Which galaxies are possible hosts of which alert."""
    return set(zip(found.alert.tolist(), found.name.tolist(), strict=True))


def run() -> list[Row]:
    """Import, look up, and compare with the whole catalogue in memory."""
    random = np.random.default_rng(11)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "GLADE+.txt"
        write_glade(path, ROWS, random)
        store = Store(str(Path(folder) / "mma.sqlite"))
        begun = time.perf_counter()
        found = catalogs.begin(path, "GLADE+")
        n = galaxies.load(store, found.catalog, found.parts())
        took = time.perf_counter() - begun
        print(f"{ROWS} rows imported in {seconds(took)}, {n} galaxies", file=sys.stderr)
        whole, _ = catalogs.read(path, "GLADE+")
        # every second alert lies close to a galaxy
        beside = random.integers(0, len(whole), POSITIONS // 2)
        ra = np.concatenate([whole.ra[beside], random.uniform(0, 360, POSITIONS // 2)])
        dec = np.concatenate([whole.dec[beside], np.degrees(np.arcsin(random.uniform(-1, 1, POSITIONS // 2)))])
        alerts = transients("T", ra, np.clip(dec + 2.0 / 3600.0, -90, 90), random)
        row = _compare(store, whole, alerts, took)
        store.close()
    return [row]


def _compare(store: Store, whole: Galaxies, alerts: object, took: float) -> Row:
    from coincidence import AlertBatch

    assert isinstance(alerts, AlertBatch)

    def look_up() -> Hosts:
        with store.read() as connection:
            return associate(alerts, galaxies.near(connection, alerts.ra, alerts.dec), DEFAULT)

    ours, found = cpu(look_up)
    everything = replace(whole, catalogs=(Catalog(name="GLADE+"),))
    theirs, expected = cpu(lambda: associate(alerts, everything, DEFAULT), repeat=2)
    same = pairs(found) == pairs(expected)
    return Row(
        number=20,
        work=f"hosts of {POSITIONS} alerts among {len(whole)} galaxies",
        ours=f"{seconds(ours)}, imported at {ROWS / took / 1000:.0f}k rows/s",
        peer=f"{seconds(theirs)} all in memory",
        ratio=theirs / ours,
        target="< 50 ms",
        met=ours < 0.05,
        agrees=same,
        agreement=f"{len(pairs(expected))} possible hosts, the same",
    )
