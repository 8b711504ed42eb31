"""kill -9 at random moments under load. The kills at every system call are in sweeps.py."""

import os
import random
import signal
import subprocess
import threading
import time

import processes
from lib import Broken, Fault, Ledger


def used_project(context, stored=3, waiting=3, config=None):
    """A project with neighbours: some texts stored, some waiting."""
    project, ledger = context.project(config, name="template"), Ledger()
    project.must_learn(ledger, stored)
    project.drain()
    project.check(ledger)
    project.fill(ledger, waiting)
    return project, ledger


def count_calls(template, name, words, **options):
    """How many calls an undisturbed run makes."""
    project = template.copy(name)
    fault = Fault("", 0, **options)
    result = project.run(*words, fault=fault)
    processes.wait_for_quiet()
    project.remove()
    if result.code != 0:
        raise Broken(f"{' '.join(words)} failed undisturbed: {result}")
    return fault.calls_made


def recover_and_check(project, ledger):
    """A worker clears up by itself; then a neighbour is taken in and worked off; the invariants hold."""
    project.drain()
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)
    project.remove()


class Killer:
    """Starts learns and kills learns and workers at random moments, until enough have died."""

    def __init__(self, context, project, target):
        self.random = context.random
        self.project = project
        self.target = target
        self.kills = {"learn": 0, "worker": 0}
        self.lock = threading.Lock()
        self.ledger = Ledger()
        self.errors = []

    def is_done(self):
        return sum(self.kills.values()) >= self.target or self.errors

    def _next_text(self):
        with self.lock:
            return self.ledger.text()

    def _one_learn(self, dies_after_s):
        text = self._next_text()
        process = self.project.start("learn", text, "--verbatim", "--quiet", stdin=-3, stdout=-3, stderr=-3)
        if dies_after_s is not None:
            time.sleep(dies_after_s)
            process.kill()
        try:
            code = process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            processes.finished(process)
        with self.lock:
            self.ledger.note(text, code == 0)
            if code == -signal.SIGKILL:
                self.kills["learn"] += 1
            elif code != 0:
                self.errors.append(f"learn ended with {code}")

    def learn_forever(self, seed_random):
        try:
            while not self.is_done():
                dies = seed_random.random() < 0.6
                self._one_learn(seed_random.uniform(0, 0.004) if dies else None)
        except Exception as error:
            self.errors.append(f"load: {error}")

    def kill_workers_forever(self, seed_random):
        while not self.is_done():
            time.sleep(seed_random.uniform(0, 0.012))
            for pid in processes.workers():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                with self.lock:
                    self.kills["worker"] += 1
            processes.reap_orphans()

    def run(self):
        seeds = [random.Random(self.random.random()) for _ in range(4)]
        threads = [threading.Thread(target=self.learn_forever, args=(seed,)) for seed in seeds[:3]]
        threads.append(threading.Thread(target=self.kill_workers_forever, args=(seeds[3],)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.errors:
            raise Broken("; ".join(self.errors[:3]))


def kill_random(context):
    """At least 1 000 kills of learns and workers at random moments, three learns at a time."""
    project = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 1000000}})
    killer = Killer(context, project, 10000 if context.is_full else 1000)
    killer.run()
    project.must_learn(killer.ledger)
    project.drain(60)
    failed = retry_poisoned(project)
    project.check(killer.ledger)
    stored = len(killer.ledger.accepted)
    kills = killer.kills
    note = f"{kills['learn']} learns and {kills['worker']} workers killed, {stored} accepted texts, 0 lost, 0 doubled"
    return note + (f", {failed} tasks given up and retried" if failed else "")


def retry_poisoned(project):
    """A task that was in hand in three killed workers is rightly given up; its text is kept, so a retry stores it."""
    failed = project.stats().get("failed_tasks", 0)
    if failed:
        result = project.run("tasks", "retry", "--all")
        if result.code != 0:
            raise Broken(f"tasks retry --all: {result}")
        project.drain(60)
    return failed


TESTS = [("kill-random", kill_random)]
