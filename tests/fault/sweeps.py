"""Faults for every row of the scenario table: kill -9 before and after each system call, each call failing in each way, each
write coming out short, and a second fault in the recovery from the first."""

import contextlib
import shutil

import processes
from lib import EXIT_CODES, Broken, Fault, Skip
from scenarios import NEIGHBOUR, SCENARIOS, WORKER

KILLS = ("kill-before", "kill-after")
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN", "ENOMEM", "EMFILE", "EACCES", "EROFS", "ENOLCK", "EFBIG")
ALL_ERRORS = ("learn", "first-learn", "drain")  # in the full form every way at every call; other rows take three at random
# What can change a file. Between two of them a kill finds the disk as the first has left it: the short form kills only there.
CHANGES = ("write,writev,pwrite64,pwritev,ftruncate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,"
           "fdatasync,openat,open,fchmod,fchmodat,fcntl,exit_group")  # fmt: skip
MOST_BROKEN = 5  # then the sweep of this row ends: one cause breaks many places


class ShortWrite(Fault):
    """Lets half of a write through, or one byte."""

    def __init__(self, at, kept=None, **options):
        super().__init__("short", at, **options)
        self.kept = kept

    def argv(self, context, report_path):
        words = super().argv(context, report_path)
        return words if self.kept is None else [words[0], "--short-to", self.kept, *words[1:]]


class Tally:
    """What the table of docs/reliability.md is made of."""

    def __init__(self):
        self.runs = self.fired = 0
        self.broken = []

    def __str__(self):
        return f"{self.runs} runs, {self.fired} faults, {len(self.broken)} broken"


class Start:
    """What a row begins with, and what an undisturbed run leads to. Made once for all groups."""

    made = {}

    def __init__(self, context, scenario):
        self.scenario = scenario
        self.template = context.project(name=scenario.name)
        try:
            scenario.prepare(self.template)
        except Broken as reason:
            if "test hooks" in str(reason):
                raise Skip("no program with test hooks beside this one") from None
            raise
        processes.wait_for_quiet()
        self.old = self._undisturbed(context, runs=False)
        self.new = self._undisturbed(context, runs=True)

    def project(self, context, name):
        """A fresh copy, below the folder of the test."""
        if not self.scenario.has_own_start:
            return self.template.copy_to(context.work / name)
        project = context.project(name=name)
        self.scenario.prepare(project)
        processes.wait_for_quiet()
        return project

    def _undisturbed(self, context, runs):
        project = self.project(context, f"{self.scenario.name}-undisturbed")
        if runs:
            counting = Fault("", 0, **self.scenario.tracing)
            result = self.scenario.run(project, counting)
            if result.code not in self.scenario.codes:
                raise Broken(f"{self.scenario.name} failed undisturbed: {result}")
            self.calls = counting.calls_made
            processes.wait_for_quiet()
        seen = recovered(self.scenario, project, None)
        project.remove()
        return seen


def recovered(scenario, project, second):
    """What there is once the machine is well again; `second`: a fault of the worker that recovers."""
    if second is not None:
        project.run(*WORKER, fault=second)
    project.drain()
    if scenario.finish is not None:
        scenario.finish(project)
    result = project.run("learn", NEIGHBOUR, "--verbatim", "--quiet")
    if result.code != 0:
        raise Broken(f"C: the next learn was refused: {result}")
    project.age_leftovers()
    project.drain()
    left = processes.wait_for_quiet()
    if left:
        raise Broken(f"F: left running: {left}")
    seen = scenario.look(project)
    memories = project.contents()
    if memories.count(NEIGHBOUR) != 1:
        raise Broken(f"C: the next text is stored {memories.count(NEIGHBOUR)} times")
    check_whole(project, len(memories))
    return seen


class Sweep:
    """One row in one group: its start and the attempts."""

    def __init__(self, context, scenario):
        self.context = context
        self.scenario = scenario
        self.tally = Tally()
        if scenario.name not in Start.made:
            Start.made[scenario.name] = Start(context.shared(), scenario)
        self.start = Start.made[scenario.name]
        self.old, self.new, self.calls = self.start.old, self.start.new, self.start.calls
        self.startup_calls = startup_calls(context)

    def count(self, counting):
        """How many of the calls that this fault counts an undisturbed run makes."""
        project = self.start.project(self.context, "count")
        self.scenario.run(project, counting)
        processes.wait_for_quiet()
        project.remove()
        return counting.calls_made

    def attempt(self, fault, second=None):
        self.tally.runs += 1
        project = self.start.project(self.context, f"attempt-{self.tally.runs}")
        try:
            result = self.scenario.run(project, fault)
            processes.wait_for_quiet()
            self._check_answer(result, fault)
            seen = recovered(self.scenario, project, second)
            if seen != self.new and self.scenario.promises and result.code == 0:
                raise Broken(f"A: it said that it was done: {difference(seen, self.new)}")
            if seen not in (self.old, self.new) and not self.scenario.between(self.old, self.new, seen):
                raise Broken(f"B: neither old nor new: {difference(seen, self.new)}; or {difference(seen, self.old)}")
            project.remove()
        except Broken as reason:
            self.tally.broken.append(f"{fault}{f', then {second}' if second else ''}: {reason}")
            processes.end_orphans()
        self.tally.fired += fault.has_fired + (second is not None and second.has_fired)
        return len(self.tally.broken) < MOST_BROKEN

    def _check_answer(self, result, fault):
        """G: a documented code, and a word about the cause."""
        if fault.action in KILLS or fault.at <= self.startup_calls or result.code == 0:
            return
        if result.code not in EXIT_CODES:
            raise Broken(f"G: exit code {result.code}: {result}")
        said = {"err": result.err, "out": result.out + result.err, "nowhere": b"-"}[self.scenario.speaks]
        if not said.strip():
            raise Broken(f"G: exit code {result.code} without a word")

    def outcome(self):
        if self.tally.broken:
            raise Broken("\n  # ".join([str(self.tally), *self.tally.broken]))
        return f"{self.calls} calls, {self.tally}"


