"""A machine that refuses: no room, no rights, no files, no descriptors, no processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import time

import processes
from lib import EXIT_CODES, Broken, Fault, Ledger, Skip

PLAIN_USER = 65534


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


@contextlib.contextmanager
def mounted(directory, *words):
    """A file system mounted on `directory`, unmounted in the end whatever happens."""
    need_root()
    directory.mkdir(parents=True, exist_ok=True)
    result = processes.run(["mount", *words, directory])
    if result.code != 0:
        raise Skip(f"cannot mount: {result}")
    try:
        yield
    finally:
        processes.end_orphans()
        if processes.run(["umount", directory]).code != 0:
            processes.run(["umount", "--lazy", directory])


def must_refuse(result, codes, what, words=()):
    """An error must have one of the codes, and say something; `words`: one of them must be in the message."""
    if result.code not in codes:
        raise Broken(f"G: {what}: {result}")
    if not result.err.strip():
        raise Broken(f"G: {what}: exit {result.code} without a word")
    message = result.err.decode("utf-8", "replace").lower()
    if words and not any(word in message for word in words):
        raise Broken(f"G: {what}: the message names no cause: {message.strip()}")


def fill_up(path):
    """Writes zeros until the device is full."""
    with open(path, "wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(65536))
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))


def disk_full(context):
    """Intake on a full disk: refused with the cause; after making room all that was accepted is stored."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"):
        project, ledger = context.project(name="disk/project"), Ledger()
        project.must_learn(ledger, 3)
        project.drain()
        with project.no_worker_starts():
            fill_up(place / "ballast")
            accepted = refused = 0
            for _ in range(2000):
                result = project.learn(ledger)
                if result.code == 0:
                    accepted += 1
                    continue
                must_refuse(result, {73}, "learn on a full disk", ["no space", "full"])
                refused += 1
                if refused == 3:
                    break
        if refused != 3:
            raise Broken(f"{accepted} texts found room on a full disk")
        result = project.run("worker", "run", "--until-idle", timeout=30)
        if result.code not in EXIT_CODES:
            raise Broken(f"G: draining on a full disk: {result}")
        enhanced = project.run("enhance", "Where is the warehouse?")
        if enhanced.code != 0:
            raise Broken(f"enhance on a full disk: {enhanced}")
        (place / "ballast").unlink()
        project.must_learn(ledger)
        project.drain(40)
        project.check(ledger)
        return f"{accepted} accepted before it was full, {refused} refused"


def disk_full_while_draining(context):
    """The disk fills up under the worker; it pauses, tells why, uses up no attempt, and goes on by itself."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"):
        config = {"async": {"worker_idle_seconds": 30, "max_queue_size": 1000000}}
        project, ledger = context.project(config, name="disk/project"), Ledger()
        project.must_learn(ledger, 3)
        project.drain_running()
        worker = processes.workers()[0]
        os.kill(worker, signal.SIGSTOP)  # while it sleeps, the queue and then the disk are filled
        project.must_learn(ledger, 250)
        fill_up(place / "ballast")
        os.kill(worker, signal.SIGCONT)
        if not processes.wait_until(lambda: project.stats()["worker"]["state"] == "paused", 10, 0.02):
            raise Broken(f"on a full disk the worker is not paused: {project.stats()['worker']}")
        problem = project.stats()["worker"]["problem"]
        if "no space" not in problem and "full" not in problem:
            raise Broken(f"the paused worker names no cause: {problem}")
        (place / "ballast").unlink()
        began = time.monotonic()
        result = project.run("tasks", "wait", "--all", "--timeout", "40", timeout=45)
        if result.code != 0:
            raise Broken(f"the worker does not go on after room was made: {result}; {project.stats()['worker']}")
        if not processes.is_worker(worker):
            raise Broken("another worker had to do it")
        project.run("worker", "stop")
        project.check(ledger)
        return f"went on after {time.monotonic() - began:.1f} s"


def file_size_limit(context):
    """ulimit -f: an error, not a death, and no torn neighbour."""
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    refused = 0
    with project.no_worker_starts():
        for blocks in (0, 1, 4, 8, 16, 64, 120, 128):
            text = ledger.text()
            words = [
                "/bin/sh",
                "-c",
                f'ulimit -f {blocks}; exec "$0" learn "$1" --verbatim --quiet',
                context.program,
                text,
            ]
            result = processes.run(words, env=project.environment(), cwd="/")
            ledger.note(text, result.code == 0)
            if result.code != 0:
                refused += 1
                must_refuse(result, {73}, f"learn with ulimit -f {blocks}", ["file too large", "too large", "limit"])
    project.must_learn(ledger)
    for blocks in (1, 64, 120, 400):
        words = ["/bin/sh", "-c", f'ulimit -f {blocks}; exec "$0" worker run --until-idle', context.program]
        result = processes.run(words, env=project.environment(), cwd="/", timeout=15)
        if result.is_timed_out:
            continue  # it pauses and waits for better times; that is its right
        if result.code not in EXIT_CODES:
            raise Broken(f"G: worker with ulimit -f {blocks}: {result}")
    project.drain(30)
    project.check(ledger)
    return f"{refused} learns refused"


def read_only(context):
    """A read-only file system: refused with the cause; reading commands work."""
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 3)
    project.drain()
    project.check(ledger)
    with mounted(project.directory, "--bind", project.directory):
        result = processes.run(["mount", "-o", "remount,ro,bind", project.directory])
        if result.code != 0:
            raise Skip(f"cannot remount: {result}")
        refused = project.learn(ledger)
        must_refuse(refused, {73, 77}, "learn on a read-only file system", ["read-only"])
        enhanced = project.run("enhance", "Where is the warehouse?", "--format", "plain")
        if enhanced.code != 0 or b"Where is the warehouse?" not in enhanced.out:
            raise Broken(f"enhance on a read-only file system: {enhanced}")
        for words in (("recall", "warehouse"), ("stats",), ("recent",), ("export",)):
            result = project.run(*words)
            if result.code != 0:
                raise Broken(f"{words[0]} on a read-only file system: {result}")
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)
    return ""


def open_to_others(context):
    """Lets a plain user reach the test's own folders."""
    context.work.chmod(0o755)
    context.work.parent.chmod(0o711)


