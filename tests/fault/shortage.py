"""Too little memory, too little time on the processor, and locks that outlive their owner."""

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import processes
from lib import EXIT_CODES, Broken, Ledger, Skip
from storm import burst, note_burst, stop_worker
from surroundings import need_root


def little_address_space(context):
    """RLIMIT_AS from nothing to plenty: learn is refused with a reason or stored; the worker ends or copes, the next completes."""
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    accepted = deaths = 0
    sizes = [2**20 * mb for mb in (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1024)]
    for _ in range(200 if context.is_full else 10):
        sizes.append(context.random.randint(4, 64) * 2**20 + 4096 * context.random.randint(0, 255))
    for size in sizes:
        text = ledger.text()
        words = ["prlimit", f"--as={size}", *project.command("learn", text, "--verbatim", "--quiet")]
        result = processes.run(words, env=project.environment(), cwd="/")
        ledger.note(text, result.code == 0)
        accepted += result.code == 0
        _may_end(result, f"learn with {size} bytes")
        worker = processes.run(["prlimit", f"--as={size}", *project.command("worker", "run", "--until-idle")],
                               env=project.environment(), cwd="/", timeout=30)  # fmt: skip
        _may_end(worker, f"worker with {size} bytes")
        deaths += worker.code not in (0, 4)  # 4: the one that learn started is at it
        if processes.wait_for_quiet(15):
            raise Broken(f"F: with {size} bytes something is left")
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)
    return f"{accepted} of {len(sizes)} learns accepted, {deaths} workers gave up"


def _may_end(result, what):
    """What the loader says of too little memory is not ours to word: 127 and signals before main."""
    if result.is_timed_out:
        raise Broken(f"E: {what}: {result}")
    if result.code in EXIT_CODES and result.code != 0 and not result.err.strip():
        raise Broken(f"G: {what}: exit {result.code} without a word")
    if result.code not in EXIT_CODES and result.code not in (127, -signal.SIGSEGV, -signal.SIGKILL):
        raise Broken(f"G: {what}: {result}")


@contextlib.contextmanager
def memory_group(limit_bytes):
    """A control group that kills who needs more, of either version."""
    need_root()
    old, new = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    is_old = (old / "cgroup.procs").exists()
    group = (old if is_old else new) / f"kuzu-memory-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.limit_in_bytes" if is_old else "memory.max")).write_text(str(limit_bytes))
    except OSError as error:
        with contextlib.suppress(OSError):
            group.rmdir()
        raise Skip(f"no memory control group here: {error}") from None
    try:
        yield group / "cgroup.procs"
    finally:
        processes.end_orphans()
        if not processes.wait_until(lambda: _is_removed(group), 5, 0.05):
            raise Broken(f"F: a process is left in {group}")


def _is_removed(group):
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def out_of_memory_kill(context):
    """The kernel kills the worker for its memory, at smaller and smaller limits: what it had is done by one with more."""
    killed = 0
    limits_kb = (16384, 8192, 4096, 3072, 2048, 1536, 1024)
    for limit_kb in limits_kb:
        project, ledger = context.project(), Ledger()
        project.must_learn(ledger, 2)
        project.drain()
        lines = "".join(json.dumps({"content": ledger.text() + " It is heavy." * 200}) + "\n" for _ in range(200))
        texts = [json.loads(line)["content"] for line in lines.splitlines()]
        with project.no_worker_starts():
            for text in texts[:60]:
                result = project.run("learn", text, "--verbatim", "--quiet")
                ledger.note(text, result.code == 0)
        with memory_group(limit_kb * 1024) as members:
            shell = f'echo $$ >"{members}"; exec "$0" worker run --until-idle'
            result = processes.run(["/bin/sh", "-c", shell, context.program], env=project.environment(), cwd="/", timeout=30)
            killed += result.code == -signal.SIGKILL
            if result.code not in EXIT_CODES and result.code != -signal.SIGKILL:
                raise Broken(f"a worker with {limit_kb} KiB: {result}")
        project.must_learn(ledger)
        project.drain(60)
        project.check(ledger)
    if not killed:
        raise Broken(f"no worker was killed with {limits_kb[-1]} KiB: the test shows nothing")
    return f"{killed} of {len(limits_kb)} workers killed"


