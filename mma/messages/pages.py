"""Links of messages: the sender's own pages, and ours where the settings tell where these are (``public_url``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .message import Message

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where our pages are."""

    public_url: str | None = None
    """``https://HOST/...``, as others reach the interface; None: there are none to link to."""

    def of_event(self, row: Row) -> Message:
        """Of an event's row: the sender's page, the map, our page, and the same for programs."""
        name, document = quote(row["id"], safe=""), row["document"]
        ours = f"/api/skymaps/{row['skymap_sha256']}.fits" if row["skymap_sha256"] else None
        return {
            "event": document.get("url"),
            "skymap": document.get("skymap_url") or self._ours(ours),
            "page": self._ours(f"/events/{name}"),
            "api": self._ours(f"/api/events/{name}"),
        }

    def of_candidate(self, event: Message, event_id: str, object_id: str) -> Message:
        """Of a candidate, over the links of its event."""
        name = f"{quote(event_id, safe='')}/{quote(object_id, safe='')}"
        own = {"page": self._ours(f"/candidates/{name}"), "api": self._ours(f"/api/candidates/{name}")}
        return event | {"event_page": event["page"]} | own

    def _ours(self, path: str | None) -> str | None:
        return None if path is None or self.public_url is None else self.public_url.rstrip("/") + path
