"""Disks that are slow and file systems that are odd: a FUSE mount whose flushes take their time, one that refuses locks, one that
says that it is a network file system."""

import contextlib
import json
import os
import sqlite3
import threading
import time

import processes
from lib import Broken, Ledger, Project, Skip
from power import loop_mounted, make_image
from storm import burst, note_burst
from surroundings import need_root


@contextlib.contextmanager
def fuse_mounted(context, flush_delay_us, locks="locks"):
    """Shows a folder through fusebind; yields the mount point and the file with the number of flushes."""
    need_root()
    program = context.tools / "fusebind"
    if not program.exists() or not os.path.exists("/dev/fuse"):
        raise Skip("no FUSE here (fusebind needs libfuse3 to compile)")
    below, place, count = context.work / "below", context.work / "mount", context.work / "flushes"
    below.mkdir()
    place.mkdir()
    argv = [program, below, place, flush_delay_us, count, locks]
    server = processes.start(argv, stdin=-3, stdout=-3, stderr=-3)
    try:
        if not processes.wait_until(lambda: os.path.ismount(place) or server.poll() is not None, 5):
            raise Skip("FUSE does not mount here")
        if server.poll() is not None:
            processes.finished(server)
            raise Skip("FUSE does not mount here")
        yield place, count
    finally:
        processes.end_orphans()
        processes.wait_until(lambda: processes.run(["umount", place]).code == 0 or not os.path.ismount(place), 10, 0.05)
        with contextlib.suppress(Exception):
            server.wait(timeout=5)
        processes.finished(server)


def disk_of(context, place):
    """A disk with a file system of its own, whose image lies there: FUSE itself would keep writers waiting for flushes."""
    return loop_mounted(make_image(place / "disk.ext4", "ext4", 64), context.work / "disk")


def slow_disk(context):
    """One flush is what a lone learn waits for; learns at once share flushes; nobody waits in a line of locks."""
    told = []
    for delay_us in (500, 2000, 20000):
        own = context.beside(f"flush{delay_us}")
        with fuse_mounted(own, delay_us) as (place, count), disk_of(own, place) as disk:
            config = {"async": {"worker_idle_seconds": 60, "max_queue_size": 10**6}}
            project, ledger = Project(own, disk / "project", config), Ledger()
            project.must_learn(ledger, 3)
            project.drain_running()
            before = int(count.read_text())
            lone = []
            for _ in range(5):
                result = project.learn(ledger)
                if result.code != 0:
                    raise Broken(f"learn on a slow disk: {result}")
                lone.append(result.took_ms)
                project.drain_running()
            flushes_of_five = int(count.read_text()) - before
            rows = burst(own, project, 60, 0)
            note_burst(ledger, rows, 0)
            refused = [code for code, _ in rows if code != 0]
            if refused:
                raise Broken(f"60 at once on a slow disk: {len(refused)} refused")
            project.drain_running(60)
            shared = int(count.read_text()) - before - flushes_of_five
            worst = max(ms for _, ms in rows)
            # each learn on its own would need 60 flushes one behind the other, and the worker's beside them
            if delay_us == 20000 and shared > 40:
                raise Broken(f"60 learns at once and their worker made {shared} flushes: they do not share them")
            project.run("worker", "stop")
            processes.wait_for_quiet()
            project.check(ledger)
            times = f"lone {sorted(lone)[2]:.0f} ms, worst of 60 {worst:.0f} ms, {shared} flushes"
            told.append(f"{delay_us / 1000:g} ms a flush: {times}")
    return "; ".join(told)


def without_locks(context):
    """A file system that refuses locks: nothing is accepted there, and the reason is given."""
    with fuse_mounted(context, 0, "no-locks") as (place, _):
        project, ledger = Project(context, place / "project"), Ledger()
        for command in ("learn", "remember"):
            text = ledger.text()
            result = project.run(command, text, "--quiet")
            if result.code == 0:
                raise Broken(f"{command} works where nothing can be locked")
            if b"lock" not in result.err:
                raise Broken(f"{command} without locks does not tell why: {result}")
        enhanced = project.run("enhance", "Where is the warehouse?", "--format", "plain")
        if enhanced.code != 0 or b"Where is the warehouse?" not in enhanced.out:
            raise Broken(f"enhance without locks: {enhanced}")
        left = processes.wait_for_quiet()
        if left:
            raise Broken(f"F: {left}")