def no_permission(context):
    """Another user's project: refused with the cause, and nothing is written."""
    need_root()
    open_to_others(context)
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    before = snapshot(project)
    program = context.work / "kuzu-memory"
    shutil.copy(context.program, program)
    program.chmod(0o755)
    if processes.run(["setpriv", f"--reuid={PLAIN_USER}", "--clear-groups", program, "--version"]).code != 0:
        raise Skip("a plain user cannot reach the test's folder")
    stranger = type(project)(context, project.directory, is_new=False)
    stranger.context = context.with_program(program)
    stranger.user = PLAIN_USER
    must_refuse(stranger.learn(ledger), {77}, "learn in another user's project", ["permission"])
    must_refuse(stranger.run("stats"), {77}, "stats in another user's project", ["permission"])
    enhanced = stranger.run("enhance", "Where is the warehouse?", "--format", "plain")
    if enhanced.code != 0 or b"Where is the warehouse?" not in enhanced.out:
        raise Broken(f"enhance in another user's project: {enhanced}")
    if snapshot(project) != before:
        raise Broken("a stranger's commands changed the project")
    bare = context.work / "bare"
    bare.mkdir(mode=0o755)
    result = stranger.run("learn", "A text.", env={"KUZU_MEMORY_PROJECT": str(bare)})
    must_refuse(result, {73, 77}, "learn in an unwritable directory", ["permission"])
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)
    return ""


def snapshot(project):
    """Names and contents, without what only tells that somebody looked."""
    found = {}
    for path in sorted(project.memory.rglob("*")):
        if path.is_file() and path.suffix != ".db-shm":
            found[str(path.relative_to(project.memory))] = path.read_bytes()
    return found


