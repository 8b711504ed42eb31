"""What can be wrong with a memory: each condition is brought about for real, seen by status or doctor, mended by the command that the
finding names, and gone after."""

import json
import os
import shutil
import signal
import sqlite3
import struct
import time

import processes
from lib import Broken, Ledger, Skip
from surroundings import PLAIN_USER, fill_up, mounted, need_root, open_to_others

LEVELS = {"notice": 0, "degraded": 1, "broken": 2}
KEPT_OPEN = {"async": {"worker_idle_seconds": 600, "max_queue_size": 1000000}}


def look(project, command="status", **options):
    """Findings by code; the exit code must be that of the worst."""
    result = project.run(command, "--format", "json", **options)
    if not result.out:
        raise Broken(f"{command} says nothing: {result}")
    report = json.loads(result.out)
    findings = {finding["code"]: finding for finding in report["findings"]}
    worst = max([LEVELS[finding["level"]] for finding in report["findings"] if not finding["fixed"]], default=0)
    if result.code != worst or report["status"] != ["healthy", "degraded", "broken"][worst]:
        raise Broken(f"{command} exits {result.code} with {report['status']} and these findings: {sorted(findings)}")
    for finding in findings.values():
        if not finding["what"] or not finding["why"] or not finding["remedy"]:
            raise Broken(f"a finding that does not say all: {finding}")
    return findings


def must_find(project, code, level, command="status", limit_s=0, **options):
    found = {}

    def is_found():
        nonlocal found
        found = look(project, command, **options)
        return code in found

    if not processes.wait_until(is_found, limit_s, 0.05):
        raise Broken(f"{command} does not find {code}, but {sorted(found)}")
    if found[code]["level"] != level:
        raise Broken(f"{code} is called {found[code]['level']}, not {level}")
    return found[code]


def must_be_gone(project, code, command="status", limit_s=5):
    left = {}

    def is_gone():
        nonlocal left
        left = look(project, command)
        return code not in left

    if not processes.wait_until(is_gone, limit_s, 0.05):
        raise Broken(f"{code} is still there: {left[code]}")


def apply(project, finding, codes=(0,)):
    """Runs the command that the finding names, as a person would paste it."""
    folder = project.directory.parent / "bin"
    folder.mkdir(exist_ok=True)
    link = folder / "kuzu-memory"
    link.unlink(missing_ok=True)
    link.symlink_to(project.context.program)
    environment = project.environment()
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    result = processes.run(["/bin/sh", "-c", finding["remedy"]], env=environment, cwd=project.memory, timeout=40)
    if result.code not in codes:
        raise Broken(f"the remedy of {finding['code']}, {finding['remedy']}: {result}")
    return result


def used(context, config=None, count=3):
    project, ledger = context.project(config), Ledger()
    project.must_learn(ledger, count)
    project.drain_running()
    if config is None:
        processes.wait_for_quiet()
    return project, ledger


def without_worker(project, ledger, count=1):
    """Texts that no worker is started for."""
    for _ in range(count):
        project.must_learn(ledger, 1, env={"KUZU_MEMORY_PROGRAM": "/bin/false"})
    processes.wait_for_quiet()


def is_gone(pid):
    """Reaped, so that all its threads have ended and its locks are free: the name of a dying one vanishes earlier."""
    processes.reap_orphans()
    return not os.path.exists(f"/proc/{pid}")


def the_worker(project):
    if not processes.wait_until(lambda: project.stats()["worker"]["pid"], 5):
        raise Broken("no worker runs")
    return project.stats()["worker"]["pid"]


def database(project):
    connection = sqlite3.connect(project.memory / "memories.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA trusted_schema=ON")
    return connection


def move_log(project):
    """Lets memories.db hold everything, so that it can be damaged by hand."""
    connection = database(project)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


# ---- The worker ----