def over_a_network(context):
    """FUSE and what is called NFS are told as weak, and work all the same."""
    with fuse_mounted(context, 0) as (place, _):
        project, ledger = Project(context, place / "project"), Ledger()
        project.must_learn(ledger, 5)
        project.drain()
        _must_warn(project, [], "FUSE")
        project.check(ledger)
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 3)
    project.drain()
    for number, name in (("6969", "NFS"), ("ff534d42", "CIFS"), ("01021997", "9p")):
        _must_warn(project, [context.tools / "faultrun", "--fs-type", number, "--"], name)
    project.check(ledger)


def _must_warn(project, tool, name):
    result = processes.run([*tool, *project.command("status", "--format", "json")], env=project.environment(), cwd="/")
    findings = {finding["code"]: finding for finding in json.loads(result.out)["findings"]}
    if "files.weak_file_system" not in findings or name not in findings["files.weak_file_system"]["what"]:
        raise Broken(f"status does not warn of {name}, but tells {sorted(findings)}")


def long_reader(context):
    """Somebody reads for a long time: learn and worker go on, and the log is emptied once the reader has left."""
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 10**6}}
    project, ledger = context.project(config), Ledger()
    project.must_learn(ledger, 3)
    project.drain()
    reader = sqlite3.connect(f"file:{project.memory / 'memories.db'}?mode=ro", uri=True, isolation_level=None)
    reader.execute("PRAGMA trusted_schema=ON")
    reader.execute("BEGIN")
    seen = reader.execute("SELECT count(*) FROM memories").fetchone()[0]
    log = project.memory / "memories.db-wal"
    alone, beside, sizes = [], [], []
    end = time.monotonic() + (60 if context.is_full else 8)
    while time.monotonic() < end:
        lines = "".join(json.dumps({"content": ledger.text()}) + "\n" for _ in range(300))
        texts = [json.loads(line)["content"] for line in lines.splitlines()]
        result = project.run("learn", "--batch", "-", "--verbatim", "--quiet", stdin=lines.encode())
        if result.code != 0:
            raise Broken(f"learn while somebody reads: {result}")
        ledger.accepted.update(texts)
        ledger.without_task += 299
        beside.append(project.learn(ledger).took_ms)
        project.drain(60)
        sizes.append(log.stat().st_size)
    if reader.execute("SELECT count(*) FROM memories").fetchone()[0] != seen:
        raise Broken("the reader does not see one moment")
    peak = max(sizes)
    if peak < 4 << 20:
        raise Broken(f"the log grew to {peak} bytes only: the reader kept nobody from anything")
    if peak > 64 << 20:
        findings = json.loads(project.run("status", "--format", "json").out)["findings"]
        if "store.log_long" not in [finding["code"] for finding in findings]:
            raise Broken(f"a log of {peak} bytes is not told")
    reader.execute("COMMIT")
    reader.close()
    alone.append(project.learn(ledger).took_ms)
    project.drain()
    if log.exists() and log.stat().st_size > 0:
        raise Broken(f"the reader is gone, and the log still has {log.stat().st_size} bytes")
    project.check(ledger)
    beside.sort()
    return f"log up to {peak / 2**20:.0f} MiB, then 0; learn beside the reader {beside[len(beside) // 2]:.1f} ms"


def copied_while_working(context):
    """cp -a under load: the copy is sound, or says what is the matter and can be mended; the original never suffers."""
    sound = mended = 0
    for number in range(40 if context.is_full else 6):
        project, ledger = context.project(name=f"busy{number}"), Ledger()
        project.must_learn(ledger, 3)
        stop = threading.Event()

        def load(project=project, ledger=ledger, stop=stop):
            while not stop.is_set():
                project.learn(ledger)
                processes.reap_orphans()

        thread = threading.Thread(target=load)
        thread.start()
        time.sleep(context.random.uniform(0.05, 0.3))
        target = context.work / f"copy{number}"
        copied = processes.run(["cp", "-a", project.directory, target], timeout=60)
        stop.set()
        thread.join()
        processes.wait_for_quiet()
        project.drain()
        project.check(ledger)
        if copied.code != 0:
            continue  # a file went away under cp, and cp said so
        copy = Project(context, target, is_new=False)
        said = copy.run("doctor", timeout=60)
        fixed = copy.run("doctor", "--fix", timeout=60)
        if said.code == 2:
            mended += 1
        else:
            sound += 1
        copy.drain()
        after = Ledger(ledger)
        copy.must_learn(after)
        copy.drain()
        contents = copy.contents()
        known = after.accepted | after.refused
        if len(set(contents)) != len(contents) or set(contents) - known:
            raise Broken(f"a copy made under load holds texts twice, or unknown ones ({said}; {fixed})")
        if copy.run("doctor").code == 2:
            raise Broken(f"a copy made under load stays broken: {said.out.decode()[:300]}")
        processes.wait_for_quiet()
        project.remove()
        copy.remove()
    return f"{sound} copies were sound, {mended} said that they were not and were mended"