def vanished(context):
    """The project is deleted under learns and a worker: they end, say why if asked, and resurrect nothing foreign."""
    for _ in range(20 if context.is_full else 5):
        project, ledger = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 1000000}}), Ledger()
        project.must_learn(ledger, 5)
        load = [
            project.start("learn", ledger.text(), "--verbatim", "--quiet", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(6)
        ]
        time.sleep(context.random.uniform(0, 0.004))
        shutil.rmtree(project.directory, ignore_errors=True)
        for process in load:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise Broken("E: learn hung in a deleted project") from None
            finally:
                processes.finished(process)
            if process.returncode not in EXIT_CODES:
                raise Broken(f"G: learn in a deleted project: exit {process.returncode}")
        left = processes.wait_for_quiet(15)
        if left:
            raise Broken(f"F: the worker of a deleted project lives on: {left}")
        shutil.rmtree(project.directory, ignore_errors=True)
    return ""


def moved(context):
    """The project is renamed under load: texts accepted before and after are all there, under the new name."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 1000000}}), Ledger()
    project.must_learn(ledger, 20)
    target = context.work / "elsewhere"
    project.directory.rename(target)
    there = type(project)(context, target, is_new=False)
    there.must_learn(ledger, 20)
    left = processes.wait_for_quiet(15)
    if left:
        raise Broken(f"F: {left}")
    there.drain()
    there.check(ledger)
    if project.directory.exists():
        raise Broken("F: the old place was made anew")
    return ""


def odd_files(context):
    """Symbolic links, directories, fifos and devices in place of our files are refused, never followed or opened."""
    victim = context.work / "victim"
    checked = 0
    for name in ("queue/journal", "queue/lock", "memories.db", "state/metrics", "config.json", "queue", "state"):
        for kind in ("symlink", "dangling", "fifo", "directory", "device"):
            if (kind == "directory" and "/" not in name and name in ("queue", "state")) or (
                kind == "device" and os.geteuid() != 0
            ):
                continue
            project, ledger = context.project(), Ledger()
            project.must_learn(ledger)
            project.drain()
            victim.write_bytes(b"precious")
            _replace(project.memory / name, kind, victim)
            for words in (
                ("learn", "One more text for the road.", "--verbatim"),
                ("worker", "run", "--until-idle"),
                ("stats",),
            ):
                result = project.run(*words, timeout=15)
                if result.code not in EXIT_CODES:
                    raise Broken(f"G: {words[0]} with a {kind} as {name}: {result}")
                if result.code != 0 and not result.err.strip():
                    raise Broken(f"G: {words[0]} with a {kind} as {name}: exit {result.code} without a word")
            enhanced = project.run("enhance", "Where is the warehouse?", "--format", "plain")
            if enhanced.code != 0 or b"Where is the warehouse?" not in enhanced.out:
                raise Broken(f"enhance with a {kind} as {name}: {enhanced}")
            if victim.read_bytes() != b"precious" or (context.work / "nowhere").exists():
                raise Broken(f"a {kind} as {name} was written through")
            left = processes.wait_for_quiet(15)
            if left:
                raise Broken(f"F: with a {kind} as {name}: {left}")
            project.remove()
            checked += 1
    return f"{checked} combinations"


def _replace(path, kind, victim):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if kind == "symlink":
        path.symlink_to(victim)
    elif kind == "dangling":
        path.symlink_to(victim.parent / "nowhere")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "directory":
        path.mkdir(mode=0o700)
        (path / "content").write_text("x")
    else:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 7))  # /dev/full


def closed_descriptors(context):
    """Without stdin, stdout or stderr, no message ever lands in a data file."""
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger)
    project.drain()
    for closing in ("<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"):
        for options in ("--verbatim", "--verbatim --format json", "--verbatim --debug"):
            text = ledger.text()
            words = ["/bin/sh", "-c", f'exec "$0" learn "$1" {options} {closing}', context.program, text]
            result = processes.run(words, env=project.environment(), cwd="/")
            if result.is_timed_out:
                raise Broken(f"E: learn {options} {closing} hung")
            ledger.note(text, result.code == 0)
            if result.code not in EXIT_CODES:
                raise Broken(f"G: learn {options} {closing}: {result}")
        for words in ("stats", "enhance 'Where is it?'", "export", "learn ''", "nonsense", "worker run --until-idle"):
            result = processes.run(
                ["/bin/sh", "-c", f'exec "$0" {words} {closing}', context.program], env=project.environment(), cwd="/"
            )
            if result.is_timed_out or result.code not in EXIT_CODES:
                raise Broken(f"G: {words} {closing}: {result}")
    full = processes.run(["/bin/sh", "-c", 'exec "$0" export >/dev/full', context.program], env=project.environment(), cwd="/")
    must_refuse(full, {73}, "export to a full device")
    project.must_learn(ledger)
    project.drain()
    for path in project.memory.rglob("*"):
        if (
            path.is_file()
            and path.name != "worker.log"
            and re.search(rb"queued for background|DEBUG: |unknown command", path.read_bytes())
        ):
            raise Broken(f"a message landed in {path.name}")
    project.check(ledger)
    return f"{len(ledger.accepted)} accepted"


def no_descriptors(context):
    """Few descriptors: learn is either refused with a reason or stored; the worker copes later."""
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger)
    project.drain()
    accepted = 0
    for limit in range(3, 20):
        text = ledger.text()
        words = ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$0" learn "$1" --verbatim --quiet', context.program, text]
        result = processes.run(words, env=project.environment(), cwd="/")
        ledger.note(text, result.code == 0)
        accepted += result.code == 0
        if result.is_timed_out or result.code not in EXIT_CODES:
            raise Broken(f"G: learn with {limit} descriptors: {result}")
        if result.code != 0:
            must_refuse(result, EXIT_CODES, f"learn with {limit} descriptors")
        if processes.wait_for_quiet(15):
            raise Broken(f"F: with {limit} descriptors something is left")
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)
    return f"{accepted} of 17 accepted"


def no_processes(context):
    """When no process can be started, what is stored still counts: learn exits 0, and a later command starts the worker."""
    need_root()
    open_to_others(context)
    place = context.work / "open"
    place.mkdir(mode=0o755)
    program = place / "kuzu-memory"
    shutil.copy(context.program, program)
    program.chmod(0o755)
    project, ledger = context.project(name="open/project"), Ledger()
    project.context = context.with_program(program)
    user = 64321  # of its own, so that the limit counts our processes only
    for path in [project.directory, *project.directory.rglob("*")]:
        os.chown(path, user, user)
    project.user = user
    if project.run("--version").code != 0:
        raise Skip("a plain user cannot reach the test's folder")
    text = ledger.text()
    limited = ["prlimit", "--nproc=1", *project.command("learn", text, "--verbatim", "--quiet")]
    result = processes.run(limited, env=project.environment(), cwd="/")
    ledger.note(text, result.code == 0)
    if result.code != 0:
        raise Broken(f"learn without the right to start a worker: {result}")
    if project.stats()["queue_size"] != 1:
        raise Broken("a worker was started all the same: the test shows nothing")
    project.must_learn(ledger)
    left = processes.wait_for_quiet(15)
    if left:
        raise Broken(f"F: {left}")
    project.user = None
    result = project.stats()
    if result["queue_size"] != 0:
        raise Broken("the next learn did not start a worker for the waiting text")
    project.check(ledger)
    return ""


def slow_disk(context):
    """Every read takes so long that the search cannot end in time: it gives what it has, marked, before the time is over. Where
    there is not even time for that, the prompt comes back."""
    limit_s, read_us = 2, 20000
    project = context.project({"performance": {"enhance_timeout_seconds": limit_s, "cache_size_mb": 0}})
    places = "harbour depot cellar office market tower bridge garden".split()
    lines = [
        json.dumps({"content": f"Pallet {n} of the {places[n % 8]} holds {places[n // 8 % 8]} lamps number {n * 7919 % 3001}"})
        for n in range(6000)
    ]
    result = project.run("learn", "--batch", "-", "--verbatim", "--quiet", stdin="\n".join(lines).encode())
    if result.code != 0:
        raise Broken(f"learn --batch: {result}")
    project.drain(60)
    prompt = "Which pallet of the harbour depot holds lamps?"
    whole = json.loads(project.run("enhance", prompt, "--format", "json").out)
    if whole["degraded"] or not whole["memories_used"]:
        raise Broken(f"enhance in time: {whole}")
    answers = []
    for delay_us in (read_us, 20 * read_us):
        fault = Fault("", 0, of="first", calls="pread64", delay_us=delay_us, timeout_ms=60000)
        began = time.monotonic()
        result = project.run("enhance", prompt, "--format", "json", fault=fault, timeout=70)
        took = time.monotonic() - began
        if result.code != 0:
            raise Broken(f"enhance with reads of {delay_us} us: {result}")
        answer = json.loads(result.out)
        answers.append(answer)
        if not answer["degraded"]:
            raise Broken(f"not marked though {fault.calls_made} reads took {fault.calls_made * delay_us / 1e6} s: {answer}")
        if not answer["enhanced_prompt"].endswith(prompt):
            raise Broken(f"the prompt is gone: {answer}")
        if took > limit_s * 1.5:
            raise Broken(f"enhance took {took:.2f} s with a limit of {limit_s} s")
    if not answers[0]["memories_used"]:
        raise Broken("nothing was given of what had been found")
    if answers[1]["memories_used"]:
        raise Broken("memories were given where nothing could be read in time")
    return f"{len(answers[0]['memories_used'])} memories of a search that was cut short"


TESTS = [
    ("slow-disk", slow_disk),
    ("disk-full", disk_full),
    ("disk-full-while-draining", disk_full_while_draining),
    ("file-size-limit", file_size_limit),
    ("read-only", read_only),
    ("no-permission", no_permission),
    ("vanished", vanished),
    ("moved", moved),
    ("odd-files", odd_files),
    ("closed-descriptors", closed_descriptors),
    ("no-descriptors", no_descriptors),
    ("no-processes", no_processes),
]
