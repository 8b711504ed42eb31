"""What all fault tests share: a project to hurt, a ledger of what was promised, and the check of the invariants.

A  every learn that exited 0 is stored exactly once, or kept as a failed task with its text
B  a learn that failed is there at most once, never half
C  neighbours are unharmed
D  the store's integrity checks pass, and counters equal a recount
E  nothing hangs: every step has a limit
F  no process, temporary file or segment is left
"""

import contextlib
import fcntl
import json
import os
import random
import re
import shutil
import stat
import struct
import time
from collections import Counter

import processes

F_OFD_SETLK = 37
STARTER_BYTE = 0  # of queue/lock: held by whoever starts a worker

EXIT_CODES = {0, 1, 2, 3, 4, 69, 73, 75, 77, 130}

COLOURS = "amber azure black bronze coral crimson cyan emerald golden indigo ivory jade lilac maroon olive pearl".split()
PLACES = "anchor basin canyon delta estuary fjord glacier harbour island jetty keep lagoon meadow oasis prairie quay".split()


class Broken(Exception):
    """An invariant does not hold."""


class Skip(Exception):
    """The machine lacks what the test needs."""


class Context:
    """One test's surroundings: the program, the tools, a folder of its own and a random stream of its own."""

    def __init__(self, program, tools, work, seed, is_full, hooked=None):
        self.program = program
        self.hooked = hooked  # the program with test hooks, or None
        self.tools = tools
        self.work = work
        self.seed = seed
        self.is_full = is_full
        self.random = random.Random(seed)
        self._projects = 0

    def project(self, config=None, name=None):
        self._projects += 1
        return Project(self, self.work / (name or f"p{self._projects}"), config)

    def with_program(self, program):
        """The same surroundings for another build or copy of the program."""
        return Context(program, self.tools, self.work, self.seed, self.is_full, self.hooked)

    def shared(self):
        """Surroundings that outlive this test."""
        work = self.work.parent / "shared"
        work.mkdir(exist_ok=True)
        return Context(self.program, self.tools, work, self.seed, self.is_full, self.hooked)

    def beside(self, name):
        """Surroundings in a folder of their own, with a random stream that follows from this one's."""
        work = self.work / name
        work.mkdir()
        other = Context(self.program, self.tools, work, f"{self.seed}-{name}", self.is_full, self.hooked)
        return other

    def sample(self, population, short_size):
        """All of it in the full form, a random part of it (sorted) in the short one."""
        population = list(population)
        if self.is_full or len(population) <= short_size:
            return population
        return sorted(self.random.sample(population, short_size))