def backed_up_while_working(context):
    """backup under load: every text accepted before it began is in it, once."""
    total = 0
    for number in range(30 if context.is_full else 5):
        project, ledger = context.project(name=f"busy{number}"), Ledger()
        project.must_learn(ledger, 3)
        stop = threading.Event()

        def load(project=project, ledger=ledger, stop=stop):
            while not stop.is_set():
                project.learn(ledger)
                processes.reap_orphans()

        threads = [threading.Thread(target=load) for _ in range(1)]
        for thread in threads:
            thread.start()
        time.sleep(context.random.uniform(0.05, 0.4))
        promised = set(ledger.accepted)
        backup = context.work / f"b{number}.kmbackup"
        result = project.run("backup", backup, "--quiet", timeout=60)
        stop.set()
        for thread in threads:
            thread.join()
        if result.code != 0:
            raise Broken(f"backup under load: {result}")
        processes.wait_for_quiet()
        other = context.project(name=f"restored{number}")
        if other.run("restore", backup, "--quiet", timeout=60).code != 0:
            raise Broken("the backup cannot be restored")
        other.drain()
        processes.wait_for_quiet()
        contents = other.contents()
        lost = promised - set(contents)
        if lost or len(set(contents)) != len(contents) or set(contents) - ledger.accepted - ledger.refused:
            raise Broken(f"A: {len(lost)} texts accepted before the backup are not in it")
        project.drain()
        project.check(ledger)
        total += len(promised)
    return f"{total} texts in backups"


def restored_while_reading(context):
    """Two memories take each other's place again and again while others read: each reader sees one of them whole."""
    project, ledger = context.project(), Ledger()
    backups, contents = [], []
    for name in ("first", "second"):
        other = context.project(name=name)
        for _ in range(12):
            other.remember(ledger)
        backups.append(context.work / f"{name}.kmbackup")
        if other.run("backup", backups[-1], "--quiet").code != 0:
            raise Broken("backup")
        contents.append(set(other.contents()))
        processes.wait_for_quiet()
    if project.run("restore", backups[0], "--quiet").code != 0:
        raise Broken("restore")
    stop, problems, seen = threading.Event(), [], [0, 0]

    def read():
        while not stop.is_set() and not problems:
            result = project.run("export")
            found = {json.loads(line)["content"] for line in result.out.splitlines() if b'"content"' in line}
            if result.code != 0:
                problems.append(f"export: {result}")
            elif found not in contents:
                problems.append(f"a reader saw {len(found & contents[0])} and {len(found & contents[1])} of 12 and 12 memories")
            else:
                seen[contents.index(found)] += 1
            processes.reap_orphans()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    times = 120 if context.is_full else 12
    for number in range(times):
        result = project.run("restore", backups[(number + 1) % 2], "--quiet")
        if result.code != 0:
            problems.append(f"restore while others read: {result}")
            break
    stop.set()
    for reader in readers:
        reader.join()
    if problems:
        raise Broken("; ".join(problems[:3]))
    processes.wait_for_quiet()
    if json.loads(project.run("doctor", "--format", "json").out)["status"] == "broken":
        raise Broken("doctor calls it broken after all that")
    return f"{times} restores, {seen[0]} and {seen[1]} reads of the two"


TESTS = [
    ("restore-while-reading", restored_while_reading),
    ("slow-disk", slow_disk),
    ("without-locks", without_locks),
    ("network-file-system", over_a_network),
    ("long-reader", long_reader),
    ("copied-while-working", copied_while_working),
    ("backup-while-working", backed_up_while_working),
]
