"""What is measured, and against what. See `run`."""

import contextlib
import json
import os
import time

import processes
from lib import Broken, Fault, Ledger
from storm import Watcher, burst, note_burst, stop_worker

TOPICS = (
    "deploy database testing logging cache auth build release config network storage search metrics alerts backup editor".split()
)
CHOICES = "Docker PostgreSQL pytest Grafana Redis OAuth Meson Friday YAML IPv6 SQLite FTS5 OpenMetrics email rsync Vim".split()


class Size:
    """How much of everything."""

    def __init__(self, is_quick, rounds):
        self.is_quick = is_quick
        self.rounds = rounds or (20 if is_quick else 400)
        self.backlog = 500 if is_quick else 20000
        self.one_by_one = 100 if is_quick else 2000
        self.memories = 1000
        self.gap_us = 20000


class Times:
    """Samples in nanoseconds."""

    def __init__(self, samples=()):
        self.samples = sorted(samples)

    def __len__(self):
        return len(self.samples)

    def percentile(self, percent):
        return self.samples[min(len(self.samples) - 1, len(self.samples) * percent // 100)]

    @property
    def median(self):
        return self.percentile(50)

    def text(self, percent=50):
        return duration(self.percentile(percent))


def duration(ns):
    if ns < 1e6:
        return f"{ns / 1e3:.0f} µs"
    return f"{ns / 1e6:.2f} ms" if ns < 1e7 else f"{ns / 1e6:.0f} ms" if ns < 1e9 else f"{ns / 1e9:.2f} s"


class Row:
    """One line of a table; `limit` is the most (or, with at_least, the least) that the ratio may be."""

    def __init__(self, what, ours, compared, ratio=None, limit=None, at_least=False, bar=None, is_good=None):
        self.what = what
        self.ours = ours
        self.compared = compared
        self.ratio = "" if ratio is None else f"{ratio:.2f}" if ratio < 100 else f"{ratio:.0f}"
        if limit is not None:
            is_good = ratio >= limit if at_least else ratio <= limit
            bar = bar or f"{'≥' if at_least else '≤'} {limit:g}"
        self.bar = bar or ""
        self.is_missed = is_good is False
        self.verdict = "" if is_good is None else "pass" if is_good else "FAIL"


class Report:
    def __init__(self):
        self.bars = []
        self.guide = []
        self.series = []


# ---- Tools ----


def interleave(context, environment, rounds, variants, *, gap_us=0, settle=False, first=0, limit_s=600):
    """Runs each variant once a round; gives back {name: Times} and {name: largest memory in KB}."""
    argv = [context.tools / "spawner", "interleave", "--count", rounds, "--gap-us", gap_us, "--first", first]
    argv += ["--limit-ms", limit_s * 1000] + (["--settle"] if settle else []) + ["--"]
    for name, words in variants.items():
        argv += [name, *words, ":::"]
    result = processes.run(argv[:-1], timeout=limit_s + 20, env=environment, cwd="/")
    if result.code != 0:
        raise Broken(f"spawner: {result}")
    samples, memory = {name: [] for name in variants}, dict.fromkeys(variants, 0)
    for line in result.out.decode().splitlines():
        name, nanoseconds, status, kilobytes = line.rsplit(None, 3)
        if status != "0":
            raise Broken(f"{name} ended with {status}")
        samples[name].append(int(nanoseconds))
        memory[name] = max(memory[name], int(kilobytes))
    return {name: Times(values) for name, values in samples.items()}, memory


def learn_words(project, prefix, options=("--quiet",)):
    """A learn with a text of its own each time, the project named in the arguments."""
    return [
        project.context.program,
        "--project",
        project.directory,
        "learn",
        f"{prefix} {{n}} prefers quiet rooms.",
        *options,
    ]


def sync_file(context):
    path = context.work / "prefilled"
    path.write_bytes(bytes(65536))
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return path


def lively_project(context, name):
    """One whose worker is alive and stays so, started by us."""
    project = context.project({"async": {"worker_idle_seconds": 3600, "max_queue_size": 1000000}}, name=name)
    result = project.run("worker", "start")
    if result.code != 0:
        raise Broken(f"worker start: {result}")
    if not processes.wait_until(lambda: project.json("worker", "status")["state"] == "idle", 5):
        raise Broken("the worker does not come up")
    return project


# ---- learn ----


def measure_learn(context, size, report):
    """The whole process, alone: with a worker that is there, and with one to start."""
    alive = lively_project(context, "alive")
    absent = context.project(name="absent")
    environment = alive.environment()
    del environment["KUZU_MEMORY_PROJECT"]
    floor = {"empty": [context.tools / "empty"], "sync once": [context.tools / "sync_once", sync_file(context)]}
    both = {**floor, "learn": learn_words(alive, "Tenant"), "learn + start": learn_words(absent, "Guest")}
    interleave(context, environment, 5, both, settle=True, first=900000)  # warm up
    starts = absent.stats()["worker"]["starts"]
    paced, _ = interleave(context, environment, size.rounds, both, gap_us=size.gap_us, settle=True)
    starts = absent.stats()["worker"]["starts"] - starts
    tight, memory = interleave(context, environment, size.rounds, {**floor, "learn": both["learn"]}, first=100000)
    stop_worker(alive)
    bare = paced["sync once"].median
    add_learn_rows(report, paced, tight, bare)
    if starts != size.rounds:
        raise Broken(f"{starts} workers for {size.rounds} learns that each had to start one")
    report.guide.append(guide_time("Task submission", "~5 ms", 5e6, paced["learn"].median))
    report.series += [(f"{name}, every 20 ms", paced[name]) for name in paced]
    report.series += [(f"{name}, one after another", tight[name]) for name in tight]
    return tight["learn"].median, memory["learn"]


def add_learn_rows(report, paced, tight, bare):
    def row(what, times, compared, limit):
        what_compared = f"{duration(compared)}, static program that writes and syncs once"
        return Row(what, times.text(), what_compared, times.median / compared, limit)

    report.bars.append(row("`learn`, whole process, worker alive, every 20 ms", paced["learn"], bare, 1.7))
    report.bars.append(row("the same, one after another", tight["learn"], tight["sync once"].median, 1.7))
    report.bars.append(row("`learn` that starts the worker", paced["learn + start"], bare, 2.5))


def guide_time(what, promise_text, promise_ns, ours_ns):
    return Row(what, duration(ours_ns), promise_text, ours_ns / promise_ns, 1.0)


def measure_calls(context, report):
    """System calls of one learn beyond those of an empty program, its flushes, and what it opens."""
    alive = lively_project(context, "traced")
    alive.must_learn(Ledger())
    empty_count = len(traced(context, [context.tools / "empty"], {}))
    calls = traced(context, alive.command("learn", "One more text to trace.", "--quiet"), alive.environment())
    stop_worker(alive)
    own = len(calls) - empty_count
    flushes = [call for call in calls if call.split()[3] in ("fsync", "fdatasync", "sync_file_range", "syncfs", "msync")]
    touches = [call for call in calls if "memories.db" in call]
    report.bars.append(Row("system calls of one `learn` after start-up", str(own), f"{empty_count}, empty static program",
                           bar="≤ 25", is_good=own <= 25))  # fmt: skip
    names = ", ".join(call.split()[3] for call in flushes) or "none"
    report.bars.append(Row("flushes of one `learn`", names, "", bar="1 fdatasync", is_good=names == "fdatasync"))
    report.bars.append(Row("times that `learn` touches the database", str(len(touches)), "", bar="0", is_good=not touches))
    return calls


def traced(context, argv, environment):
    """The lines of faultrun's trace of the first process."""
    trace = context.work / "trace"
    words = [context.tools / "faultrun", "--of", "first", "--no-follow", "--trace", trace, "--"]
    result = processes.run([*words, *argv], env=environment, cwd="/")
    if result.code != 0:
        raise Broken(f"traced {argv[0]}: {result}")
    return trace.read_text().splitlines()


# ---- Many at once ----


def measure_bursts(context, size, report, single_ns):
    for count in (200, 500):
        times, refused, crowds = [], 0, 0
        for number in range(1 if size.is_quick else 10):
            project, ledger = context.project({}, name=f"burst-{count}-{number}"), Ledger()
            project.must_learn(ledger)
            is_watched = number % 2 == 1 or size.is_quick  # who watches takes a core: such a round gives no times
            with Watcher() if is_watched else contextlib.nullcontext() as watcher:
                rows = burst(context, project, count, 0)
                note_burst(ledger, rows, 0)
                project.drain_running(30)
            refused += sum(code != 0 for code, _ in rows)
            crowds += len(watcher.doubles) if is_watched else 0
            stop_worker(project)
            project.check(ledger)  # none lost, none doubled
            if not is_watched or size.is_quick:
                times += [ms * 1e6 for _, ms in rows]
        add_burst_rows(report, count, Times(times), single_ns, refused, crowds)


def add_burst_rows(report, count, times, single_ns, refused, crowds):
    report.series.append((f"learn, {count} at once", times))
    what = f"{count} `learn` at once, default configuration, p99"
    compared = f"{duration(single_ns)}, a single one"
    limit = 15 if count == 200 else None
    report.bars.append(Row(what, times.text(99), compared, times.percentile(99) / single_ns, limit))
    what = f"{count} at once: refused, lost, stored twice, times with two workers"
    report.bars.append(Row(what, f"{refused}, 0, 0, {crowds}", "", bar="0, 0, 0, 0", is_good=not refused and not crowds))


# ---- Drain ----


def fill_by_learns(context, project, count):
    with project.no_worker_starts():
        interleave(context, project.environment(), count, {"fill": learn_words(project, "Visitor")}, limit_s=300)


def fill_by_batch(context, project, count):
    path = context.work / "batch.jsonl"
    lines = (json.dumps({"content": f"Visitor {number:06d} prefers quiet rooms."}) for number in range(count))
    path.write_text("\n".join(lines) + "\n")
    with project.no_worker_starts():
        result = project.run("learn", "--batch", path, "--quiet", timeout=120)
        if result.code != 0:
            raise Broken(f"learn --batch: {result}")


def timed_drain(context, project, count, environment=None):
    """Drains; gives back (tasks a second, peak memory in KB, average processing in ms)."""
    words = {"drain": [context.program, "worker", "run", "--until-idle"]}
    times, memory = interleave(context, {**project.environment(), **(environment or {})}, 1, words)
    stats = project.stats()
    if stats["memories"] != count:
        raise Broken(f"{stats['memories']} memories after a drain of {count}")
    return count / (times["drain"].median / 1e9), memory["drain"], stats["avg_processing_ms"]


def measure_drain(context, size, report):
    rates = {}
    memory = dict.fromkeys(("learns", "batch file", "one by one"), 0)
    average_ms = 0.0
    plans = (("learns", fill_by_learns, size.backlog, {}), ("batch file", fill_by_batch, size.backlog, {}),
             ("one by one", fill_by_learns, size.one_by_one, {"KUZU_MEMORY_TEST_BATCH": "1"}))  # fmt: skip
    rounds = 1 if size.is_quick else 3
    for name, fill, count, environment in plans:
        found = []
        for number in range(rounds):
            project = context.project(name=f"drain-{name.replace(' ', '-')}-{number}")
            fill(context, project, count)
            rate, kilobytes, processing_ms = timed_drain(context, project, count, environment)
            found.append(rate)
            memory[name] = max(memory[name], kilobytes)
            if name == "learns":
                average_ms = processing_ms
            project.remove()
        rates[name] = sorted(found)[rounds // 2]
    add_drain_rows(report, size, rates, memory)
    report.guide.append(guide_time("Background processing of a task", "~120 ms", 120e6, average_ms * 1e6))
    return max(memory.values())


def add_drain_rows(report, size, rates, memory):
    bulk, single = rates["learns"], rates["one by one"]
    report.bars.append(Row(f"drain of {size.backlog} short tasks", f"{bulk:,.0f}/s", "", bar="≥ 10,000/s", is_good=bulk >= 10000))
    report.bars.append(Row("the same, handed over by `learn --batch`", f"{rates['batch file']:,.0f} texts/s", ""))
    report.bars.append(Row("drain in batches against one by one", f"{bulk:,.0f}/s", f"{single:,.0f}/s, one by one", bulk / single, 4,
                           at_least=True))  # fmt: skip
    for name, limit_mb in (("learns", 20), ("batch file", 50)):
        megabytes = memory[name] / 1024
        what = "peak memory of the worker on it" if name == "learns" else "the same on the backlog of `learn --batch`"
        report.bars.append(Row(what, f"{megabytes:.1f} MB", "", bar=f"≤ {limit_mb} MB", is_good=megabytes <= limit_mb))
    report.guide.append(Row("Queue throughput", f"{bulk:,.0f} tasks/s", "~50 tasks/s", bulk / 50, 1, at_least=True))


def measure_queue_memory(context, report):
    """What 100 waiting tasks cost the worker beyond an empty queue, and the disk."""
    peaks = []
    for count in (0, 100):
        project = context.project(name=f"queued-{count}")
        project.must_learn(Ledger())
        project.drain()
        if count:
            fill_by_learns(context, project, count)
        on_disk = sum(path.stat().st_size for path in (project.memory / "queue").iterdir() if path.is_file())
        words = {"drain": [context.program, "worker", "run", "--until-idle"]}
        peaks.append(interleave(context, project.environment(), 1, words)[1]["drain"])
    more = max(0, peaks[1] - peaks[0])
    ours = f"{more / 1024:.2f} MB of memory, {on_disk / 1024:.0f} KB on disk"
    report.guide.append(Row("Memory for 100 queued tasks", ours, "~10 MB", more / 10240, 1))


# ---- enhance ----


def filled_project(context, count):
    project = context.project(name="thousand")
    path = context.work / "thousand.jsonl"
    texts = (f"For {TOPICS[n % 16]} in service {n:04d} the team uses {CHOICES[n // 16 % 16]} number {n}." for n in range(count))
    path.write_text("".join(json.dumps({"content": text}) + "\n" for text in texts))
    result = project.run("learn", "--batch", path, "--verbatim", "--quiet")
    if result.code != 0:
        raise Broken(f"learn --batch: {result}")
    processes.wait_for_quiet()
    project.drain()
    if project.stats()["memories"] != count:
        raise Broken(f"{project.stats()['memories']} memories instead of {count}")
    return project


def measure_enhance(context, size, report):
    project = filled_project(context, size.memories)
    prompt = "How do we handle {n} deploy and database logging in service 0042?"
    variants = {"empty": [context.tools / "empty"], "open store": [context.tools / "open_store", project.memory / "memories.db"],
                "enhance": [context.program, "enhance", prompt, "--format", "plain"],
                "enhance, cached": [context.program, "enhance", prompt.replace("{n}", "the"), "--format", "plain"]}  # fmt: skip
    interleave(context, project.environment(), 3, variants, first=900000)
    times, memory = interleave(context, project.environment(), size.rounds, variants)
    answer = project.run("enhance", prompt.replace("{n}", "the"), "--format", "json")
    used = len(json.loads(answer.out)["memories_used"])
    if used == 0:
        raise Broken("enhance found nothing: the time means nothing")
    ratio = times["enhance"].median / times["open store"].median
    compared = f"{times['open store'].text()}, static program that opens the store and prepares one statement"
    report.bars.append(Row(f"`enhance`, whole process, {size.memories} memories", times["enhance"].text(), compared, ratio, 3))
    report.guide.append(Row("Enhancement", f"{times['enhance'].text()}, p99 {times['enhance'].text(99)}", "~45 ms, < 100 ms",
                            times["enhance"].percentile(99) / 1e8, 1))  # fmt: skip
    report.series += [(f"{name}, {size.memories} memories", times[name]) for name in variants]
    cache = project.memory / "state" / "cache"
    cached_bytes = cache.stat().st_blocks * 512 if cache.exists() else 0  # most of it is a hole
    report.guide.append(Row("Cached contexts", f"{cached_bytes / 1048576:.2f} MB on the disk, at most 5", "~5 MB", cached_bytes / 5242880, 1))
    add_cache_rate(project, report)
    measure_deadline(context, project, size, report)
    return memory["enhance"]


def add_cache_rate(project, report):
    stats = project.stats()
    cache = stats["cache"]
    asked = cache["hits"] + cache["misses"]
    if asked:
        share = f"{100 * cache['hits'] / asked:.0f} % of these prompts, half of which repeat"
        report.guide.append(Row("Cache hit rate", share, "~87 %"))


def measure_deadline(context, project, size, report):
    """Reads are slowed down until the answer would take far too long; the prompt must come back in time."""
    limit_s = 0.5 if size.is_quick else 5
    project.configure({"performance": {"enhance_timeout_seconds": limit_s}, "async": {"worker_idle_seconds": 0}})
    prompt = "What about alerts and backup in service 0077?"
    fault = Fault("", 0, of="first", calls="pread64,read", delay_us=int(limit_s * 50000), timeout_ms=60000)
    begin = time.monotonic()
    result = project.run("enhance", prompt, "--format", "plain", fault=fault, timeout=70)
    took = time.monotonic() - begin
    if result.code != 0 or prompt.encode() not in result.out:
        raise Broken(f"enhance on a slow disk: {result}")
    slowed = fault.calls_made * limit_s / 20
    ours = f"{took:.2f} s, prompt unchanged" if result.out.strip() == prompt.encode() else f"{took:.2f} s, with memories"
    text = f"{limit_s:g} s (reads slowed to {limit_s / 20:g} s each: {fault.calls_made} of them, {slowed:.1f} s)"
    report.guide.append(Row("Timeout of `enhance`", ours, text, took / limit_s, 1.3))


# ---- All ----


def measure(context, size):
    report = Report()
    single_ns, learn_kb = measure_learn(context, size, report)
    measure_calls(context, report)
    measure_bursts(context, size, report, single_ns)
    worker_kb = measure_drain(context, size, report)
    measure_queue_memory(context, report)
    enhance_kb = measure_enhance(context, size, report)
    total = (learn_kb + worker_kb + enhance_kb) / 1024
    ours = f"{total:.1f} MB: learn {learn_kb / 1024:.1f}, worker {worker_kb / 1024:.1f}, enhance {enhance_kb / 1024:.1f}"
    report.guide.append(Row("Memory in all", ours, "50 MB", total / 50, 1))
    return report
