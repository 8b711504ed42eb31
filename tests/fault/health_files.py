"""Files, disk, file system and configuration: each finding is brought about for real, seen, mended as it says, and gone after."""

import contextlib
import json
import os
import re
import shutil
import signal
from pathlib import Path

import processes
from findings import (
    KEPT_OPEN,
    look,
    must_find,
    must_be_gone,
    apply,
    used,
    the_worker,
    look_with_fault,
    must_be_well_at_home,
)
from lib import Broken, Ledger, Skip
from surroundings import PLAIN_USER, fill_up, mounted, need_root, open_to_others


def make_room(project, finding):
    """Does what a person would: looks at what the remedy lists, and deletes the largest file that is none of the memory's."""
    lines = apply(project, finding).splitlines()
    paths = [Path(line.split(None, 1)[1]) for line in lines]
    strangers = [path for path in paths if path.is_file() and project.memory not in path.parents]
    if not strangers:
        raise Broken(f"the remedy of {finding['code']} shows nothing that could be deleted: {lines}")
    strangers[-1].unlink()


def disk_findings(context):
    """Little room, then none: the worker pauses, and goes on when there is room."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=80m,mode=0700", "tmpfs"):
        project, ledger = context.project(KEPT_OPEN, name="disk/project"), Ledger()
        project.must_learn(ledger, 3)
        project.drain_running()
        (place / "large").write_bytes(bytes(20 << 20))
        low = must_find(project, "disk.low", "degraded")
        if not low["since"]:
            raise Broken("disk.low does not say since when")
        make_room(project, low)
        must_be_gone(project, "disk.low")
        worker = the_worker(project)
        os.kill(worker, signal.SIGSTOP)
        project.must_learn(ledger, 60)
        fill_up(place / "ballast")
        os.kill(worker, signal.SIGCONT)
        full = must_find(project, "disk.full", "broken", limit_s=5)
        paused = must_find(project, "worker.paused", "degraded", limit_s=10)
        if not full["since"] or not paused["since"]:
            raise Broken("disk.full or worker.paused does not say since when")
        if paused["remedy"] != full["remedy"]:
            raise Broken(f"a worker that waits for room should be helped by making room, not by {paused['remedy']}")
        make_room(project, paused)
        must_be_gone(project, "disk.full")
        must_be_gone(project, "worker.paused", limit_s=20)
        project.drain_running()
        project.run("worker", "stop")
        project.check(ledger)


def no_more_files(context):
    """Room, but no more files can be made."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=80m,nr_inodes=120,mode=0700", "tmpfs"):
        project, ledger = context.project(name="disk/project"), Ledger()
        project.must_learn(ledger, 3)
        project.drain_running()
        processes.wait_for_quiet()
        (place / "many").mkdir()
        with contextlib.suppress(OSError):
            for number in range(200):
                (place / "many" / str(number)).touch()
        told = apply(project, must_find(project, "disk.full", "broken"))
        if str(place / "many") not in told:
            raise Broken(f"where the files are is not shown: {told}")
        shutil.rmtree(place / "many")
        must_be_gone(project, "disk.full")
        project.check(ledger)


def read_only(context):
    """A mount that is read-only, here alone or as a whole file system."""
    project, _ = used(context)
    place = context.work / "disk"
    with mounted(project.directory, "--bind", project.directory):
        if processes.run(["mount", "-o", "remount,ro,bind", project.directory]).code != 0:
            raise Skip("cannot remount")
        look(project, "doctor")  # tells, although it can write nothing
        apply(project, must_find(project, "files.read_only", "broken"))
        must_be_gone(project, "files.read_only")
    with mounted(place, "-t", "tmpfs", "-o", "size=80m,mode=0700", "tmpfs"):
        project, ledger = context.project(name="disk/a project's"), Ledger()
        project.must_learn(ledger)
        project.drain_running()
        processes.wait_for_quiet()
        if processes.run(["mount", "-o", "remount,ro", place]).code != 0:
            raise Skip("cannot remount")
        apply(project, must_find(project, "files.read_only", "broken"))
        must_be_gone(project, "files.read_only")
        project.must_learn(ledger)


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
    if not finding["since"]:
        raise Broken("files.not_writable does not say since when")
    apply(project, finding)
    must_be_gone(project, "files.not_writable")
    (project.memory / "memories.db").chmod(0)
    apply(project, must_find(project, "store.unreadable", "broken"))
    must_be_gone(project, "store.unreadable")
    (project.memory / "queue").chmod(0)
    apply(project, must_find(project, "queue.unreadable", "broken"))
    must_be_gone(project, "queue.unreadable")
    os.chown(project.memory / "worker.log", 0, 0)
    apply(project, must_find(project, "files.foreign", "degraded"))
    must_be_gone(project, "files.foreign")


