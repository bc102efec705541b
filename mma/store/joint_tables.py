"""The tables of events that may be one: pairs, and groups. Times are seconds, odds natural logs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, String, Table

from .columns import Double, Json, metadata

associations = Table(
    "associations",
    metadata,
    Column("first", String, primary_key=True),
    Column("second", String, primary_key=True),
    Column("state", String, nullable=False),  # active, withdrawn
    Column("delay_s", Double, nullable=False),
    Column("window_start_s", Double, nullable=False),
    Column("window_end_s", Double, nullable=False),
    Column("overlap", Double),
    Column("far_temporal_hz", Double),
    Column("far_spacetime_hz", Double),
    Column("search", String),  # untargeted, swapped, targeted, none
    Column("trials", Integer),
    Column("far_after_trials_hz", Double),
    Column("log_odds", Double),
    Column("prior", Double),
    Column("sky", Double),
    Column("time", Double),
    Column("distance", Double),
    Column("p_time", Double),
    Column("p_sky", Double),
    Column("p_alone", Double),
    Column("same_source", Boolean),
    Column("reason", String),
    Column("by_construction", Boolean, nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("changed", Boolean, nullable=False),  # since it was told
    Column("told_revision", Integer),
    Column("told_id", String),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String, primary_key=True),
    Column("anchor", String, nullable=False),
    Column("state", String, nullable=False),  # active, withdrawn
    Column("kind", String, nullable=False),  # roles of the members
    Column("members", Json, nullable=False),  # event ids, the anchor first
    Column("links", Json, nullable=False),  # pairs that hold it together
    Column("log_overlap", Double),
    Column("log_odds", Double),
    Column("p_values", Json, nullable=False),
    Column("p_product", Double),
    Column("p_fisher", Double),
    Column("is_test", Boolean, nullable=False),
    Column("changed", Boolean, nullable=False),  # since it was told
    Column("told_revision", Integer),
    Column("told_id", String),
)

group_members = Table(
    "group_members",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("group_id", String, nullable=False, index=True),
)
