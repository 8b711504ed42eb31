"""The worker, the queue and its tasks: each finding is brought about for real, seen, mended as it says, and gone after."""

import os
import re
import shutil
import signal
import time

import processes
from findings import (
    KEPT_OPEN,
    look,
    must_find,
    must_be_gone,
    apply,
    used,
    without_worker,
    is_gone,
    the_worker,
    look_fixed,
)
from lib import Broken, Skip


# ---- The worker ----


def worker_findings(context):
    """A stopped worker, none at all, workers that die one after the other, one of another version."""
    project, ledger = used(context, KEPT_OPEN)
    os.kill(the_worker(project), signal.SIGSTOP)
    finding = must_find(project, "worker.stalled", "degraded", limit_s=8)
    if not finding["since"]:
        raise Broken("worker.stalled does not say since when")
    apply(project, finding)
    must_be_gone(project, "worker.stalled")

    for _ in range(3):
        pid = the_worker(project)
        os.kill(pid, signal.SIGKILL)
        processes.wait_until(lambda pid=pid: is_gone(pid), 5)
        started = project.run("worker", "start")
        if started.code != 0:
            raise Broken(f"worker start: {started}")
    must_find(project, "worker.crash_loop", "degraded", limit_s=5)
    os.kill(the_worker(project), signal.SIGKILL)
    processes.end_orphans()
    project.configure(project.DEFAULT_CONFIG)
    apply(project, must_find(project, "worker.crash_loop", "degraded"))
    must_be_gone(project, "worker.crash_loop")

    without_worker(project, ledger)
    finding = must_find(project, "worker.missing", "degraded", limit_s=5)
    apply(project, finding)
    must_be_gone(project, "worker.missing")
    processes.wait_for_quiet()
    project.check(ledger)


def worker_version(context):
    """A worker that was started before an upgrade."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    project, ledger = used(context)
    project.configure(KEPT_OPEN)
    project.context = context.with_program(context.hooked)
    project.run("worker", "start", env={"KUZU_MEMORY_TEST_MINOR_VERSION": "9"})
    project.context = context
    finding = must_find(project, "worker.version", "degraded", limit_s=5)
    if "version 0.9." not in finding["what"] or not finding["since"]:
        raise Broken(f"the other version is told as {finding}")
    apply(project, finding)
    must_be_gone(project, "worker.version")
    project.must_learn(ledger)  # starts one of this version
    project.drain_running()
    must_be_gone(project, "worker.version")
    project.run("worker", "stop")
    project.check(ledger)


def clock_jump(context):
    """The clock was hours ahead while a worker ran, and was set right since; and it is set while one runs."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    project, ledger = used(context)
    ahead = project.copy("ahead")
    ahead.context = context.with_program(context.hooked)
    clock = context.work / "clock"
    clock.write_text("7200")
    env = {"KUZU_MEMORY_TEST_CLOCK_AHEAD": str(clock)}
    without_worker(ahead, ledger)
    ahead.run("worker", "run", "--until-idle", env=env)
    ahead.context = context
    apply(ahead, must_find(ahead, "clock.jumped", "degraded"))
    must_be_gone(ahead, "clock.jumped")

    ahead.configure(KEPT_OPEN)
    clock.write_text("0")
    ahead.context = context.with_program(context.hooked)
    ahead.run("worker", "start", env=env)
    the_worker(ahead)
    time.sleep(1.2)  # it knows the time by now
    clock.write_text("-600")
    finding = must_find(ahead, "clock.jumped", "degraded", limit_s=5)
    if not re.search(r"back by (10m|9m 59s)", finding["what"]) or not finding["since"]:
        raise Broken(f"the jump is told as {finding}")
    clock.write_text("0")
    apply(ahead, must_find(ahead, "clock.jumped", "degraded"))
    must_be_gone(ahead, "clock.jumped")
    ahead.run("worker", "stop")


# ---- The queue and its tasks ----


def queue_findings(context):
    """A queue that fills, is full, and whose oldest text waits for long."""
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 10}, "alerts": {"oldest_waiting_seconds": 1}}
    project, ledger = used(context, config)
    processes.wait_for_quiet()
    without_worker(project, ledger, 8)
    must_find(project, "queue.filling", "degraded")
    without_worker(project, ledger, 2)
    full = must_find(project, "queue.full", "broken")
    waiting = must_find(project, "queue.waiting", "degraded", limit_s=3)
    apply(project, full)
    must_be_gone(project, "queue.full")
    processes.wait_for_quiet()
    without_worker(project, ledger, 8)
    apply(project, must_find(project, "queue.filling", "degraded"))
    must_be_gone(project, "queue.filling")
    processes.wait_for_quiet()
    without_worker(project, ledger, 1)
    apply(project, must_find(project, "queue.waiting", "degraded", limit_s=3))
    if not waiting["since"]:
        raise Broken("queue.waiting does not say since when")
    for code in ("queue.full", "queue.filling", "queue.waiting"):
        must_be_gone(project, code)
    processes.wait_for_quiet()
    project.check(ledger)


def queue_damage(context):
    """Bytes that rot in the journal, what is set aside of them, and files that a dead worker left."""
    project, ledger = used(context)
    order = []
    with project.no_worker_starts():
        for _ in range(3):
            before = set(ledger.accepted)
            project.must_learn(ledger)
            order += list(ledger.accepted - before)
    journal = project.memory / "queue" / "journal"
    content = bytearray(journal.read_bytes())
    content[content.find(order[1].encode()) + 5] ^= 1
    journal.write_bytes(content)
    found = look(project, "doctor")
    if "queue.damaged" not in found or not found["queue.damaged"]["repair"]:
        raise Broken(f"doctor does not see the damaged record: {sorted(found)}")
    found = look_fixed(project, "queue.damaged")
    if found["queue.quarantined"]["level"] != "degraded":
        raise Broken("what was set aside is not told")
    apply(project, must_find(project, "queue.quarantined", "degraded"))
    must_be_gone(project, "queue.quarantined")

    segment = project.memory / "queue" / "seg-00000000000000ff"
    shutil.copy(journal, segment)
    segment.chmod(0o600)
    must_find(project, "queue.segments", "degraded", "doctor")
    look_fixed(project, "queue.segments")
    processes.wait_for_quiet()
    project.check(ledger, damaged={order[1]})


def failed_task(context):
    """A task that fails: told with its last error, as many of few or as one of many; learnt when it is tried again."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000, "task_retry_attempts": 0}}
    project, ledger = used(context, config)

    def fail():
        processes.wait_for_quiet()
        real = project.context
        project.context = context.with_program(context.hooked)
        with project.no_worker_starts():
            project.run("learn", "This text is poisoned to fail.", "--verbatim", "--quiet", "--source", "poison:fail")
        project.run("worker", "run", "--until-idle")
        project.context = real

    def must_mend(code):
        finding = must_find(project, code, "degraded")
        if "last: failed on purpose (1)" not in finding["what"] or not finding["since"]:
            raise Broken(f"the last error is not told: {finding}")
        apply(project, finding)
        project.drain_running()
        must_be_gone(project, code)

    fail()
    must_mend("tasks.failing")
    project.must_learn(ledger, 20)
    project.drain_running()
    fail()
    must_mend("tasks.failed")


TESTS = [
    ("health-worker", worker_findings),
    ("health-worker-version", worker_version),
    ("health-clock", clock_jump),
    ("health-queue", queue_findings),
    ("health-queue-damage", queue_damage),
    ("health-failed-task", failed_task),
]
