"""Runs the scenarios of tests/data/recall/scenarios.txt (the format stands there) against the program.

usage: scenarios.py PROGRAM FILE... [--store NAME]

Prints a TAP line for each prompt; what was given follows one that fails.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SIGNS = "=1!0<"


def read(path):
    stores = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        sign, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if sign == "store":
            name, now = rest.split()
            stores.append({"name": name, "now": now, "texts": [], "prompts": []})
        elif sign == "+":
            at, text = re.fullmatch(r"(?:\[([\d-]+)\] )?(.+)", rest).groups()
            stores[-1]["texts"].append({"content": text, "at": at or stores[-1]["now"]})
        elif sign == "?":
            stores[-1]["prompts"].append((rest, []))
        elif sign in SIGNS and len(sign) == 1:
            stores[-1]["prompts"][-1][1].append((sign, rest))
        else:
            sys.exit(f"{path}: not understood: {line}")
    return stores


def holds(sign, rest, given):
    if sign == "=":
        return any(rest in text for text in given)
    if sign == "1":
        return bool(given) and rest in given[0]
    if sign == "!":
        return not any(rest in text for text in given)
    return len(given) <= int(rest or 0)


def run(program, store, number):
    failed = 0
    with tempfile.TemporaryDirectory(prefix="scenarios-") as work:
        environment = {**os.environ, "KUZU_MEMORY_PROJECT": work}
        lines = "\n".join(json.dumps(text) for text in store["texts"])
        subprocess.run([program, "learn", "--batch", "-", "--sync", "--quiet"], input=lines, text=True, env=environment,
                       check=True, timeout=60)
        for prompt, wanted in store["prompts"]:
            done = subprocess.run([program, "enhance", "--format", "json", "--now", store["now"], "--", prompt],
                                  env=environment, check=True, capture_output=True, text=True, timeout=60)
            answer = json.loads(done.stdout)
            given = [memory["content"] for memory in answer["memories_used"]]
            missed = [f"{sign} {rest}" for sign, rest in wanted if not holds(sign, rest, given)]
            number += 1
            print(f"{'not ok' if missed else 'ok'} {number} {store['name']}: {prompt}")
            if missed:
                failed += 1
                print("#   missed: " + "; ".join(missed))
                for memory in answer["memories_used"]:
                    print(f"#   given: {memory['content']} ({memory['reason']})")
    return number, failed


def main():
    only = sys.argv[sys.argv.index("--store") + 1] if "--store" in sys.argv else None
    files = [a for a in sys.argv[2:] if a not in ("--store", only)]
    number = failures = 0
    for path in files:
        for store in read(path):
            if only is None or store["name"] == only:
                number, failed = run(os.path.abspath(sys.argv[1]), store, number)
                failures += failed
    print(f"1..{number}")
    print(f"# {number - failures} of {number} hold")
    sys.exit(1 if failures else 0)


main()
