"""Receivers on this machine: of webhooks and of e-mail."""

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Hook:
    """A webhook that keeps what it is sent."""

    def __init__(self) -> None:
        """Starts to listen."""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.bodies.append(json.loads(text))
                    hook.headers.append(dict(self.headers))
                self.send_response(hook.status)
                if hook.status == 302:
                    self.send_header("Location", f"http://127.0.0.1:{hook.port}/other")
                self.end_headers()

            def log_message(self, *_: object) -> None:  # nothing to stderr
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


class Mailbox:
    """An SMTP server that takes every message."""

    def __init__(self) -> None:
        """Starts to listen."""
        self.messages: list[str] = []
        box = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    word = line[:4].upper()
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = iter(self.rfile.readline, b".\r\n")
                        box.messages.append(b"".join(lines).decode())
                    if word == b"QUIT":
                        self.wfile.write(b"221 bye\r\n")
                        return
                    self.wfile.write(b"250 ok\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]


def _serve(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook."""
    receiver = Hook()
    for _ in _serve(receiver.server):
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mailbox."""
    receiver = Mailbox()
    for _ in _serve(receiver.server):
        yield receiver
