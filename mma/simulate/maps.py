"""A folder of BAYESTAR maps with their true sources: made once, used by many campaigns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import skymaps
from mma.errors import ConfigError

from .bayestar import Merger, merger
from .detectors import NETWORKS

TRUTH = "maps.jsonl"


def make(
    folder: Path, n: int, *, network: str = "o4", seed: int = 1, progress: Callable[[int], None] = lambda n: None
) -> list[Merger]:
    """Fill a folder up to n maps; those that are there already stay as they are.

    Parameters
    ----------
    folder
        Gets a FITS file a map, and ``maps.jsonl`` with a line a source.
    n
        Maps in all.
    network
        One of ``detectors.NETWORKS``.
    seed
        Source i depends on network, seed and i only.
    progress
        Told after each map how many were made since the last time.

    Raises
    ------
    ConfigError
        A network that there is not.
    """
    if network not in NETWORKS:
        raise ConfigError(f"no network {network!r}; there are {', '.join(NETWORKS)}")
    folder.mkdir(parents=True, exist_ok=True)
    known = _listed(folder)
    for number in range(n):
        name = f"{network}-{seed}-{number:05d}"
        if name not in known:
            drawn, skymap = merger(network, seed, number)
            skymaps.write_fits(skymap, folder / f"{name}.fits")
            with (folder / TRUTH).open("a") as lines:
                lines.write(json.dumps(asdict(drawn)) + "\n")
        progress(1)
    return mergers(folder)


def mergers(folder: Path) -> list[Merger]:
    """Sources of the maps in a folder, by name.

    Raises
    ------
    ConfigError
        No maps there; the message says how to make some.
    """
    known = _listed(folder)
    if not known:
        raise ConfigError(f"no maps in {folder}: make some with 'mma simulate maps {folder} --n 20'")
    return [known[name] for name in sorted(known)]


def _listed(folder: Path) -> dict[str, Merger]:
    path = folder / TRUTH
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        record["instruments"] = tuple(record["instruments"])
        found[record["name"]] = Merger(**record)
    return found


def path_of(folder: Path, source: Merger) -> Path:
    """The FITS file of a source."""
    return folder / f"{source.name}.fits"
