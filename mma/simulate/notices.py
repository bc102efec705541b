"""Notices of simulated events, as the senders write them."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import skymaps
from mma.notices.gamma import alert
from mma.notices.voevent import Param, Place, write
from skymaps import SkyMap


def igwn(skymap: SkyMap, name: str, time: datetime, alert_type: str, issued: datetime) -> bytes:
    """An ``igwn.gwalert`` JSON message of a binary neutron star merger, with its map."""
    return _json(
        {
            "alert_type": alert_type,
            "time_created": _z(issued),
            "superevent_id": name,
            "urls": {"gracedb": f"https://gracedb.ligo.org/superevents/{name}/view/"},
            "event": {
                "significant": True,
                "time": _z(time),
                "far": 3.2e-11,
                "instruments": ["H1", "L1"],
                "group": "CBC",
                "pipeline": "gstlal",
                "search": "AllSky",
                "properties": {"HasNS": 1.0, "HasRemnant": 1.0, "HasMassGap": 0.0},
                "classification": {"BNS": 0.97, "NSBH": 0.02, "BBH": 0.0, "Terrestrial": 0.01},
                "duration": None,
                "central_frequency": None,
                "skymap": base64.b64encode(skymaps.write_fits(skymap)).decode(),
            },
            "external_coinc": None,
        }
    )


def fermi_gbm(trigger: str, time: datetime, ra: float, dec: float, error_deg: float) -> bytes:
    """A Fermi-GBM ground position in GCN's unified schema: 68 % statistical radius, systematics not included."""
    return _json(
        {
            "$schema": "https://gcn.nasa.gov/schema/main/gcn/notices/fermi/gbm/trigger.schema.json",
            "mission": "Fermi",
            "instrument": "GBM",
            "messenger": "EM",
            "id": [trigger],
            "alert_datetime": _z(time + timedelta(seconds=60)),
            "alert_tense": "current",
            "alert_type": "update",
            "subtype": "GROUND_POSITION",
            "trigger_time": _z(time),
            "ra": round(ra, 3),
            "dec": round(dec, 3),
            "ra_dec_error": error_deg,
            "containment_probability": 0.68,
            "systematic_included": False,
            "classification": {"GRB": 0.98},
        }
    )


def icecube(run: int, number: int, time: datetime, ra: float, dec: float, radius90_deg: float) -> bytes:
    """An IceCube Gold track as GCN's classic VOEvent, with the circle of 90 % containment."""
    values = {
        "Packet_Type": (173, None),
        "TrigID": (number, None),
        "event_id": (number, None),
        "run_id": (run, None),
        "Stream": (24, None),
        "src_error_90": (radius90_deg, "deg"),
        "signalness": (0.8, None),
        "FAR": (1.2, "yr^-1"),
    }
    return write.write(
        ivorn=f"ivo://nasa.gsfc.gcn/AMON#ICECUBE_GOLD_Event_{run}_{number}",
        role="observation",
        author="ivo://nasa.gsfc.tan/gcn",
        date=time + timedelta(seconds=40),
        params=[Param(name=name, value=str(value), unit=unit) for name, (value, unit) in values.items()],
        place=Place(
            ra=round(ra, 4),
            dec=round(dec, 4),
            radius=radius90_deg,
            time=time,
            system="UTC-FK5-GEO",
            observatory="GEOLUN",
        ),
    )


def cta(name: str, time: datetime, ra: float, dec: float, radius68_deg: float) -> bytes:
    """A CTAO alert about a flare, in our schema."""
    return alert.encode(
        alert.new_alert(
            mission="CTAO",
            id=name,
            alert_datetime=time + timedelta(seconds=25),
            trigger_time=time,
            ra=round(ra, 5),
            dec=round(dec, 5),
            ra_dec_error=radius68_deg,
            containment_probability=0.68,
            array="N",
            source_class="serendipitous",
            significance=8.1,
            significance_post_trial=7.2,
            n_trials=400,
        )
    )


def _z(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
