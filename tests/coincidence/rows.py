"""Alert batches and events that the tests make themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from coincidence import AlertBatch, Event, Kind, Messenger, Stage
from skymaps import Region

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
DAY_S = 86400.0


def event(region: Region | None, **more: Any) -> Event:
    """A merger at EPOCH."""
    base = Event(
        id="S260301a",
        messenger=Messenger.GW,
        kind=Kind.CBC,
        observatory="LVK",
        issued=EPOCH + timedelta(minutes=5),
        stage=Stage.PRELIMINARY,
        time=EPOCH,
        region=region,
        notice="n1",
    )
    return replace(base, **more)


def alerts(*rows: dict[str, Any]) -> AlertBatch:
    """Alerts a day after EPOCH, unless a row says otherwise; ``days`` counts from EPOCH."""
    full = []
    for i, row in enumerate(rows):
        row = dict(row)
        days = row.pop("days", 1.0)
        base = {"id": str(i), "object_id": f"ZTF26{i:06d}", "survey": "ztf", "band": "r", "flux_njy": 1e4}
        full.append(base | {"time": EPOCH.timestamp() + days * DAY_S} | row)
    return AlertBatch.from_rows(full)