class Ledger:
    """Texts that were handed over, and what was promised about each."""

    def __init__(self, other=None):
        self.accepted = set(other.accepted) if other else set()
        self.refused = set(other.refused) if other else set()
        self.without_task = other.without_task if other else 0  # handed over by `remember`, which makes no task
        self._next = other._next if other else 0

    def text(self):
        """A sentence that no other text of this ledger resembles in its numbers."""
        n = self._next
        self._next += 1
        colour, place = COLOURS[n % 16], PLACES[(n // 16) % 16]
        return f"Warehouse item{n:06d} is kept at the {colour} {place} near gate{n * 7919 % 1000003:06d}."

    def note(self, text, is_accepted):
        (self.accepted if is_accepted else self.refused).add(text)


class Fault:
    """What to do to a command, and afterwards what was done."""

    def __init__(self, action, at, of="all", scope="tree", follows=True, times=1, calls="", delay_us=0, timeout_ms=15000):
        self.action = action
        self.at = at
        self.of = of
        self.scope = scope
        self.follows = follows
        self.times = times
        self.calls = calls
        self.delay_us = delay_us
        self.timeout_ms = timeout_ms
        self.report = {}

    def argv(self, context, report_path):
        words = [context.tools / "faultrun", "--report", report_path, "--of", self.of, "--scope", self.scope]
        words += ["--timeout-ms", self.timeout_ms]
        if self.action:
            words += ["--do", self.action, "--at", self.at, "--times", self.times]
        if self.calls:
            words += ["--calls", self.calls]
        if self.delay_us:
            words += ["--delay-us", self.delay_us]
        if not self.follows:
            words += ["--no-follow"]
        return words + ["--"]

    def read(self, report_path):
        self.report = {}
        with contextlib.suppress(FileNotFoundError):
            self.report = dict(line.split("=", 1) for line in report_path.read_text().splitlines())

    @property
    def has_fired(self):
        return int(self.report.get("fired", 0)) > 0

    @property
    def calls_made(self):
        return int(self.report.get("calls", 0))

    @property
    def is_timed_out(self):
        return self.report.get("timed_out", "1") != "0"

    def __str__(self):
        return f"{self.action} at call {self.at} ({self.report.get('fired_call', '?')} of {self.report.get('fired_in', '?')})"


class Project:
    """A project directory and the commands that run in it."""

    DEFAULT_CONFIG = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000}}

    def __init__(self, context, directory, config=None, is_new=True):
        self.context = context
        self.directory = directory
        self.memory = directory / "kuzu-memories"
        self.user = None  # run commands as this uid
        if is_new:
            self.memory.mkdir(parents=True, mode=0o700)
            self.configure(self.DEFAULT_CONFIG if config is None else config)

    def configure(self, config):
        path = self.memory / "config.json"
        path.write_text(json.dumps(config))
        path.chmod(0o600)

    def environment(self):
        home = self.directory.parent
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "no-configuration"),
            "KUZU_MEMORY_PROJECT": str(self.directory),
        }

    def command(self, *words):
        prefix = [] if self.user is None else ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"]
        return prefix + [self.context.program, *words]

    def run(self, *words, fault=None, timeout=20, stdin=None, env=None, **options):
        argv = self.command(*words)
        report = self.directory.parent / f"{self.directory.name}.report"
        if fault is not None:
            report.unlink(missing_ok=True)
            argv = fault.argv(self.context, report) + argv
        environment = {**self.environment(), **(env or {})}
        result = processes.run(argv, timeout=timeout, stdin=stdin, env=environment, cwd="/", **options)
        if fault is not None:
            fault.read(report)
            if fault.is_timed_out:
                raise Broken(f"{' '.join(map(str, words))} hung with {fault}: {result}")
        if result.is_timed_out:
            raise Broken(f"{' '.join(map(str, words))} hung: {result}")
        return result

    def start(self, *words, env=None, **options):
        """Starts a command and does not wait for it; the caller waits and calls processes.finished()."""
        return processes.start(self.command(*words), env={**self.environment(), **(env or {})}, cwd="/", **options)

    def learn(self, ledger, *options, **settings):
        """Hands over a new text and notes what was promised."""
        text = ledger.text()
        result = self.run("learn", text, "--verbatim", "--quiet", *options, **settings)
        ledger.note(text, result.code == 0)
        return result

    def remember(self, ledger, **settings):
        text = ledger.text()
        result = self.run("remember", text, "--quiet", **settings)
        ledger.note(text, result.code == 0)
        ledger.without_task += 1
        return result

    def must_learn(self, ledger, count=1, *options, **settings):
        for _ in range(count):
            result = self.learn(ledger, *options, **settings)
            if result.code != 0:
                raise Broken(f"learn was refused: {result}")

    def copy(self, name):
        """A second project with the same content."""
        return self.copy_to(self.directory.parent / name)

    def copy_to(self, directory):
        shutil.copytree(self.directory, directory, symlinks=True)
        return Project(self.context, directory, is_new=False)

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    @contextlib.contextmanager
    def no_worker_starts(self):
        """While this holds the starter's byte, every learn believes that a worker is being started."""
        processes.wait_for_quiet()  # a worker on its way out might still take a text
        queue = self.memory / "queue"
        queue.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(queue / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, STARTER_BYTE, 1, 0)

        def is_taken():
            with contextlib.suppress(BlockingIOError):
                fcntl.fcntl(fd, F_OFD_SETLK, lock)
                return True
            return False

        try:
            if not processes.wait_until(is_taken, 10):
                raise Broken("the starter's byte of queue/lock stays taken")
            yield
        finally:
            os.close(fd)

    def fill(self, ledger, count):
        """Leaves `count` texts waiting, with no worker."""
        with self.no_worker_starts():
            self.must_learn(ledger, count)

    def drain(self, limit_s=20, fault=None, env=None):
        """Works until nothing waits, with a worker that leaves at once whatever the project's configuration says."""
        last = None
        quick = self.directory.parent / "quick.json"
        quick.write_text(json.dumps(self.DEFAULT_CONFIG))

        def is_drained():
            nonlocal last
            last = self.run("--config", quick, "worker", "run", "--until-idle", fault=fault, timeout=limit_s, env=env)
            return last.code != 4  # 4: another worker is at it

        if not processes.wait_until(is_drained, limit_s, 0.01):
            raise Broken(f"another worker does not end: {last}")
        if last.code != 0 and fault is None:
            raise Broken(f"worker run --until-idle: {last}")
        return last

    def drain_running(self, limit_s=20):
        """Waits until nothing waits, by the worker that runs."""
        result = self.run("tasks", "wait", "--all", "--timeout", str(limit_s), timeout=limit_s + 5)
        if result.code != 0:
            raise Broken(f"tasks wait --all: {result}")

    def json(self, *words):
        result = self.run(*words, "--format", "json")
        if result.code != 0:
            raise Broken(f"{' '.join(words)}: {result}")
        return json.loads(result.out)

    def stats(self):
        return self.json("stats", "--detailed")

    def contents(self):
        """Content of every memory, by export."""
        result = self.run("export")
        if result.code == 3 and not (self.memory / "memories.db").exists():
            return []
        if result.code != 0:
            raise Broken(f"export: {result}")
        lines = [json.loads(line) for line in result.out.splitlines()]
        return [line["content"] for line in lines if line["record"] == "memory"]

    def failed_texts(self):
        """How many tasks are kept as failed."""
        return self.json("tasks", "list", "--state", "failed")

    # ---- Invariants ----

    def check(self, ledger, *, damaged=()):
        """Raises Broken unless A-F hold. Texts in `damaged` were accepted, then destroyed from outside: 0 or 1 of each."""
        left = processes.wait_for_quiet()
        if left:
            raise Broken(f"left running: {left}")
        stored = self._check_contents(ledger, set(damaged))
        self._check_store(stored)
        self._check_counters(stored, ledger.without_task)
        self.check_files()

    def _check_contents(self, ledger, damaged):
        counts = Counter(self.contents())
        lost = [text for text in ledger.accepted - damaged if counts[text] == 0]
        doubled = [text for text, count in counts.items() if count > 1]
        unknown = [text for text in counts if text not in ledger.accepted and text not in ledger.refused]
        if lost:
            raise Broken(f"A: {len(lost)} accepted texts are not stored, such as: {lost[0]}")
        if doubled:
            raise Broken(f"A/B: {len(doubled)} texts are stored more than once, such as: {doubled[0]}")
        if unknown:
            raise Broken(f"C: {len(unknown)} memories that nobody handed over, such as: {unknown[0]}")
        return len(counts)

    def _check_store(self, stored):
        """Opens a copy, so that the check itself writes nothing into the project."""
        if not (self.memory / "memories.db").exists():
            if stored:
                raise Broken("D: memories without a store")
            return
        copy = self.directory.parent / f"{self.directory.name}.check"
        copy.mkdir()
        for name in ("memories.db", "memories.db-wal"):
            if (self.memory / name).exists():
                shutil.copy(self.memory / name, copy / name)
        result = processes.run([self.context.tools / "check_store", copy / "memories.db", copy / "lock"])
        shutil.rmtree(copy)
        if result.code != 0:
            raise Broken(f"D: {result.out.decode().strip()} {result.err.decode().strip()}")

    def _check_counters(self, stored, without_task):
        stats = self.stats()
        expected = {"queue_size": 0, "active_tasks": 0, "memories": stored, "duplicates": 0, "failed_tasks": 0}
        if not stored - without_task <= stats["completed_tasks"] <= stored:
            raise Broken(f"D: stats says completed_tasks {stats['completed_tasks']}, {stored} are stored")
        for key, value in expected.items():
            if stats.get(key) != value:
                raise Broken(f"D: stats says {key} {stats.get(key)}, a recount says {value}")

    ALLOWED_FILES = {
        "config.json", ".gitignore", "memories.db", "memories.db-wal", "memories.db-shm", "worker.log", "worker.log.1",
        "queue", "queue/journal", "queue/journal.next", "queue/lock", "queue/quarantine", "state", "state/metrics",
        "state/cache", "state/hooks", "aside",
    }  # fmt: skip

    TEMPORARY = re.compile(r"(|state/|queue/quarantine/)\.[^/]+\.tmp|memories\.db\.(new|restore)[^/]*")

    def age_leftovers(self):
        """Temporary files of the dead, made so old that nobody can be at work on them: the next worker removes them."""
        for path in self.memory.rglob("*"):
            if self.TEMPORARY.fullmatch(str(path.relative_to(self.memory))):
                os.utime(path, (0, time.time() - 7200))

    def check_files(self):
        for path in sorted(self.memory.rglob("*")):
            name = str(path.relative_to(self.memory))
            if name not in self.ALLOWED_FILES and not name.startswith(("queue/quarantine/", "aside/")):
                raise Broken(f"F: left behind: {name}")
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode != (0o700 if path.is_dir() else 0o600):
                raise Broken(f"F: {name} has mode {mode:o}")