def no_locks(context):
    """A file system that refuses locks."""
    project, ledger = used(context)
    found, code = look_with_fault(project, "fcntl", "ENOLCK")
    if "files.no_locks" not in found or code != 2:
        raise Broken(f"status does not see that there are no locks, but {sorted(found)}, and exits {code}")
    apply(project, found["files.no_locks"], then=' && [ -d "$KUZU_MEMORY_PROJECT/kuzu-memories" ]')
    must_be_well_at_home(project, ledger, "files.no_locks")


def weak_file_system(context):
    """A project on a file system in user space."""
    project, ledger = used(context)
    seen = context.work / "seen"
    seen.mkdir()
    if not shutil.which("bindfs") or not os.path.exists("/dev/fuse"):
        raise Skip("no bindfs or no /dev/fuse")
    server = processes.start(["bindfs", "-f", project.directory, seen])
    there = type(project)(context, seen, is_new=False)
    try:
        if not processes.wait_until(lambda: os.path.ismount(seen), 5):
            raise Skip("cannot mount with bindfs")
        finding = must_find(there, "files.weak_file_system", "degraded")
        apply(there, finding)
    finally:
        processes.run(["umount", "--lazy", seen])
        server.wait(10)
        processes.finished(server)
    must_be_well_at_home(there, ledger, "files.weak_file_system")


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
    must_find(project, "files.odd", "broken")
    apply(project, must_find(project, "queue.unreadable", "broken"))
    must_be_gone(project, "queue.unreadable")
    must_be_gone(project, "files.odd")
    shutil.rmtree(project.memory / "aside")  # holds the link
    project.must_learn(ledger)
    project.drain()
    project.check(ledger)


def configuration(context):
    """A key that nobody knows, and a value that cannot be: the remedy opens the file. And secrets, until somebody has seen it."""
    project, ledger = used(context)
    good = context.work / "good.json"
    good.write_text(json.dumps(project.DEFAULT_CONFIG))
    editor = context.work / "editor"
    editor.write_text(f'#!/bin/sh\ncat "{good}" >"$1"\n')
    editor.chmod(0o755)
    for code, level, config in (
        ("config.warning", "degraded", {"async": {"max_wrokers": 2, "worker_idle_seconds": 0}}),
        ("config.invalid", "broken", {"async": {"max_workers": "many"}}),
    ):
        project.configure(config)
        finding = must_find(project, code, level)
        if not finding["since"]:
            raise Broken(f"{code} does not say since when")
        apply(project, finding, env={"EDITOR": str(editor)})
        must_be_gone(project, code)
    for _ in range(2):
        project.run("learn", "The deploy key is AKIAIOSFODNN7EXAMPLF for the bucket.", "--quiet")
        project.drain_running()
        finding = must_find(project, "secrets.redacted", "notice")
        if not finding["what"].startswith("1 secrets"):
            raise Broken(f"acknowledged ones are told again: {finding['what']}")
        apply(project, finding)
        must_be_gone(project, "secrets.redacted")


def every_finding(context):
    """Whatever the program can find is in the documents, and brought about by one of these tests."""
    root = Path(__file__).resolve().parent.parent.parent
    pattern = r'"((?:store|search|graph|counters|queue|tasks|worker|files|disk|config|clock|secrets|hooks)\.[a-z_]+)"'
    sources = [root / "src/status/health.c", root / "src/api/doctor.c", root / "src/cli/cmd_doctor.c"]
    known = {code for path in sources for code in re.findall(pattern, path.read_text())}
    documented = set(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", (root / "docs/operations.md").read_text(), re.MULTILINE))
    files = [*(root / "tests/fault").glob("health*.py"), root / "tests/cli/install.bats"]
    tests = "".join(path.read_text().replace("'", '"') for path in files)
    tried = {code for code in known if f'"{code}"' in tests}
    if len(known) < 35 or documented != known or tried != known:
        raise Broken(f"of {len(known)} findings, documented: {sorted(known ^ documented)}, not tried: {sorted(known - tried)}")
    return f"{len(known)} findings"


TESTS = [
    ("health-every-finding", every_finding),
    ("health-disk", disk_findings),
    ("health-read-only", read_only),
    ("health-no-more-files", no_more_files),
    ("health-not-writable", not_writable),
    ("health-no-locks", no_locks),
    ("health-weak-file-system", weak_file_system),
    ("health-files", file_findings),
    ("health-configuration", configuration),
]
