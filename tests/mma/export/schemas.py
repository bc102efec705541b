"""What other programs take, as JSON Schemas: written from the code that reads it, named below each."""

from __future__ import annotations

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
FILLED = {"type": "string", "minLength": 1}
UNITS = {"enum": ["degrees", "mas", "arcsec", "arcmin"]}
BRIGHTNESS = {"enum": ["AB mag", "Vega mag", "mJy", "erg / s / cm² / Å"]}
FLOAT = {"anyOf": [NUMBER, {"type": "string", "pattern": r"^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$"}]}


def closed(required: str, **properties):
    """An object of these fields, the first ones required; no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def items(schema):
    return {"type": "array", "items": schema}


HERMES_TARGET = closed(
    "name ra dec",
    name=FILLED,
    ra=FLOAT,
    dec=FLOAT,
    ra_error_units=UNITS,
    dec_error_units=UNITS,
    new_discovery=FLAG,
    redshift=FLOAT,
    host_name=TEXT,
    distance=FLOAT,
    distance_error=FLOAT,
    distance_units={"enum": ["cm", "m", "km", "pc", "kpc", "Mpc", "Gpc", "ly", "au"]},
    aliases=items(TEXT),
    comments=TEXT,
)
HERMES_PHOTOMETRY = {
    "type": "object",
    "required": ["target_name", "date_obs", "bandpass"],
    "anyOf": [{"required": ["telescope"]}, {"required": ["instrument"]}],
    "allOf": [{"anyOf": [{"required": ["brightness"]}, {"required": ["limiting_brightness"]}]}],
    "properties": {
        "bandpass": FILLED,
        "brightness": FLOAT,
        "brightness_error": FLOAT,
        "brightness_unit": BRIGHTNESS,
        "limiting_brightness_unit": BRIGHTNESS,
    },
}
HERMES = closed(
    "title topic submitter",
    title=FILLED,
    topic=FILLED,
    submitter=TEXT,  # who sends it must fill it in
    authors=TEXT,
    message_text=TEXT,
    submit_to_tns=FLAG,
    submit_to_mpc=FLAG,
    submit_to_gcn=FLAG,
    data={
        "type": "object",
        "properties": {
            "event_id": TEXT,
            "references": items(
                {"anyOf": [{"required": ["url"]}, {"required": ["source", "citation"]}], "type": "object"}
            ),
            "targets": items(HERMES_TARGET),
            "photometry": items(HERMES_PHOTOMETRY),
        },
    },
)
"""Of ``HermesMessageSerializer`` and those under it (LCOGT/hermes, hermes/serializers.py)."""

CONFIGURATION = closed(
    "type instrument_type constraints target acquisition_config guiding_config instrument_configs",
    type={"const": "EXPOSE"},
    instrument_type={"const": "1M0-SCICAM-SINISTRO"},
    constraints=closed("max_airmass min_lunar_distance", max_airmass=NUMBER, min_lunar_distance=NUMBER),
    target=closed(
        "name type ra dec epoch",
        name={"type": "string", "minLength": 1, "maxLength": 50},
        type={"const": "ICRS"},
        ra={"type": "number", "minimum": 0, "exclusiveMaximum": 360},
        dec={"type": "number", "minimum": -90, "maximum": 90},
        epoch={"const": 2000},
    ),
    acquisition_config={"const": {}},
    guiding_config={"const": {}},
    instrument_configs=items(
        closed(
            "exposure_time exposure_count optical_elements",
            exposure_time={"type": "number", "exclusiveMinimum": 0},
            exposure_count={"type": "integer", "minimum": 1},
            optical_elements=closed("filter", filter={"enum": ["gp", "rp", "ip"]}),
        )
    ),
)
LCO = closed(
    "name proposal ipp_value operator observation_type requests",
    name={"type": "string", "pattern": "^DRAFT ", "maxLength": 50},
    proposal={"const": ""},  # who sends it must fill it in
    ipp_value={"type": "number", "minimum": 0},
    operator={"enum": ["SINGLE", "MANY"]},
    observation_type={"enum": ["NORMAL", "RAPID_RESPONSE", "TIME_CRITICAL"]},
    requests={
        "type": "array",
        "minItems": 1,
        "items": closed(
            "configurations windows location",
            observation_note={"type": "string", "maxLength": 255},
            configurations=items(CONFIGURATION),
            windows=items(closed("start end", start=FILLED, end=FILLED)),
            location=closed("telescope_class", telescope_class={"const": "1m0"}),
        ),
    },
)
"""As SkyPortal sends it (skyportal/facility_apis/lco.py); lengths and choices of the portal's models."""

TREASURE_MAP = closed(
    "graceid candidates",
    graceid=FILLED,
    candidates={
        "type": "array",
        "minItems": 1,
        "items": closed(
            "candidate_name ra dec discovery_date discovery_magnitude magnitude_unit",
            candidate_name=FILLED,
            ra=NUMBER,
            dec=NUMBER,
            discovery_date=FILLED,
            discovery_magnitude=NUMBER,
            magnitude_unit={"enum": ["ab_mag", "vega_mag", "flux_erg", "flux_jy"]},
            magnitude_bandpass={"enum": [*"UBVRIJHKugriz"]},
            associated_galaxy=TEXT,
            associated_galaxy_distance=NUMBER,
        ),
    },
)
"""``PostCandidateRequest`` (TheTreasureMap/gwtm, server/schemas/candidate.py)."""

VALUE = {"value": FILLED, "error": {"type": "null"}, "units": {"enum": ["arcsec"]}}
MEASURED = {"flux_unitid": {"const": "1"}, "filterid": {}, "instrumentid": {}, "exptime": {}, "observer": {}}
POINT = closed(
    "obsdate flux flux_unitid filterid instrumentid",
    obsdate=FILLED,
    flux=NUMBER,
    flux_error={},
    limiting_flux={},
    comments=TEXT,
    **MEASURED,
)
NON_DETECTION = {"obsdate": FILLED, "limiting_flux": NUMBER, "comments": TEXT, "archiveid": {}, **MEASURED}
REPORT = closed(
    "ra dec reporting_groupid data_source_groupid reporter discovery_datetime at_type internal_name non_detection",
    ra=closed("value error units", **VALUE),
    dec=closed("value error units", **VALUE),
    reporting_groupid={"type": "null"},
    data_source_groupid={"type": "null"},
    reporter={"const": ""},
    discovery_datetime=FILLED,
    at_type={"enum": [str(i) for i in range(6)]},
    host_name=TEXT,
    host_redshift={},
    transient_redshift={},
    internal_name=FILLED,
    remarks=TEXT,
    non_detection=closed("archiveid archival_remarks", archival_remarks=TEXT, **NON_DETECTION),
    photometry=closed("photometry_group", photometry_group={"type": "object", "patternProperties": {r"^\d+$": POINT}}),
    related_files={"const": {}},
)
TNS = closed("draft at_report", draft={"type": "object"}, at_report=closed("0", **{"0": REPORT}))
"""The fields that Hermes sends to TNS (LCOGT/hermes, hermes/tns.py), and a list of what is missing."""