def worker_findings(context):
    """A stopped worker, none at all, workers that die one after the other, one of another version."""
    project, ledger = used(context, KEPT_OPEN)
    os.kill(the_worker(project), signal.SIGSTOP)
    finding = must_find(project, "worker.stalled", "degraded", limit_s=8)
    if not finding["since"]:
        raise Broken("worker.stalled does not say since when")
    time.sleep(2.2)  # somebody else takes over after five missed beats
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
    """A worker that was started before an upgrade: only what it wrote about itself tells."""
    project, _ = used(context, KEPT_OPEN)
    page = project.memory / "state" / "metrics"
    content = page.read_bytes()
    at = content.find(struct.pack("<Q", 0 << 32 | 1 << 16))  # 0.1.0, the last of the marks
    if at < 0:
        raise Broken("the page does not tell the version of the worker")
    with open(page, "r+b") as file:
        file.seek(at)
        file.write(struct.pack("<Q", 9 << 32))
    apply(project, must_find(project, "worker.version", "degraded"))
    must_be_gone(project, "worker.version")


def clock_jump(context):
    """The clock was hours ahead while a worker ran, and was set right since."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    project, ledger = used(context)
    ahead = project.copy("ahead")
    ahead.context = context.with_program(context.hooked)
    without_worker(ahead, ledger)
    ahead.run("worker", "run", "--until-idle", env={"KUZU_MEMORY_TEST_CLOCK_AHEAD": "7200"})
    ahead.context = context
    apply(ahead, must_find(ahead, "clock.jumped", "degraded"))
    must_be_gone(ahead, "clock.jumped")


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
    apply(project, must_find(project, "queue.waiting", "degraded", limit_s=3))
    apply(project, full)
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


def look_fixed(project, code):
    """doctor --fix must mend it, say so, and not find it afterwards."""
    result = project.run("doctor", "--fix", "--format", "json", timeout=40)
    findings = {finding["code"]: finding for finding in json.loads(result.out)["findings"]}
    if code not in findings or not findings[code]["fixed"]:
        raise Broken(f"doctor --fix does not mend {code}: {findings.get(code)}")
    again = look(project, "doctor")
    if code in again:
        raise Broken(f"{code} is there again: {again[code]}")
    return findings


def failed_task(context):
    """A task that fails: told with its last error, learnt when it is tried again."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000, "task_retry_attempts": 0}}
    project, ledger = used(context, config, count=20)
    processes.wait_for_quiet()
    real = project.context
    project.context = context.with_program(context.hooked)
    with project.no_worker_starts():
        project.run("learn", "This text is poisoned to fail.", "--verbatim", "--quiet", "--source", "poison:fail")
    project.run("worker", "run", "--until-idle")
    project.context = real
    finding = must_find(project, "tasks.failed", "degraded")
    if "on purpose" not in finding["what"] or not finding["since"]:
        raise Broken(f"the last error is not told: {finding}")
    apply(project, finding)
    project.drain_running()
    must_be_gone(project, "tasks.failed")


# ---- The store ----


def store_damage(context):
    """A page of the database is overwritten: doctor saves all but what stood on it, and keeps the damaged file."""
    project, ledger = used(context, count=0)
    lines = [json.dumps({"content": ledger.text(), "key": str(n)}) for n in range(600)]
    project.run("learn", "--batch", "-", "--verbatim", "--quiet", stdin="\n".join(lines).encode())
    project.drain_running()
    processes.wait_for_quiet()
    before = set(project.contents())
    move_log(project)
    path = project.memory / "memories.db"
    size = path.stat().st_size
    connection = database(project)
    root = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name='memories'").fetchone()[0]
    leaf = connection.execute(
        "SELECT pageno FROM dbstat WHERE name='memories' AND pagetype='leaf' ORDER BY pageno LIMIT 1 OFFSET 3"
    ).fetchone()[0]
    connection.close()
    if leaf == root:
        raise Broken("the table is too small for this test")
    with open(path, "r+b") as file:
        file.seek((leaf - 1) * 4096)
        file.write(os.urandom(4096))
    if path.stat().st_size != size:
        raise Broken("the damage changed the size")
    must_find(project, "store.damaged", "broken", "doctor")
    findings = look_fixed(project, "store.damaged")
    after = set(project.contents())
    lost = len(before - after)
    if after - before or not 0 < lost < 40:
        raise Broken(f"{lost} of {len(before)} memories are lost, {len(after - before)} appeared")
    if "memories lost" not in findings["store.damaged"]["repair"]:
        raise Broken(f"what was lost is not told: {findings['store.damaged']['repair']}")
    kept = list((project.memory / "aside").rglob("memories.db"))
    if len(kept) != 1 or kept[0].stat().st_size != size:
        raise Broken("the damaged file was not kept")
    apply(project, must_find(project, "files.set_aside", "notice"))
    must_be_gone(project, "files.set_aside")
    return f"{lost} memories lost with the page"


