"""Failing calls where more is promised than old state or new state: enhance, its cache, and the flush of learn."""

import json

import processes
from kills import count_calls, recover_and_check, used_project
from lib import Broken, Fault, Ledger
from sweeps import ERRORS, startup_calls



def _sweep(context, template, ledger, attempt, calls, short_size, **options):
    startup = startup_calls(context)
    pairs = [(at, name) for at in range(1, calls + 3) for name in ERRORS]
    fired = 0
    broken = []
    for at, name in context.sample(pairs, short_size):
        fault = Fault(name, at, **options)
        try:
            attempt(template, ledger, fault, startup, f"{name}-{at}")
        except Broken as reason:
            broken.append(str(reason))
            processes.end_orphans()
            if len(broken) == 5:
                break
        fired += fault.has_fired
    if broken:
        raise Broken("\n  # ".join(broken))
    return f"{calls} calls, {fired} errors"


def errors_of_enhance(context):
    """enhance never fails the prompt: whatever goes wrong, it is printed and the exit code is 0."""
    template, ledger = used_project(context)
    prompt = "Where is the amber anchor?"
    words = ("enhance", prompt, "--format", "plain")
    calls = count_calls(template, "count", words)

    def attempt(template, ledger, fault, startup_calls, name):
        result = template.run(*words, fault=fault)
        if fault.at <= startup_calls or fault.report.get("fired_call") in ("write", "writev"):
            return
        if result.code != 0 or prompt.encode() not in result.out:
            raise Broken(f"{fault}: the prompt is not printed: {result}")

    note = _sweep(context, template, ledger, attempt, calls, 200)
    recover_and_check(template, ledger)
    return note


def _project_with_cache(context):
    """So many memories that enhance keeps its answers."""
    project = context.project(name="cached")
    path = context.work / "cached.jsonl"
    texts = (f"Shelf {n} of the warehouse holds {n % 37} boxes of {('amber', 'copper', 'linen')[n % 3]}." for n in range(1100))
    path.write_text("".join(json.dumps({"content": text}) + "\n" for text in texts))
    result = project.run("learn", "--batch", path, "--verbatim", "--quiet")
    if result.code != 0:
        raise Broken(f"learn --batch: {result}")
    project.drain()
    return project


def errors_of_enhance_with_cache(context):
    """A cache that cannot be made, read or written costs nothing but itself, and never keeps a wrong answer."""
    project = _project_with_cache(context)
    cache = project.memory / "state" / "cache"
    prompt = "Which shelf holds boxes of amber?"
    words = ("enhance", prompt, "--format", "plain")
    expected = project.run(*words).out
    if not cache.exists() or project.run(*words).out != expected or project.stats()["cache"]["hits"] != 1:
        raise Broken("the answer is not kept")

    def attempt(project, ledger, fault, startup_calls, name):
        for is_kept in (False, True):
            if not is_kept:
                cache.unlink(missing_ok=True)
            result = project.run(*words, fault=fault)
            if fault.at > startup_calls and fault.report.get("fired_call") not in ("write", "writev"):
                if result.code != 0 or result.out.strip() not in (expected.strip(), prompt.encode()):
                    raise Broken(f"{fault}: neither the answer nor the prompt: {result}")
            if project.run(*words).out != expected:
                raise Broken(f"{fault}: another answer is kept")

    cache.unlink()
    fault = Fault("", 0)
    project.run(*words, fault=fault)
    return _sweep(context, project, None, attempt, fault.calls_made, 80)


def failed_sync(context):
    """A flush that fails is a learn that fails; the next learn is not fooled by it."""
    template, ledger = used_project(context)
    for name in ("EIO", "ENOSPC", "EDQUOT"):
        project, promised = template.copy(f"sync-{name}"), Ledger(ledger)
        fault = Fault(name, 1, of="first", follows=False, calls="fdatasync,fsync")
        result = project.learn(promised, fault=fault)
        if not fault.has_fired:
            raise Broken("learn made no flush at all")
        if result.code == 0:
            raise Broken(f"{name} on the flush, and learn said that the text is safe")
        if fault.calls_made != 1:
            raise Broken(f"after {name} the flush was tried again: {fault.calls_made} flushes")
        after = Fault("", 0, of="first", follows=False, calls="fdatasync,fsync")
        project.must_learn(promised, fault=after)
        if after.calls_made != 1:
            raise Broken(f"the learn after a failed flush made {after.calls_made} flushes")
        recover_and_check(project, promised)
    return ""


TESTS = [
    ("errors-of-enhance", errors_of_enhance),
    ("errors-of-enhance-with-cache", errors_of_enhance_with_cache),
    ("failed-sync", failed_sync),
]
