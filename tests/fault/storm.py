"""Many learns at once: with a worker, without one, and with one that keeps dying."""

import os
import random
import signal
import threading
import time

import processes
from lib import Broken, Ledger


class Watcher:
    """Counts living workers again and again, in a thread; kills them if told to."""

    def __init__(self, kill_every_s=None, seed=0):
        self.most = 0
        self.samples = 0
        self.kills = 0
        self.doubles = []
        self.kill_every_s = kill_every_s
        self.random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        next_kill = time.monotonic()
        while not self._stop.is_set():
            alive = processes.workers()
            self.samples += 1
            if len(alive) > 1 and self._are_really_two(alive):
                self.doubles.append(alive)
            self.most = max(self.most, min(len(alive), 1 + len(self.doubles)))
            if self.kill_every_s and alive and time.monotonic() > next_kill:
                self._kill(alive[0])
                next_kill = time.monotonic() + self.kill_every_s * self.random.uniform(0.2, 1.8)
            processes.reap_orphans()
            time.sleep(0.001)

    @staticmethod
    def _are_really_two(pids):
        """One that has given its lock back and is on its way out does not count: look again a little later."""
        time.sleep(0.005)
        return sum(processes.is_worker(pid) for pid in pids) > 1

    def _kill(self, pid):
        try:
            os.kill(pid, signal.SIGKILL)
            self.kills += 1
        except ProcessLookupError:
            pass


def burst(context, project, count, first, limit_s=60):
    """Starts `count` learns at once; gives back (exit code, milliseconds) of each."""
    spawner = [
        context.tools / "spawner",
        "burst",
        "--count",
        count,
        "--first",
        first,
        "--limit-ms",
        int(limit_s * 1000),
    ]
    learn = [context.program, "learn", text_of("{n}"), "--verbatim", "--quiet"]
    result = processes.run([*spawner, "--", *learn], timeout=limit_s + 10, env=project.environment(), cwd="/")
    if result.code != 0:
        raise Broken(f"E: {count} learns at once: {result}")
    rows = [line.split() for line in result.out.decode().splitlines()]
    return [(int(row[2]), int(row[1]) / 1e6) for row in rows]


def text_of(number):
    return f"Parcel storm{number} waits at its own counter."


def note_burst(ledger, rows, first):
    for index, (code, _) in enumerate(rows):
        ledger.note(text_of(f"{first + index:06d}"), code == 0)


def one_storm(context, count, how):
    """One burst with the default configuration, but for the worker's patience in the case where one must be alive, and
    for room in the queue where no worker lives long enough to make any: "queue full" would be the right answer there."""
    config = {"alive": {"async": {"worker_idle_seconds": 30}}, "dying": {"async": {"max_queue_size": 2 * count}}}.get(how, {})
    project, ledger = context.project(config, name=f"{how}-{count}"), Ledger()
    project.must_learn(ledger)
    if how != "alive":
        stop_worker(project)
    with Watcher(0.01 if how == "dying" else None, context.random.random()) as watcher:
        rows = burst(context, project, count, 0)
        note_burst(ledger, rows, 0)
        wait_until_empty(project, 1 if how == "dying" else 30)  # one that dies every 10 ms gets little done
    refused = [code for code, _ in rows if code != 0]
    if refused:
        raise Broken(f"{count} at once, worker {how}: {len(refused)} refused, such as exit {refused[0]}")
    if watcher.doubles:
        raise Broken(f"{count} at once, worker {how}: two workers alive: {watcher.doubles[0]}")
    stop_worker(project)
    project.drain()
    project.check(ledger)
    times = sorted(ms for _, ms in rows)
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    killed = f", {watcher.kills} killed" if watcher.kills else ""
    return f"{count} {how}: p50 {times[len(times) // 2]:.1f} p99 {p99:.1f} ms{killed}"


def stop_worker(project):
    result = project.run("worker", "stop")
    if result.code not in (0, 3):
        raise Broken(f"worker stop: {result}")
    left = processes.wait_for_quiet(5)
    if left:
        raise Broken(f"F: after worker stop: {left}")


def wait_until_empty(project, limit_s=30):
    """Without any other command that could start a worker: what is queued must be worked off by itself, or by the next."""
    result = project.run("tasks", "wait", "--all", "--timeout", str(limit_s), timeout=limit_s + 5)
    if result.code not in (0, 75):
        raise Broken(f"tasks wait --all: {result}")


def storm_of(count):
    def run(context):
        return "; ".join(one_storm(context, count, how) for how in ("alive", "absent", "dying"))

    return run


def nothing_is_left(context):
    """With the default idle time, no process is left ten seconds after the last learn."""
    project, ledger = context.project({}), Ledger()
    rows = burst(context, project, 20, 0)
    note_burst(ledger, rows, 0)
    begin = time.monotonic()
    left = processes.wait_for_quiet(10)
    if left:
        raise Broken(f"F: ten seconds later: {left}")
    took = time.monotonic() - begin
    project.check(ledger)
    return f"the worker left after {took:.1f} s"


TESTS = [
    ("storm-50", storm_of(50)),
    ("storm-200", storm_of(200)),
    ("storm-500", storm_of(500)),
    ("storm-nothing-is-left", nothing_is_left),
]
