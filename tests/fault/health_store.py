"""The store: each finding is brought about for real, seen by status or doctor, mended as it says, and gone after."""

import json
import os
import sqlite3
import subprocess
import sys
import time

import processes
from findings import (
    must_find,
    must_be_gone,
    apply,
    used,
    without_worker,
    database,
    move_log,
    look_fixed,
    look_with_fault,
    must_be_well_at_home,
)
from lib import Broken


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
    told = apply(project, must_find(project, "store.unusable", "broken"), codes=(2,))
    if "run: kuzu-memory restore FILE" not in told:
        raise Broken(f"the way out is not told: {told}")
    finding = must_find(project, "store.unusable", "broken", "doctor")
    apply(project, {**finding, "remedy": f"kuzu-memory restore {backup}"})
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
    free = project.run("status", "--format", "json")
    if json.loads(free.out)["free_bytes"] < 60 << 20:
        raise Broken(f"what is free is not told: {free.out}")
    apply(project, must_find(project, "store.free_space", "notice"))
    must_be_gone(project, "store.free_space")
    project.check(ledger)


def failing_disk(context):
    """A disk that answers no read of the store."""
    project, ledger = used(context)
    found, code = look_with_fault(project, "pread64", "EIO")
    if "store.unreadable" not in found or code != 2 or not found["store.unreadable"]["since"]:
        raise Broken(f"status does not see that the disk fails, but {found}, and exits {code}")
    apply(project, found["store.unreadable"])
    must_be_well_at_home(project, ledger, "store.unreadable")


def store_busy(context):
    """A program that keeps the database locked for itself."""
    project, ledger = used(context)
    hold = "import sqlite3,sys,time; c=sqlite3.connect(sys.argv[1],isolation_level=None); c.execute('PRAGMA locking_mode=EXCLUSIVE')"
    hold += "; c.execute('BEGIN EXCLUSIVE'); print(flush=True); time.sleep(60)"
    holder = processes.start([sys.executable, "-c", hold, project.memory / "memories.db"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    finding = must_find(project, "store.busy", "degraded")
    if str(holder.pid) not in finding["what"]:
        raise Broken(f"who holds it is not told: {finding}")
    stats = project.run("stats")
    if stats.code != 75 or stats.took_ms > 2000:
        raise Broken(f"stats waits for a locked store, {stats.took_ms} ms: {stats}")
    apply(project, finding)
    holder.wait()
    processes.finished(holder)
    must_be_gone(project, "store.busy")
    project.check(ledger)


def newer_program(context):
    """A store that a later program wrote, and its queue: neither is touched, and both are read again by the program that can."""
    project, ledger = used(context)
    connection = database(project)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = (project.memory / "memories.db").read_bytes()
    finding = must_find(project, "store.unusable", "broken")
    if "update" not in finding["why"] or str(context.work / "bin/kuzu-memory") not in apply(project, finding):
        raise Broken(f"which programs there are is not shown: {finding}")
    if project.run("doctor", "--fix").code != 2 or (project.memory / "memories.db").read_bytes() != before:
        raise Broken("doctor --fix changed a store of a newer program")
    connection = database(project)
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()
    must_be_gone(project, "store.unusable")
    project.check(ledger)


TESTS = [
    ("health-damaged-page", store_damage),
    ("health-damaged-header", store_header),
    ("health-truncated", store_truncated),
    ("health-contents", store_contents),
    ("health-table-index", store_index),
    ("health-sizes", store_sizes),
    ("health-failing-disk", failing_disk),
    ("health-store-busy", store_busy),
    ("health-newer-program", newer_program),
]
