#!/usr/bin/env python3
"""What a server and hooks must bear: many messages, many processes, endings of every kind. Prints TAP.

The program is named by KM_PROGRAM. Every wait has a limit; memory is not judged in builds with sanitizers."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

PROGRAM = os.environ["KM_PROGRAM"]
IS_SANITIZED = b"__asan_init" in Path(PROGRAM).read_bytes()
LIMIT_S = 60
RESIDENT_KB = 8192
GROWTH_KB = 256
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def expect(is_true, what):
    if not is_true:
        raise AssertionError(what)


def request(number, method, **parameters):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {"_meta": META, **parameters}}


def call(number, tool, **arguments):
    return request(number, "tools/call", name=tool, arguments=arguments)


class Place:
    """A home and a project of their own."""

    def __init__(self, config=None):
        self.folder = tempfile.TemporaryDirectory(prefix="km-mcp-")
        self.project = self.folder.name + "/project"
        os.mkdir(self.project)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KUZU_MEMORY_")}
        self.environment = {
            **kept,
            "HOME": self.folder.name,
            "XDG_CONFIG_HOME": self.folder.name + "/config",
            "KUZU_MEMORY_PROJECT": self.project,
        }
        if config is not None:
            os.makedirs(self.folder.name + "/config/kuzu-memory")
            Path(self.folder.name + "/config/kuzu-memory/config.json").write_text(json.dumps(config))

    def run(self, *arguments, text=""):
        return subprocess.run(
            [PROGRAM, *arguments], input=text.encode(), env=self.environment, cwd=self.project, timeout=LIMIT_S, capture_output=True
        )

    def serve(self, **pipes):
        wanted = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **pipes}
        return subprocess.Popen([PROGRAM, "mcp"], env=self.environment, cwd=self.project, **wanted)

    def hook(self, event, client="claude-code", **fields):
        return self.run("hook", event, "--client", client, text=json.dumps(fields))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run("worker", "stop", "--force", "--quiet")
        self.folder.cleanup()


def send(server, message):
    line = message if isinstance(message, bytes) else json.dumps(message).encode()
    server.stdin.write(line + b"\n")
    server.stdin.flush()


def receive(server):
    return json.loads(server.stdout.readline())


def ask(server, message):
    send(server, message)
    return receive(server)


def resident_kb(server):
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def finish(server):
    rest, complaints = server.communicate(timeout=LIMIT_S)
    expect(server.returncode == 0, f"exit code {server.returncode}")
    expect(not rest and not complaints, f"left over: {rest!r} {complaints!r}")


# ---- Tests ----


def ten_thousand_mixed_messages_without_growth():
    with Place() as place:
        place.run("remember", "Never deploy on Fridays", "--type", "rule")
        server = place.serve()
        kinds = [
            lambda n: request(n, "server/discover"),
            lambda n: request(n, "tools/list"),
            lambda n: b"garbage" * (n % 50),
            lambda n: call(n, "recall", query="deploy on Fridays"),
            lambda n: call(n, "recall", query=5),
            lambda n: {"jsonrpc": "2.0", "id": n, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}},
            lambda n: call(n, "recent", limit=3),
            lambda n: {"jsonrpc": "2.0", "id": n, "method": "ping", "params": {"text": "x" * 2000}},
            lambda n: request(n, "resources/read", uri="kuzu-memory://digest"),
            lambda n: [1, 2, 3],
        ]
        early = 0
        for start in range(1, 10001, 40):
            messages = [kinds[number % len(kinds)](number) for number in range(start, start + 40)]
            messages = [message for message in messages if message != b""]
            lines = [message if isinstance(message, bytes) else json.dumps(message).encode() for message in messages]
            send(server, b"\n".join(lines))
            for message in messages:
                answer = receive(server)
                expect("result" in answer or "error" in answer, f"{message}: {answer}")
            early = early or (start > 2000 and resident_kb(server))
        late = resident_kb(server)
        finish(server)
        if not IS_SANITIZED:
            expect(late - early <= GROWTH_KB, f"grew from {early} to {late} KB")
            expect(late <= RESIDENT_KB, f"{late} KB resident")


def a_message_that_is_too_long_is_refused_by_its_id():
    with Place() as place:
        server = place.serve()
        text = "x" * (9 * 1024 * 1024)
        message = {"jsonrpc": "2.0", "method": "tools/call", "params": {"text": text}, "id": "long-1"}
        answer = ask(server, message)
        expect(answer["id"] == "long-1" and answer["error"]["code"] == -32600, str(answer)[:300])
        expect("8388608" in answer["error"]["message"], answer["error"]["message"])
        answer = ask(server, call(2, "learn", text="y" * (2 * 1024 * 1024)))
        expect(answer["result"]["isError"] and "1048576" in answer["result"]["content"][0]["text"], str(answer)[:300])
        expect("result" in ask(server, request(3, "server/discover")), "it goes on after that")
        finish(server)


def a_message_may_come_byte_by_byte():
    with Place() as place:
        server = place.serve()
        for byte in json.dumps(request(1, "server/discover")).encode() + b"\n":
            server.stdin.write(bytes([byte]))
            server.stdin.flush()
        expect(receive(server)["id"] == 1, "the id")
        finish(server)


def nothing_is_opened_before_a_tool_is_called():
    with Place() as place:
        server = place.serve()
        for number, method in enumerate(("server/discover", "tools/list", "resources/list", "resources/templates/list")):
            expect("result" in ask(server, request(number, method)), method)
        files = [os.readlink(f"/proc/{server.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{server.pid}/fd")]
        opened = [name for name in files if not name.startswith("pipe:") and name != "/dev/null"]
        expect(not opened, f"open: {opened}")
        expect("result" in ask(server, call(9, "recall", query="anything")), "recall")
        expect(os.listdir(place.project) == [], "reading makes nothing")
        finish(server)


def standard_output_belongs_to_the_protocol():
    with Place() as place:
        server = place.serve()
        ask(server, request(1, "server/discover"))
        out = os.readlink(f"/proc/{server.pid}/fd/1")
        error = os.readlink(f"/proc/{server.pid}/fd/2")
        expect(out == error, f"descriptor 1 is {out}")
        expect(os.readlink(f"/proc/{server.pid}/fd/0") == "/dev/null", "descriptor 0 is moved away")
        finish(server)


def it_ends_when_asked_to():
    with Place() as place:
        for number in (signal.SIGTERM, signal.SIGINT):
            server = place.serve()
            ask(server, request(1, "server/discover"))
            server.send_signal(number)
            expect(server.wait(timeout=2) == -number, f"signal {number}")
            server.communicate()
        server = place.serve()
        ask(server, request(1, "server/discover"))
        server.stdout.close()  # nobody reads any more
        send(server, request(2, "tools/list"))
        expect(server.wait(timeout=2) == 0, "nobody reads")
        server.stdin.close()
        server.stderr.close()
        server = place.serve(stdin=subprocess.DEVNULL)
        finish(server)


def pipes_that_do_not_block_are_waited_for():
    with Place() as place:
        server = place.serve()
        os.set_blocking(server.stdout.fileno(), True)
        for stream in (server.stdin, server.stdout):
            os.set_blocking(stream.fileno(), True)
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        second = place.serve(stdin=read_end)
        os.close(read_end)
        time.sleep(0.05)
        os.write(write_end, json.dumps(request(1, "server/discover")).encode() + b"\n")
        expect(receive(second)["id"] == 1, "an input that does not block")
        os.close(write_end)
        expect(second.wait(timeout=LIMIT_S) == 0, "its end")
        second.communicate()
        finish(server)


def a_broken_configuration_is_told_by_the_tools():
    with Place({"async": {"max_workers": 0}}) as place:
        server = place.serve()
        expect("result" in ask(server, request(1, "server/discover")), "discover")
        answer = ask(server, call(2, "learn", text="We use tabs."))
        expect(answer["result"]["isError"] and "max_workers" in answer["result"]["content"][0]["text"], str(answer))
        finish(server)
        result = place.hook("UserPromptSubmit", session_id="s", prompt="We use tabs.")
        expect((result.returncode, result.stdout, result.stderr) == (0, b"", b""), str(result))


def sixteen_servers_and_sixty_four_hooks_at_once():
    faults = []

    def client(place, name):
        try:
            server = place.serve()
            for number in range(8):
                answer = ask(server, call(number, "learn", text=f"Room {name}{number} faces the northern courtyard."))
                expect(not answer["result"]["isError"], str(answer))
                answer = ask(server, call(number, "recall", query="northern courtyard"))
                expect(not answer["result"]["isError"], str(answer))
            finish(server)
        except Exception as reason:  # told by the test that started the thread
            faults.append(f"server {name}: {reason}")

    def hook(place, number):
        try:
            events = (("UserPromptSubmit", "prompt"), ("Stop", "last_assistant_message"))
            event, key = events[number % 2]
            fields = {"session_id": f"s{number}", key: f"Desk h{number} stands beside the southern window."}
            result = place.hook(event, **fields)
            expect(result.returncode == 0 and result.stderr == b"", str(result))
        except Exception as reason:  # told by the test that started the thread
            faults.append(f"hook {number}: {reason}")

    with Place({"async": {"max_queue_size": 100000}}) as place:
        place.run("init", "--quiet")
        threads = [threading.Thread(target=client, args=(place, chr(97 + n))) for n in range(16)]
        threads += [threading.Thread(target=hook, args=(place, n)) for n in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expect(not faults, "; ".join(faults)[:600])
        expect(place.run("tasks", "wait", "--all", "--timeout", "50").returncode == 0, "everything is learnt")
        found = place.run("recent", "--limit", "1000", "--format", "raw").stdout.decode()
        rooms = set(re.findall(r"Room ([a-p]\d) faces", found))
        desks = set(re.findall(r"Desk (h\d+) stands", found))
        expect((len(rooms), len(desks)) == (128, 64), f"{len(rooms)} rooms, {len(desks)} desks")


TESTS = [value for name, value in list(globals().items()) if callable(value) and getattr(value, "__module__", "") == "__main__"]
HELPERS = {expect, request, call, Place, send, receive, ask, resident_kb, finish}


def main():
    tests = [test for test in TESTS if test not in HELPERS]
    failures = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        start = time.monotonic()
        try:
            test()
            verdict = "ok"
        except (AssertionError, OSError, subprocess.SubprocessError, ValueError, KeyError) as reason:
            print("# " + f"{type(reason).__name__}: {reason}".replace("\n", "\n# "))
            verdict = "not ok"
            failures += 1
        print(f"{verdict} {number} - {test.__name__.replace('_', ' ')} # {time.monotonic() - start:.1f} s", flush=True)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
