"""A message of the stream as one line that people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coincidence.joint.rates import APART

from ..messages import facts
from ..text import printable
from .show import delay, number

Message = Mapping[str, Any]


def line(message: Message) -> str:
    """When it was issued, what it is, and what it says."""
    about = facts(message)
    when = str(message.get("issued", "-"))[:19].replace("T", " ")
    said = LINES.get(about.kind, _other)(message)
    test = "test " if about.test else ""
    what = about.kind if about.kind == "heartbeat" else f"{about.type or '-'} {about.kind}"
    return printable(f"{when}  {test}{what}  {said}").replace("\n", " ")


def _candidate(message: Message) -> str:
    event, seen, score = message.get("event") or {}, message.get("object") or {}, message.get("score")
    name = f"{event.get('id', '-')}  {seen.get('id', '-')}"
    tags = f"  tags {' '.join(message['tags'])}" if message.get("tags") else ""
    if score is None:
        return f"{name}  {message.get('reason') or 'no reason told'}{tags}"
    photometry, time = seen.get("photometry") or {}, message.get("time") or {}
    parts = [
        f"P {number(score.get('probability'), '.3g')}",
        f"rank {score.get('rank', '-')} of {score.get('of', '-')}",
        str(score.get("class", "-")),
        f"{number(seen.get('ra'), '.5f')} {number(seen.get('dec'), '+.5f')}",
        delay(time.get("delay_s")),
    ]
    if photometry.get("mag") is not None:
        parts.append(f"mag {photometry['mag']:.1f} {photometry.get('band') or ''}".rstrip())
    return "  ".join([name, *parts]) + tags


def _event(message: Message) -> str:
    event = message.get("event") or {}
    skymap = event.get("skymap") or {}
    parts = [
        str(event.get("id", "-")),
        f"{event.get('observatory') or '-'} {event.get('kind') or '-'}",
        str(event.get("stage", "-")),
        str(message.get("state", "")),
        (event.get("time") or "no time")[:19],
    ]
    if skymap.get("area90_deg2") is not None:
        parts.append(f"90 % in {skymap['area90_deg2']:.4g} deg2")
    if skymap.get("distance_mpc"):
        mean, error = skymap["distance_mpc"]
        parts.append(f"{number(mean, '.0f')} +- {number(error, '.0f')} Mpc")
    if event.get("far_hz") is not None:
        parts.append(f"FAR {event['far_hz']:.2g} Hz")
    return "  ".join(part for part in parts if part)


def _association(message: Message) -> str:
    parts = [" + ".join(message.get("events", ()))]
    if message.get("delay_s") is not None:
        parts.append(delay(message["delay_s"]))
    apart = message.get("reason") == APART
    if not apart and message.get("far_spacetime_hz") is not None:
        parts.append(f"joint FAR {message['far_spacetime_hz']:.2g} Hz")
    odds = message.get("odds") or {}
    if odds.get("log_odds") is not None:
        parts.append(f"ln odds {odds['log_odds']:+.1f}")
    if apart:
        parts.append(f"no coincidence: {APART}, there is no common region")
    elif message.get("reason"):
        parts.append(str(message["reason"]))
    return "  ".join(parts)


def _group(message: Message) -> str:
    return f"{' + '.join(message.get('events', ()))}  ln odds {number(message.get('log_odds'), '+.1f')}"


def _heartbeat(message: Message) -> str:
    told = message.get("lag")
    lags = told.values() if isinstance(told, dict) else ()
    known = [n for n in lags if isinstance(n, int)]
    parts = [
        str(message.get("worker", "-")),
        f"lag {sum(known) if len(known) == len(lags) else 'not known'}",
        f"troubles {message.get('troubles', '-')}",
        f"active events {message.get('events_active', '-')}",
    ]
    return "  ".join(parts)


def _other(message: Message) -> str:
    return str(message.get("id") or message.get("superevent_id") or "")


LINES: dict[str, Callable[[Message], str]] = {
    "candidate": _candidate,
    "event": _event,
    "association": _association,
    "group": _group,
    "heartbeat": _heartbeat,
}
