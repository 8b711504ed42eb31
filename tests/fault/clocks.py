"""Clocks that lie: ten years ahead, a day back, during a retry's pause, and a monotonic clock of another boot."""

import os
import shutil
import signal
import time

import poison
import processes
from lib import Broken, Ledger, Skip

YEAR = 365 * 86400
JUMPS = {"ten years on": 10 * YEAR, "a day back": -86400, "a minute on": 60, "an hour and more on": 4000}


def ahead(context, seconds):
    """The environment of a program whose clock is so far ahead."""
    path = context.work / f"clock{seconds}"
    path.write_text(str(seconds))
    return {"KUZU_MEMORY_TEST_CLOCK_AHEAD": str(path)}


def jumps(context):
    """The clock jumps between texts and workers, there and back: nothing is stuck, nothing is stored twice or dropped."""
    for name, seconds in JUMPS.items():
        project, ledger = poison.hooked_project(context), Ledger()
        project.must_learn(ledger, 2)
        project.fill(ledger, 3)
        with project.no_worker_starts():
            project.must_learn(ledger, 3, env=ahead(context, seconds))
        project.drain(env=ahead(context, seconds))
        project.must_learn(ledger, 2, env=ahead(context, seconds))
        project.fill(ledger, 2)
        project.drain()  # the clock is right again
        project.must_learn(ledger, 2)
        project.drain()
        try:
            project.check(ledger)
        except Broken as reason:
            raise Broken(f"{name}: {reason}") from None
    return ", ".join(JUMPS)


def during_a_pause(context):
    """A task waits for its next attempt when the clock jumps: it runs at once or after its pause, never hours later."""
    told = []
    for name, seconds in JUMPS.items():
        project, ledger = poison.hooked_project(context), Ledger()
        project.must_learn(ledger, 1)
        project.drain()
        text = "This text fails the first time."
        with project.no_worker_starts():
            result = project.run("learn", text, "--verbatim", "--quiet", "--source", "poison:fail-once")
        if result.code != 0:
            raise Broken(f"learn: {result}")
        worker = project.start("worker", "run", "--until-idle", stdout=-3, stderr=-3)
        waits = processes.wait_until(lambda p=project: p.stats().get("retrying_tasks") == 1, 10, 0.01)
        worker.kill()
        worker.wait()
        processes.finished(worker)
        if not waits:
            raise Broken("no task waits for its next attempt")
        began = time.monotonic()
        project.drain(30, env=ahead(context, seconds))
        took = time.monotonic() - began
        stats = project.stats()
        if project.contents().count(text) != 1 or stats["queue_size"] != 0 or stats["failed_tasks"] != 0:
            raise Broken(f"{name}: the task is {project.contents().count(text)} times there: {stats}")
        told.append(f"{name}: {took:.1f} s")
    return "; ".join(told)


def another_boot(context):
    """The worker is killed in a time namespace far ahead or behind: its beats must neither accuse nor keep anybody."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        raise Skip("needs root and unshare")
    probe = processes.run(["unshare", "--time", "--monotonic", "1000000", "true"])
    if probe.code != 0:
        raise Skip("no time namespaces here")
    shifted = ["unshare", "--fork", "--kill-child", "--time", "--monotonic", "5000000", "--boottime", "5000000", "--"]
    for first, second in ((shifted, []), ([], shifted), (shifted, shifted)):
        project, ledger = context.project(), Ledger()
        project.must_learn(ledger, 2)
        project.drain()
        project.fill(ledger, 200)
        argv = [*first, *project.command("worker", "run")]
        worker = processes.start(argv, env=project.environment(), cwd="/", stdin=-3, stdout=-3, stderr=-3)
        if not processes.wait_until(processes.workers, 5):
            raise Broken("no worker")
        time.sleep(context.random.uniform(0.0, 0.05))
        for pid in processes.workers():
            os.kill(pid, signal.SIGKILL)
        worker.wait()
        processes.finished(worker)
        processes.wait_for_quiet()
        text = ledger.text()
        argv = [*second, *project.command("learn", text, "--verbatim", "--quiet")]
        result = processes.run(argv, env=project.environment(), cwd="/")
        ledger.note(text, result.code == 0)
        argv = [*second, *project.command("worker", "run", "--until-idle")]
        if not processes.wait_until(lambda a=argv, p=project: processes.run(a, env=p.environment(), cwd="/").code != 4, 10, 0.05):
            raise Broken("another worker does not end")
        processes.wait_for_quiet()
        project.drain()
        project.check(ledger)
    return "3 orders"


TESTS = [("clock-jumps", jumps), ("clock-jumps-during-a-pause", during_a_pause), ("clock-of-another-boot", another_boot)]