def noisy_machine(context):
    """One spinning process a processor: all that is accepted is stored, and the times are told against an empty program's."""
    spinning = [subprocess.Popen(["/bin/sh", "-c", "while :; do :; done"]) for _ in range(os.cpu_count() or 2)]
    try:
        project, ledger = context.project({}), Ledger()
        project.must_learn(ledger)
        empty = []
        for _ in range(20):
            began = time.monotonic()
            subprocess.run([context.tools / "probe"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            empty.append((time.monotonic() - began) * 1000)
        rows = burst(context, project, 50, 0)
        note_burst(ledger, rows, 0)
        if any(code for code, _ in rows):
            raise Broken("refused on a noisy machine")
        project.drain_running(60)
    finally:
        for process in spinning:
            process.kill()
            process.wait()
    stop_worker(project)
    project.drain()
    project.check(ledger)
    times = sorted(ms for _, ms in rows)
    return f"p99 of 50 at once {times[-1]:.0f} ms, an empty program {sorted(empty)[10]:.1f} ms"


def group_is_killed(context):
    """The terminal closes and its whole process group is killed at once: the worker belongs to none, the text is learnt."""
    for number in (signal.SIGKILL, signal.SIGHUP, signal.SIGINT):
        project, ledger = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 10**6}}), Ledger()
        text = ledger.text()
        shell = '"$0" learn "$1" --verbatim --quiet && echo done; sleep 60'
        group = processes.start(["/bin/sh", "-c", shell, context.program, text], env=project.environment(), cwd="/",
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        if group.stdout.readline() != b"done\n":
            raise Broken("learn failed")
        ledger.note(text, True)
        os.killpg(group.pid, number)
        group.wait()
        group.stdout.close()
        processes.finished(group)
        if not processes.wait_until(lambda p=project: p.stats()["completed_tasks"] == 1, 5, 0.01):
            raise Broken(f"{number.name} to the group took the worker along: {project.stats()}")
        left = processes.wait_for_quiet(10)
        if left:
            raise Broken(f"F: {left}")
        project.check(ledger)


def lock_is_inherited(context):
    """The worker dies while the command of an alert, its child, lives: the child must hold none of its locks."""
    settings = context.work / "settings"
    (settings / "kuzu-memory").mkdir(parents=True)
    started = context.work / "started"
    command = {"alerts": {"command": ["sh", "-c", f'touch "{started}"; exec sleep 8']}}
    (settings / "kuzu-memory/config.json").write_text(json.dumps(command))
    config = {"async": {"worker_idle_seconds": 60, "max_queue_size": 10**6}, "alerts": {"disk_free_mb": 2**20}}
    project, ledger = context.project(config), Ledger()
    env = {"XDG_CONFIG_HOME": str(settings)}
    project.must_learn(ledger, 2, env=env)
    if not processes.wait_until(started.exists, 10, 0.02):
        raise Skip("no alert was raised: this disk has too much room")
    worker = processes.workers()[0]
    os.kill(worker, signal.SIGKILL)
    processes.wait_until(lambda: not processes.is_worker(worker), 5)
    processes.reap_orphans()
    time.sleep(0.05)
    began = time.monotonic()
    project.must_learn(ledger, 1)
    result = project.run("tasks", "wait", "--all", "--timeout", "6", timeout=10)
    took = time.monotonic() - began
    if result.code != 0 or took > 3:
        raise Broken(f"the dead worker's lock was held by its child for {took:.1f} s: {result}")
    project.run("worker", "stop")
    processes.end_orphans()
    project.drain()
    project.check(ledger)
    return f"taken over after {took * 1000:.0f} ms"


def lock_is_exchanged(context):
    """Another file takes the name of queue/lock under a live worker: it notices, and a new one works under the new file."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 30, "max_queue_size": 10**6}}), Ledger()
    project.must_learn(ledger, 2)
    project.drain_running()
    first = processes.workers()[0]
    lock = project.memory / "queue" / "lock"
    other = project.memory / "queue" / "other"
    os.kill(first, signal.SIGSTOP)  # so that the new one is at work before the old one notices, and leaves
    other.touch(mode=0o600)
    other.rename(lock)
    project.must_learn(ledger, 3)
    is_replaced = processes.wait_until(lambda: project.stats()["completed_tasks"] == 5, 5, 0.02)
    os.kill(first, signal.SIGCONT)
    if not is_replaced or project.run("tasks", "wait", "--all", "--timeout", "10", timeout=15).code != 0:
        raise Broken("nobody works after the lock file was exchanged")
    if not processes.wait_until(lambda: not processes.is_worker(first), 10, 0.02):
        raise Broken("the worker of the old lock file lives on")
    stop_worker(project)
    project.drain()
    project.check(ledger)


TESTS = [
    ("little-address-space", little_address_space),
    ("out-of-memory-kill", out_of_memory_kill),
    ("noisy-machine", noisy_machine),
    ("process-group-killed", group_is_killed),
    ("lock-inherited", lock_is_inherited),
    ("lock-exchanged", lock_is_exchanged),
]