def startup_calls(context):
    """Calls that libc makes before main: an error there ends any program, in its own way."""
    fault = Fault("", 0)
    report = context.work / "empty.report"
    processes.run([*fault.argv(context, report), context.tools / "probe"])  # ends at once: wrong usage
    fault.read(report)
    return fault.calls_made


def difference(seen, wanted):
    if isinstance(seen, tuple) and isinstance(wanted, tuple):
        return "; ".join(difference(a, b) for a, b in zip(seen, wanted) if a != b) or "nothing"
    if isinstance(seen, dict) and isinstance(wanted, dict):
        names = [name for name in {*seen, *wanted} if seen.get(name) != wanted.get(name)]
        return ", ".join(f"{name!r}: {str(seen.get(name))[:80]} instead of {str(wanted.get(name))[:80]}" for name in names[:4])
    return f"{str(seen)[:120]} instead of {str(wanted)[:120]}"


def check_whole(project, memories):
    """D and F: SQLite's checks, index and recount on a copy; the numbers that are told; no stray file."""
    if memories:
        copy = project.directory.parent / f"{project.directory.name}.check"
        copy.mkdir()
        for name in ("memories.db", "memories.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(project.memory / name, copy / name)
        result = processes.run([project.context.tools / "check_store", copy / "memories.db", copy / "lock"])
        shutil.rmtree(copy)
        if result.code != 0:
            raise Broken(f"D: {result.out.decode().strip()} {result.err.decode().strip()}")
    stats = project.stats()
    if stats["queue_size"] != 0 or stats["active_tasks"] != 0:
        raise Broken(f"D: stats tells {stats['queue_size']} waiting and {stats['active_tasks']} in hand")
    project.check_files()


def budget(scenario, short_size):
    return max(2, round(short_size * scenario.weight))


def kills(context, scenario):
    sweep = Sweep(context, scenario)
    tracing = scenario.tracing if context.is_full else {**scenario.tracing, "calls": CHANGES}
    calls = sweep.calls if context.is_full else sweep.count(Fault("", 0, **tracing))
    places = [(at, action) for at in range(1, calls + 6) for action in KILLS]  # threads and waits vary the number
    for at, action in context.sample(places, budget(scenario, 12)):
        if not sweep.attempt(Fault(action, at, **tracing)):
            break
    return sweep.outcome()


def errors(context, scenario):
    sweep = Sweep(context, scenario)
    places = []
    for at in range(1, sweep.calls + 3):
        names = ERRORS if scenario.name in ALL_ERRORS or not context.is_full else context.random.sample(ERRORS, 3)
        places += [(at, name) for name in names]
    for at, name in context.sample(places, budget(scenario, 14)):
        if not sweep.attempt(Fault(name, at, **scenario.tracing)):
            break
    return sweep.outcome()


def short_writes(context, scenario):
    sweep = Sweep(context, scenario)
    writes = sweep.count(Fault("short", 10**6, **scenario.tracing))
    places = [(at, kept) for at in range(1, writes + 2) for kept in (0, 1)]
    for at, kept in context.sample(places, budget(scenario, 4)):
        if not sweep.attempt(ShortWrite(at, kept or None, **scenario.tracing)):
            break
    return sweep.outcome()


def pairs(context, scenario):
    """The command is hit, and the worker that clears up after it is hit as well."""
    sweep = Sweep(context, scenario)
    probe = sweep.start.project(context, "probe")
    counting = Fault("", 0)
    probe.run(*WORKER, fault=counting)
    probe.remove()
    for _ in range(budget(scenario, 120 if context.is_full else 4)):
        first = Fault(context.random.choice(KILLS + ERRORS[:2]), context.random.randint(1, sweep.calls), **scenario.tracing)
        second = Fault(context.random.choice(KILLS + ERRORS[:2]), context.random.randint(1, counting.calls_made))
        if not sweep.attempt(first, second):
            break
    return sweep.outcome()


GROUPS = [("kill", kills), ("errors", errors), ("short-writes", short_writes), ("pairs", pairs)]


def _test(group, scenario):
    return lambda context: group(context, scenario)


TESTS = [(f"{name}-{scenario.name}", _test(group, scenario)) for name, group in GROUPS for scenario in SCENARIOS]
