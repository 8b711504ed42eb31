"""Soak: a random mix of commands, kills, cut files and clocks of several users for minutes, with the invariants checked after each
minute, flat memory, descriptors and file sizes; and a storm of many writers and readers. KM_SOAK_MINUTES and KM_STORM_SECONDS say
how long; the short form takes a few seconds."""

import os
import threading
import time
from pathlib import Path

import processes
from lib import EXIT_CODES, Broken, Fault, Ledger

READING = (
    ("enhance", "Where is the warehouse?", "--format", "plain"),
    ("recall", "warehouse amber", "--format", "json"),
    ("recent", "--limit", "5"),
    ("stats", "--detailed"),
    ("status",),
    ("tasks", "list"),
    ("metrics",),
)


def _worker_usage(project):
    """Resident KiB and open descriptors of the worker that runs, or None."""
    pid = project.json("worker", "status").get("pid")
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        resident = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
        return resident, len(os.listdir(f"/proc/{pid}/fd"))
    except (OSError, StopIteration):
        return None


def _mix(context, project, ledger):
    """One random thing that happens."""
    what = context.random.randrange(20)
    if what < 9:
        project.learn(ledger, "--priority", str(context.random.randrange(10)))
    elif what < 11:
        project.learn(ledger, "--sync", timeout=30)
    elif what < 12:
        project.remember(ledger, timeout=30)
    elif what < 16:
        result = project.run(*context.random.choice(READING), timeout=30)
        if result.code not in EXIT_CODES:
            raise Broken(f"{result}")
    elif what < 17:
        project.learn(ledger, fault=Fault(context.random.choice(("kill-before", "kill-after")), context.random.randrange(1, 40)))
    elif what < 18:
        project.run("worker", "run", "--until-idle", fault=Fault("kill-before", context.random.randrange(1, 400)), timeout=30)
    elif what < 19:
        page = project.memory / "state/metrics"
        if page.exists():
            os.truncate(page, 0)
    else:
        project.run("doctor", timeout=60)


def soak(context):
    """The random mix, and everything checked after each minute."""
    minutes = float(os.environ.get("KM_SOAK_MINUTES", "30" if context.is_full else "0.1"))
    project, ledger = context.project({"async": {"worker_idle_seconds": 2, "max_queue_size": 100000}}), Ledger()
    end = time.monotonic() + minutes * 60
    steps, checks, resident, descriptors, sizes = 0, 0, [], [], []
    while time.monotonic() < end:
        next_check = min(end, time.monotonic() + 60)
        while time.monotonic() < next_check:
            _mix(context, project, ledger)
            steps += 1
            time.sleep(0.02)  # a bounded rate: this is to be long, not hard
        used = _worker_usage(project)
        if used:
            resident.append(used[0])
            descriptors.append(used[1])
        project.drain()
        project.check(ledger)
        checks += 1
        sizes.append(sum(path.stat().st_size for path in project.memory.rglob("*") if path.is_file()) / max(1, len(ledger.accepted)))
    if resident and max(resident) > 50 * 1024:
        raise Broken(f"a worker holds {max(resident)} KiB")
    if descriptors and max(descriptors) > 40:
        raise Broken(f"a worker holds {max(descriptors)} descriptors")
    if len(sizes) > 3 and sizes[-1] > 3 * sizes[2]:
        raise Broken(f"files grow faster than what is in them: {sizes}")
    return f"{steps} steps, {len(ledger.accepted)} accepted, {checks} checks, worker {max(resident, default=0)} KiB at most"


def storm(context):
    """Writers and readers at once; each call succeeds, and everything is there at the end."""
    seconds = float(os.environ.get("KM_STORM_SECONDS", "300" if context.is_full else "3"))
    writers, readers = (64, 16) if context.is_full or seconds > 3 else (16, 4)
    project = context.project({"async": {"worker_idle_seconds": 2, "max_queue_size": 1000000}})
    end = time.monotonic() + seconds
    faults, counts, lock = [], {"written": 0, "read": 0}, threading.Lock()

    def write(number):
        while time.monotonic() < end:
            with lock:
                counts["written"] += 1
                text = f"Writer{number:03d} keeps item{counts['written']:07d} near gate{counts['written'] * 7919 % 1000003:06d}."
            result = project.run("learn", text, "--verbatim", "--quiet", timeout=60)
            if result.code != 0:
                faults.append(f"learn: {result}")

    def read(number):
        while time.monotonic() < end:
            words = READING[number % len(READING)]
            result = project.run(*words, timeout=60)
            with lock:
                counts["read"] += 1
            if result.code not in (0, 1) or (words[0] != "status" and result.code != 0):
                faults.append(f"{words[0]}: {result}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    threads += [threading.Thread(target=read, args=(n,)) for n in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    project.drain_running(120)
    processes.wait_for_quiet(30)
    if faults:
        raise Broken(f"{len(faults)} calls failed, such as {faults[0]}")
    stored = len(project.contents())
    if stored != counts["written"]:
        raise Broken(f"{counts['written']} were written, {stored} are there")
    return f"{writers} writers wrote {counts['written']}, {readers} readers read {counts['read']} times, none failed"


TESTS = (
    ("soak", soak),
    ("many-at-once", storm),
)
