#!/usr/bin/env python3
"""Plays conversations against `kuzu-memory mcp` and compares every answer.

    tests/mcp/golden.py [--update] [FILE...]      the program is named by KM_PROGRAM

A transcript is a file of JSON lines, carried out in order:
    {"send": MESSAGE}         one message; a text is sent as it stands
    {"send_together": [...]}  several in one write
    {"receive": MESSAGE}      the next line of the answer, as a whole; what differs between two runs is masked
    {"run": [ARGUMENTS]}      the program itself, in the same project, for instance to wait for the worker
At the end the input is closed: no further line may come, nothing may stand on standard error, and the exit code is 0.
--update writes the answers that came into the files.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
LIMIT_S = 20


class Mismatch(Exception):
    """An answer that is not the expected one."""


def mask_text(text, project):
    text = text.replace(project, "<project>")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?", "<id>", text)
    text = re.sub(r"Worker: \w+", "Worker: <state>", text)
    return re.sub(r"\d{4}-\d\d-\d\d", lambda found: found[0] if found[0] in REVISIONS else "<date>", text)


def mask(value, project, key=None):
    if isinstance(value, dict):
        return {name: mask(item, project, name) for name, item in value.items()}
    if isinstance(value, list):
        return [mask(item, project) for item in value]
    if key == "version":
        return "<version>"
    if key == "confidence":
        return "<number>"
    if key == "worker":
        return "<state>"
    return mask_text(value, project) if isinstance(value, str) else value


def environment(place):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUZU_MEMORY_")}
    return {**kept, "HOME": place, "XDG_CONFIG_HOME": place, "KUZU_MEMORY_PROJECT": place + "/project"}


class Server:
    """The program with pipes, one line at a time."""

    def __init__(self, program, place):
        self.program = program
        self.place = place
        self.environment = environment(place)
        self.process = subprocess.Popen(
            [program, "mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd=place + "/project",
        )

    def send(self, messages):
        lines = [m if isinstance(m, str) else json.dumps(m, separators=(",", ":")) for m in messages]
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise Mismatch("the server ended instead of answering")
        return json.loads(line)

    def run(self, arguments):
        subprocess.run([self.program, *arguments], env=self.environment, check=True, timeout=LIMIT_S, capture_output=True)

    def finish(self):
        rest, complaints = self.process.communicate(timeout=LIMIT_S)
        if rest or complaints or self.process.returncode != 0:
            raise Mismatch(f"at the end: exit code {self.process.returncode}, more output {rest!r}, {complaints!r}")


def play(program, path, is_update):
    steps = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    with tempfile.TemporaryDirectory(prefix="km-mcp-") as place:
        os.mkdir(place + "/project")
        server = Server(program, place)
        timer = subprocess.Popen(["sh", "-c", f"sleep {LIMIT_S}; kill -9 {server.process.pid}"], start_new_session=True)
        try:
            for number, step in enumerate(steps, 1):
                if "send" in step:
                    server.send([step["send"]])
                elif "send_together" in step:
                    server.send(step["send_together"])
                elif "run" in step:
                    server.run(step["run"])
                else:
                    came = mask(server.receive(), place + "/project")
                    if is_update:
                        step["receive"] = came
                    elif came != step["receive"]:
                        raise Mismatch(f"step {number}:\n  expected {json.dumps(step['receive'])}\n  came     {json.dumps(came)}")
            server.finish()
        finally:
            server.process.kill()
            os.killpg(timer.pid, 9)
            timer.wait()
            subprocess.run(
                [program, "worker", "stop", "--force", "--quiet"],
                env=server.environment,
                check=False,
                timeout=LIMIT_S,
                capture_output=True,
            )
    if is_update:
        path.write_text("".join(json.dumps(step, ensure_ascii=False) + "\n" for step in steps))


def main():
    arguments = sys.argv[1:]
    is_update = "--update" in arguments
    paths = [Path(name) for name in arguments if name != "--update"] or sorted(HERE.glob("*.jsonl"))
    program = os.environ["KM_PROGRAM"]
    failures = 0
    print(f"1..{len(paths)}", flush=True)
    for number, path in enumerate(paths, 1):
        try:
            play(program, path, is_update)
            print(f"ok {number} - {path.stem}", flush=True)
        except (Mismatch, OSError, subprocess.SubprocessError, ValueError) as reason:
            failures += 1
            print("# " + str(reason).replace("\n", "\n# "))
            print(f"not ok {number} - {path.stem}", flush=True)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
