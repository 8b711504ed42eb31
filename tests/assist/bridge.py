#!/usr/bin/env python3
"""A server on standard input and output behind HTTP on 127.0.0.1: the official conformance suite knows no other way.

    bridge.py PORT_FILE PROGRAM ARGUMENT...     writes the port it got into PORT_FILE; ends on SIGTERM

One process answers all requests, in the order in which they come; each gets an id of its own on the way, for the suite
uses the same ones on several connections. What is about HTTP itself (sessions, streams, headers) is not bridged.
"""

import http.server
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

NO_SUCH_METHOD = -32601
ANSWERED_WITH_400 = (-32020, -32021, -32022)
LINE_LIMIT = 16 * 1024 * 1024


class Server:
    """The program with pipes. One request at a time: it answers within milliseconds."""

    def __init__(self, words):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lock = threading.Lock()
        self.serial = 0

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, message):
        with self.lock:
            if "id" not in message or "method" not in message:
                self.send(message)
                return None
            self.serial += 1
            self.send({**message, "id": self.serial})
            answer = json.loads(self.process.stdout.readline(LINE_LIMIT))
        return {**answer, "id": message["id"]}


def status_of(message, answer):
    """What the specification of HTTP says for an error: only requests of 2026-07-28 name one."""
    code = answer.get("error", {}).get("code")
    is_new = "_meta" in (message.get("params") or {})
    return 404 if code == NO_SUCH_METHOD and is_new else 400 if code in ANSWERED_WITH_400 else 200


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_program = None

    def log_message(self, *_):
        """Says nothing."""

    def answer(self, status, value=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(405)

    do_DELETE = do_GET

    def do_POST(self):
        try:
            message = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        except ValueError:
            self.answer(400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}})
            return
        reply = self.server_program.ask(message) if isinstance(message, dict) else None
        if reply is None:
            self.answer(202)
        else:
            self.answer(status_of(message, reply), reply)


def main():
    port_file, *words = sys.argv[1:]
    Handler.server_program = Server(words)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Path(port_file).write_text(str(server.server_port))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()
    Handler.server_program.process.stdin.close()
    Handler.server_program.process.wait(5)


if __name__ == "__main__":
    main()