def store_header(context):
    """The first page is gone: nothing can be read, the file is kept, and a backup brings everything back."""
    project, ledger = used(context)
    backup = project.directory.parent / "good.kmbackup"
    if project.run("backup", backup).code != 0:
        raise Broken("no backup")
    move_log(project)
    with open(project.memory / "memories.db", "r+b") as file:
        file.write(bytes(4096))
    apply(project, must_find(project, "store.unusable", "broken"), codes=(2,))
    finding = must_find(project, "store.unusable", "broken")
    if "restore a backup" not in finding["what"] and "was left as it is" not in finding["what"]:
        raise Broken(f"the way out is not told: {finding}")
    if project.run("restore", backup).code != 0:
        raise Broken("restore after damage")
    must_be_gone(project, "store.unusable")
    if not list((project.memory / "aside").rglob("memories.db")):
        raise Broken("the damaged file was not kept")
    processes.wait_for_quiet()
    project.check(ledger)


def store_truncated(context):
    """The end of the database is missing."""
    project, _ = used(context)
    move_log(project)
    path = project.memory / "memories.db"
    os.truncate(path, path.stat().st_size - 8192)
    apply(project, must_find(project, "store.unusable", "broken"))
    must_be_gone(project, "store.unusable")
    if not list((project.memory / "aside").rglob("memories.db")):
        raise Broken("the damaged file was not kept")


def store_contents(context):
    """Index, graph and counters that do not fit the memories are made anew from them."""
    project, ledger = used(context)
    connection = database(project)
    connection.execute("UPDATE counters SET value=value+7 WHERE name='memories'")
    connection.execute("INSERT INTO mentions(memory,entity,position) VALUES(99999,88888,0)")
    connection.execute("DELETE FROM units_data WHERE id>10")
    connection.close()
    for code in ("counters.wrong", "graph.dangling", "search.index_damaged"):
        must_find(project, code, "degraded", "doctor")
    found = look_fixed(project, "search.index_damaged")
    for code in ("counters.wrong", "graph.dangling"):
        if not found[code]["fixed"]:
            raise Broken(f"{code} was not mended")
    recalled = project.json("recall", "warehouse")["memories"]
    if len(recalled) != 3:
        raise Broken(f"{len(recalled)} of 3 memories are found with the new index")
    project.check(ledger)


def store_index(context):
    """An index of a table lacks rows."""
    project, ledger = used(context, count=0)
    for text in ("Alice Johnson leads the Kiwi project.", "Bob Miller joined the Lemon project."):
        project.run("learn", text, "--quiet")
    project.drain_running()
    processes.wait_for_quiet()
    connection = database(project)
    connection.execute("PRAGMA writable_schema=ON")
    row = connection.execute("SELECT type,name,tbl_name,rootpage,sql FROM sqlite_schema WHERE name='mentions_entity'").fetchone()
    connection.execute("DELETE FROM sqlite_schema WHERE name='mentions_entity'")
    connection.close()
    connection = database(project)
    connection.execute("UPDATE mentions SET position=position+1, entity=entity")
    connection.execute("DELETE FROM mentions WHERE entity=(SELECT max(entity) FROM mentions)")
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("INSERT INTO sqlite_schema VALUES(?,?,?,?,?)", row)
    connection.close()
    must_find(project, "store.index_damaged", "degraded", "doctor")
    look_fixed(project, "store.index_damaged")


