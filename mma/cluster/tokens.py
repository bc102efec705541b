"""A token endpoint of one's own, as GCN's: client credentials in, signed tokens out, its public key beside them."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ISSUER = "https://issuer.example"
AUDIENCE = "mma-cluster"
CLIENT = "gcn-client"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


@dataclass
class TokenEndpoint:
    """Answers ``POST /token`` with an RS256 token of so many seconds, and ``GET /jwks`` with the key that proves it."""

    lifetime_s: float = 3600.0
    secret: str = field(default_factory=lambda: secrets.token_hex(12), repr=False)
    certificate: Path | None = None
    """PEM with key and certificate: then it speaks https."""

    port: int = 0
    """Kept when it goes down and comes up again."""

    given: int = 0
    """Tokens handed out."""

    refused: int = 0
    _server: _Server | None = field(default=None, repr=False)
    _key: Any = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where tokens are."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}/token"

    @property
    def jwks_url(self) -> str:
        """Where the public key is."""
        return self.url.removesuffix("token") + "jwks"

    def up(self) -> None:
        """Answer."""
        from joserfc.jwk import RSAKey

        self._key = self._key or RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections, as a server that is away does."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def keys(self) -> dict[str, Any]:
        """The public key, as a JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def token(self, authorization: str) -> dict[str, Any] | None:
        """An access token for the right client and secret; None for others."""
        from joserfc import jwt

        right = base64.b64encode(f"{CLIENT}:{self.secret}".encode()).decode()
        if authorization != f"Basic {right}":
            self.refused += 1
            return None
        now = time.time()
        claims = {"sub": CLIENT, "iss": ISSUER, "aud": AUDIENCE, "iat": int(now), "exp": int(now + self.lifetime_s)}
        signed = jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims | {"scope": "gcn"}, self._key)
        self.given += 1
        return {"access_token": signed, "token_type": "Bearer", "expires_in": int(self.lifetime_s)}


def _handler(endpoint: TokenEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, endpoint.keys()) if self.path == "/jwks" else self._answer(404, {})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = endpoint.token(self.headers.get("Authorization", ""))
            self._answer(200, token) if token else self._answer(401, {"error": "invalid_client"})

        def _answer(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")  # librdkafka refuses an answer without it
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it overrides
            pass

    return Handler
