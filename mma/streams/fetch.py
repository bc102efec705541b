"""Files that a notice points to: only from hosts that are allowed, never larger or slower than told."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from ..errors import FetchError
from .urls import is_loopback

HOSTS = (
    "gracedb.ligo.org",
    "gracedb-playground.ligo.org",
    "gcn.nasa.gov",
    "gcn.gsfc.nasa.gov",
    "heasarc.gsfc.nasa.gov",
)
"""Where notices of GCN and LVK keep their maps."""

REDIRECTS = 5
PIECE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Gets files by https, and from this machine by http as well."""

    hosts: tuple[str, ...] = HOSTS
    """Names, exact: a subdomain is another host. A redirect must lead to one of them too."""

    timeout_s: float = 30.0
    """For the whole of it, redirects included."""

    max_bytes: int = 64 << 20
    ca: str | None = None
    """PEM file of an authority to trust; None: those that Python knows."""

    def fetch(self, url: str, sha256: str | None = None) -> bytes:
        """The file's bytes.

        Parameters
        ----------
        url
            Where it is. No credentials are sent.
        sha256
            Its checksum, hex, where it is known.

        Raises
        ------
        FetchError
            A host that is not allowed, too large, too slow, another checksum, or whatever the server said.
        """
        deadline = time.monotonic() + self.timeout_s
        for _ in range(REDIRECTS):
            found = self._one(url, deadline)
            if isinstance(found, bytes):
                return _checked(found, url, sha256)
            url = urljoin(url, found)
        raise FetchError(f"{url}: more than {REDIRECTS} redirects")

    def allowed(self, url: str) -> SplitResult:
        """The parts of a URL that may be fetched; FetchError for others."""
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            raise FetchError(f"no URL: {error}") from error
        host = parts.hostname or ""
        if host not in self.hosts:
            raise FetchError(f"host {host!r} is not among those that are fetched from ('fetch_hosts')")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            raise FetchError(f"{parts.scheme}://{host}: only https is fetched")
        if parts.username is not None:
            raise FetchError(f"{host}: a URL with credentials is not fetched")
        return parts

    def _one(self, url: str, deadline: float) -> bytes | str:
        """The bytes at a URL, or the place where it sends us."""
        parts = self.allowed(url)
        target = parts.path or "/"
        target += f"?{parts.query}" if parts.query else ""
        headers = {"User-Agent": "mma", "Accept-Encoding": "identity", "Connection": "close"}
        try:
            with self._connected(parts, deadline) as connection:
                connection.request("GET", target, headers=headers)
                answer = connection.getresponse()
                location = answer.getheader("Location")
                if answer.status in (301, 302, 303, 307, 308) and location:
                    return location
                if answer.status != 200:
                    raise FetchError(f"{url}: {answer.status} {answer.reason}")
                return self._body(answer, url, deadline)
        except (OSError, ValueError, http.client.HTTPException) as error:
            if time.monotonic() >= deadline:
                raise FetchError(f"{url}: not within {self.timeout_s:g} s") from error
            raise FetchError(f"{url}: {str(error) or type(error).__name__}") from error

    @contextmanager
    def _connected(self, parts: SplitResult, deadline: float) -> Iterator[http.client.HTTPConnection]:
        """A connection that is cut at the deadline, however slowly something comes."""
        left = max(deadline - time.monotonic(), 0.001)
        host = str(parts.hostname)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=left, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, parts.port, timeout=left)
        lines: list[socket.socket] = []
        timer = threading.Timer(left, _cut, [connection, lines])
        timer.daemon = True
        timer.start()
        try:
            connection.connect()
            lines.append(connection.sock)  # which http.client forgets as soon as the answer begins
            yield connection
        finally:
            timer.cancel()
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, url: str, deadline: float) -> bytes:
        told = answer.length
        if told is not None and told > self.max_bytes:
            raise FetchError(f"{url}: {told} bytes are more than {self.max_bytes}")
        pieces, size = [], 0
        while piece := answer.read1(PIECE):
            size += len(piece)
            if size > self.max_bytes:
                raise FetchError(f"{url}: more than {self.max_bytes} bytes")
            pieces.append(piece)
        if time.monotonic() >= deadline:
            raise FetchError(f"{url}: not within {self.timeout_s:g} s")
        if told is not None and size != told:
            raise FetchError(f"{url}: {size} of {told} bytes came")
        return b"".join(pieces)


def _cut(connection: http.client.HTTPConnection, lines: list[socket.socket]) -> None:
    for line in (*lines, connection.sock):
        with suppress(OSError):
            if line is not None:
                line.shutdown(socket.SHUT_RDWR)


def _checked(content: bytes, url: str, sha256: str | None) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256.lower():
        raise FetchError(f"{url}: sha256 is {found}, not {sha256}")
    return content