def store_sizes(context):
    """A write-ahead log that has grown long, and pages that nobody uses."""
    project, ledger = used(context)
    log = project.memory / "memories.db-wal"
    without_worker(project, ledger)
    project.drain()
    os.truncate(log, 70 * 1024 * 1024)
    apply(project, must_find(project, "store.log_long", "degraded"))
    must_be_gone(project, "store.log_long")
    connection = database(project)
    connection.execute("PRAGMA secure_delete=OFF")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("CREATE TABLE ballast(bytes BLOB)")
    connection.execute("INSERT INTO ballast VALUES(zeroblob(?))", (66 * 1024 * 1024,))
    connection.execute("DROP TABLE ballast")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    apply(project, must_find(project, "store.free_space", "notice"))
    must_be_gone(project, "store.free_space")
    project.check(ledger)


# ---- Files, disk, configuration ----


def disk_findings(context):
    """Little room, then none: the worker pauses, and goes on when there is room."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs"):
        project, ledger = context.project(KEPT_OPEN, name="disk/project"), Ledger()
        project.must_learn(ledger, 3)
        project.drain_running()
        low = must_find(project, "disk.low", "degraded")
        worker = the_worker(project)
        os.kill(worker, signal.SIGSTOP)
        project.must_learn(ledger, 60)
        fill_up(place / "ballast")
        os.kill(worker, signal.SIGCONT)
        full = must_find(project, "disk.full", "broken", limit_s=5)
        paused = must_find(project, "worker.paused", "degraded", limit_s=10)
        if not paused["since"]:
            raise Broken("worker.paused does not say since when")
        apply(project, full)  # shows the disk; what to delete is for a person
        apply(project, paused, codes=(1, 2))
        (place / "ballast").unlink()
        must_be_gone(project, "disk.full")
        must_be_gone(project, "worker.paused", limit_s=20)
        apply(project, low)
        if processes.run(["mount", "-o", "remount,size=200m", place]).code != 0:
            raise Skip("cannot remount")
        must_be_gone(project, "disk.low")
        project.drain_running()
        project.run("worker", "stop")
        project.check(ledger)


def read_only(context):
    """A mount that is read-only, and a directory that is not ours to write."""
    project, _ = used(context)
    with mounted(project.directory, "--bind", project.directory):
        if processes.run(["mount", "-o", "remount,ro,bind", project.directory]).code != 0:
            raise Skip("cannot remount")
        apply(project, must_find(project, "files.read_only", "broken"))
        look(project, "doctor")  # tells, although it can write nothing
        if processes.run(["mount", "-o", "remount,rw,bind", project.directory]).code != 0:
            raise Skip("cannot remount")
        must_be_gone(project, "files.read_only")


def not_writable(context):
    """A directory without the right to write, seen by a plain user; and files of two owners, seen by root."""
    need_root()
    open_to_others(context)
    place = context.work / "open"
    place.mkdir(mode=0o755)
    program = place / "kuzu-memory"
    shutil.copy(context.program, program)
    program.chmod(0o755)
    project, ledger = context.project(name="open/project"), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    for path in [project.directory, *project.directory.rglob("*")]:
        os.chown(path, PLAIN_USER, PLAIN_USER)
    project.context = context.with_program(program)
    project.user = PLAIN_USER
    if project.run("--version").code != 0:
        raise Skip("a plain user cannot reach the test's folder")
    project.memory.chmod(0o500)
    finding = must_find(project, "files.not_writable", "broken")
    apply(project, finding)
    project.memory.chmod(0o700)
    must_be_gone(project, "files.not_writable")
    os.chown(project.memory / "worker.log", 0, 0)
    apply(project, must_find(project, "files.foreign", "degraded"))
    must_be_gone(project, "files.foreign")


def no_locks(context):
    """A file system that refuses locks."""
    project, _ = used(context)
    report = context.work / "report"
    words = [context.tools / "faultrun", "--report", report, "--calls", "fcntl", "--do", "ENOLCK", "--at", "1", "--times", "0"]
    result = processes.run([*words, "--", *project.command("status", "--format", "json")], env=project.environment(), cwd="/")
    if not result.out:
        raise Broken(f"status without locks: {result}")
    findings = {finding["code"]: finding for finding in json.loads(result.out)["findings"]}
    if "files.no_locks" not in findings or result.code != 2:
        raise Broken(f"status does not see that there are no locks, but {sorted(findings)}: {result}")
    apply(project, findings["files.no_locks"])
    must_be_gone(project, "files.no_locks")


def file_findings(context):
    """Open permissions, a link in place of a file, files that a dead process left."""
    project, ledger = used(context)
    (project.memory / "memories.db").chmod(0o644)
    (project.memory / "queue").chmod(0o755)
    apply(project, must_find(project, "files.open", "degraded"))
    must_be_gone(project, "files.open")

    for name in ("memories.db.new", ".config.json.0.tmp"):
        (project.memory / name).write_bytes(b"half a f")
        (project.memory / name).chmod(0o600)
        os.utime(project.memory / name, (1, 1))
    apply(project, must_find(project, "files.leftover", "notice"))
    must_be_gone(project, "files.leftover")

    victim = context.work / "victim"
    victim.write_text("precious")
    lock = project.memory / "queue" / "lock"
    lock.unlink()
    lock.symlink_to(victim)
    apply(project, must_find(project, "files.odd", "broken"))
    must_be_gone(project, "files.odd")
    if victim.read_text() != "precious":
        raise Broken("a link was followed")
    journal = project.memory / "queue" / "journal"
    journal.unlink()
    journal.mkdir(mode=0o700)
    apply(project, must_find(project, "queue.unreadable", "broken"), codes=(2,))
    apply(project, must_find(project, "files.odd", "broken"))
    must_be_gone(project, "queue.unreadable")
    shutil.rmtree(project.memory / "aside")  # holds the link
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)


def configuration(context):
    """A key that nobody knows, and a value that cannot be."""
    project, ledger = used(context)
    project.configure({"async": {"max_wrokers": 2, "worker_idle_seconds": 0}})
    apply(project, must_find(project, "config.warning", "degraded"))
    project.configure({"async": {"max_workers": "many"}})
    apply(project, must_find(project, "config.invalid", "broken"), codes=(2,))
    project.configure(project.DEFAULT_CONFIG)
    for code in ("config.warning", "config.invalid"):
        must_be_gone(project, code)
    project.run("learn", "The deploy key is AKIAIOSFODNN7EXAMPLF for the bucket.", "--quiet")
    project.drain_running()
    apply(project, must_find(project, "secrets.redacted", "notice"))


TESTS = [
    ("health-worker", worker_findings),
    ("health-worker-version", worker_version),
    ("health-clock", clock_jump),
    ("health-queue", queue_findings),
    ("health-queue-damage", queue_damage),
    ("health-failed-task", failed_task),
    ("health-damaged-page", store_damage),
    ("health-damaged-header", store_header),
    ("health-truncated", store_truncated),
    ("health-contents", store_contents),
    ("health-table-index", store_index),
    ("health-sizes", store_sizes),
    ("health-disk", disk_findings),
    ("health-read-only", read_only),
    ("health-not-writable", not_writable),
    ("health-no-locks", no_locks),
    ("health-files", file_findings),
    ("health-configuration", configuration),
]
