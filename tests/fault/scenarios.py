"""Every command that writes, as one table: what is there before, the command, and what may be there after.

A row is run undisturbed once, from the same start, for `new`: what there is after it; and not at all, for `old`. After a
fault and the recovery from it there must be `new` if the command said that it was done, else `old` or `new` and nothing
between. Rows whose command takes several steps name what else may be seen. `tests/fault/sweeps.py` puts the faults in.
"""

import json
import os
import re
import shutil
import sqlite3
import time
from collections import Counter
from pathlib import Path

import processes
from lib import Broken, Ledger, Project

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Warehouse item999999 is kept at the amber quay near gate123457."
UNFINISHED = re.compile(r"\.[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-")  # a temporary file of install
NEIGHBOUR = "Warehouse item888888 is kept at the ivory keep near gate765431."


class Scenario:
    """One row. Functions take the project in which they work."""

    def __init__(self, name, words, prepare, *, look=None, between=None, finish=None, stdin=None, weight=1.0,
                 promises=True, speaks="err", codes=(0,), env=None, has_own_start=False, **tracing):  # fmt: skip
        self.name = name
        self.words = words  # a list, or a function of the project
        self.prepare = prepare  # of the project: its start
        self.look = look or contents_and_tasks
        self.between = between or (lambda old, new, seen: False)
        self.finish = finish  # of the project: what a user would do after the fault; the recovery is always run
        self.stdin = stdin
        self.weight = weight  # of the row in the short form
        self.promises = promises  # exit 0 means that it is done
        self.speaks = speaks  # where an error is told: err, out, or nowhere
        self.codes = codes  # what an undisturbed run ends with
        self.env = env or (lambda project: {})
        self.has_own_start = has_own_start  # it remembers where it lies, so a copy of it elsewhere would not do
        self.tracing = tracing  # whose calls count: of, follows

    def run(self, project, fault=None):
        words = self.words(project) if callable(self.words) else self.words
        return project.run(*words, fault=fault, stdin=self.stdin, env=self.env(project))


# ---- What is there: compared with ==, so plain values ----


def contents_and_tasks(project):
    """Every memory with how often it is there, every task by its state, every failed text."""
    tasks = project.json("tasks", "list", "--limit", "10000")["tasks"] if project.memory.exists() else []
    return (Counter(project.contents()), Counter(task["state"] for task in tasks))


def contents_only(project):
    return Counter(project.contents())


def backup_file(project):
    """None, or what a restore of it gives."""
    path = project.directory / "b.kmbackup"
    if not path.exists():
        return (contents_only(project), None)
    place = project.directory / "restored"
    other = Project(project.context, place)
    result = other.run("restore", path)
    if result.code != 0:
        raise Broken(f"the backup that is there cannot be restored: {result}")
    other.drain()
    seen = contents_only(other)
    processes.wait_for_quiet()
    shutil.rmtree(place)
    return (contents_only(project), seen)


def export_file(project):
    path = project.directory / "e.jsonl"
    if not path.exists():
        return None
    return [json.loads(line).get("content") for line in path.read_text().splitlines()]


def configuration(project):
    result = project.run("config", "check")
    if result.code != 0:
        raise Broken(f"config check: {result}")
    return json.loads((project.memory / "config.json").read_text())


def home_files(project):
    """Content of every file of the assistants; where install keeps its own notes is not theirs."""
    home = project.directory / "home"
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and ".local" not in path.parts and not UNFINISHED.search(path.name)
    }


def each_file_whole(old, new, seen):
    """install writes one file after the other; each is the old or the new one."""
    return all(seen.get(name) in (old.get(name), new.get(name)) for name in {*old, *new, *seen})


def some_of_the_new(old, new, seen):
    """Lines of a batch are handed over in pieces: no old text may miss, none may be there twice, no other may appear."""
    return not (old[0] - seen[0]) and not (seen[0] - new[0])


# ---- Starts ----


def with_neighbours(stored=3, waiting=3):
    def prepare(project):
        ledger = Ledger()
        project.must_learn(ledger, stored)
        project.drain()
        if waiting:
            project.fill(ledger, waiting)
        processes.wait_for_quiet()

    return prepare


def nothing(project):
    pass


def id_of(project, content):
    """Of a memory. Known before the fault, since the copies have it from the template."""
    for line in project.run("export").out.splitlines():
        record = json.loads(line)
        if record.get("content") == content:
            return record["id"]
    raise Broken(f"no memory says: {content}")


def with_known(project):
    with_neighbours()(project)
    if project.run("remember", TEXT, "--quiet").code != 0:
        raise Broken("remember")
    (project.directory / "id").write_text(id_of(project, TEXT))


def known_id(project):
    return (project.directory / "id").read_text()


def with_waiting_task(project):
    with_neighbours(3, 2)(project)
    with project.no_worker_starts():
        result = project.run("learn", TEXT, "--verbatim", "--format", "json")
    (project.directory / "id").write_text(json.loads(result.out)["task_id"])


def with_failed_tasks(project):
    """Tasks that failed on purpose, in the program that has such tasks; in the real one they are like any other."""
    if project.context.hooked is None:
        raise Broken("needs the program with test hooks")
    with_neighbours(3, 0)(project)
    project.configure({"async": {**Project.DEFAULT_CONFIG["async"], "task_retry_attempts": 0}})
    real, project.context = project.context, project.context.with_program(project.context.hooked)
    with project.no_worker_starts():
        for number in range(3):
            text = f"Poisoned parcel number{number} has failed."
            project.run("learn", text, "--verbatim", "--quiet", "--source", "poison:fail")
    project.run("worker", "run", "--until-idle")  # by its own configuration: no second attempt
    project.context = real
    if project.stats()["failed_tasks"] != 3:
        raise Broken("no task failed")


def with_export(project):
    with_neighbours()(project)
    source = Project(project.context, project.directory / "source")
    for number in range(8):
        source.run("remember", f"Imported crate number{number} came by ship{number * 77}.", "--quiet")
    (project.directory / "import.jsonl").write_bytes(source.run("export").out)
    processes.wait_for_quiet()
    source.remove()


def with_backup(project):
    """A backup of another time, with texts that wait in it."""
    with_neighbours(3, 2)(project)
    if project.run("backup", project.directory / "b.kmbackup", "--quiet").code != 0:
        raise Broken("backup")
    project.drain()
    for number in range(3):
        project.run("remember", f"Later crate number{number} came by ship{number * 77}.", "--quiet")
    processes.wait_for_quiet()


def with_damage(project):
    """An index of a table lacks rows, and a segment is left over."""
    with_neighbours(2, 2)(project)
    for text in ("Alice Johnson leads the Kiwi project.", "Bob Miller joined the Lemon project."):
        project.run("remember", text, "--quiet")
    connection = sqlite3.connect(project.memory / "memories.db", isolation_level=None)
    for pragma in ("foreign_keys=OFF", "trusted_schema=ON", "writable_schema=ON"):
        connection.execute(f"PRAGMA {pragma}")
    row = connection.execute("SELECT type,name,tbl_name,rootpage,sql FROM sqlite_schema WHERE name='mentions_entity'").fetchone()
    connection.execute("DELETE FROM sqlite_schema WHERE name='mentions_entity'")
    connection.close()
    connection = sqlite3.connect(project.memory / "memories.db", isolation_level=None)
    for pragma in ("foreign_keys=OFF", "trusted_schema=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("DELETE FROM mentions WHERE entity=(SELECT max(entity) FROM mentions)")
    connection.execute("PRAGMA writable_schema=ON")
    connection.execute("INSERT INTO sqlite_schema VALUES(?,?,?,?,?)", row)
    connection.close()


def with_old_store(project):
    store = project.memory / "memories.db"
    shutil.copy(ROOT / "tests/data/compat/store-1.db", store)
    store.chmod(0o600)


def with_assistants(project):
    home = project.directory / "home"
    (home / ".claude").mkdir(parents=True)
    (home / ".codex").mkdir()
    (home / ".claude/settings.json").write_text('{\n    "permissions": {\n        "allow": ["Bash"]\n    }\n}\n')
    (home / ".codex/config.toml").write_text('# mine\nmodel = "m"\n\n[mcp_servers.other] # keep\ncommand = "x"\n')


def with_assistants_installed(project):
    with_assistants(project)
    result = project.run("install", "claude-code", "codex", "--quiet", env=home_of(project))
    if result.code != 0:
        raise Broken(f"install: {result}")


# ---- After a fault ----


def home_of(project):
    home = project.directory / "home"
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}


def install_again(project):
    """A second run completes what the first began; then uninstall must give back every byte."""
    seen = home_files(project)
    unfinished = [path for path in (project.directory / "home").rglob("*") if UNFINISHED.search(path.name)]
    for path in unfinished:
        os.utime(path, (0, time.time() - 7200))  # so old that nobody can be at work on it
    again = project.run("install", "claude-code", "codex", "--quiet", env=home_of(project))
    if again.code != 0:
        raise Broken(f"install after the fault: {again}")
    gone = project.run("uninstall", "claude-code", "codex", "--quiet", env=home_of(project))
    if gone.code != 0:
        raise Broken(f"uninstall after the fault: {gone}")
    if any(path.exists() for path in unfinished):
        raise Broken(f"F: left behind: {unfinished[0].name}")
    fresh = Project(project.context, project.directory / "fresh")
    with_assistants(fresh)
    left, wanted = home_files(project), home_files(fresh)
    wrong = [name for name in sorted({*left, *wanted}) if left.get(name) != wanted.get(name)]
    if wrong:
        raise Broken(f"uninstall after the fault does not give back {wrong[0]}: {left.get(wrong[0])} {wanted.get(wrong[0])}")
    shutil.rmtree(project.directory / "home")
    shutil.rmtree(fresh.directory)
    for name, content in seen.items():
        (project.directory / "home" / name).parent.mkdir(parents=True, exist_ok=True)
        (project.directory / "home" / name).write_bytes(content)


def mend(project):
    result = project.run("doctor", "--fix", timeout=40)
    if result.code not in (0, 1):
        raise Broken(f"doctor --fix after the fault: {result}")


LINES = "".join(json.dumps({"content": f"Batch crate number{n} came by ship{n * 77}."}) + "\n" for n in range(40)).encode()
TURN = json.dumps({"session_id": "a", "turn_id": "1", "last_assistant_message": "The formatter runs in the nightly job."}).encode()
PROMPT = json.dumps({"session_id": "a", "prompt": "Where is the warehouse item?"}).encode()

ALONE = {"of": "first", "follows": False}
WORKER = ("worker", "run", "--until-idle")
LEARN = ("learn", TEXT, "--verbatim", "--quiet")

SCENARIOS = [
    Scenario("learn", LEARN, with_neighbours(), weight=4, **ALONE),
    Scenario("first-learn", LEARN, nothing, weight=3, **ALONE),
    Scenario("learn-with-worker", LEARN, with_neighbours(), weight=2),
    Scenario("drain", WORKER, with_neighbours(3, 6), weight=4),
    Scenario("learn-sync", ("learn", TEXT, "--verbatim", "--quiet", "--sync"), with_neighbours(), weight=1.5),
    Scenario("learn-batch", ("learn", "--batch", "-", "--verbatim", "--quiet"), with_neighbours(), stdin=LINES,
             between=some_of_the_new, **ALONE),
    Scenario("remember", ("remember", TEXT, "--quiet"), with_neighbours()),
    Scenario("edit", lambda p: ("edit", known_id(p), "The amber quay was closed in spring."), with_known),
    Scenario("forget", lambda p: ("forget", known_id(p), "--quiet"), with_known),
    Scenario("tasks-retry", ("tasks", "retry", "--all"), with_failed_tasks),
    Scenario("tasks-cancel", lambda p: ("tasks", "cancel", known_id(p)), with_waiting_task),
    Scenario("tasks-purge", ("tasks", "purge"), with_failed_tasks),
    Scenario("import", lambda p: ("import", p.directory / "import.jsonl", "--quiet"), with_export),
    Scenario("backup", lambda p: ("backup", p.directory / "b.kmbackup", "--quiet"), with_neighbours(3, 3), look=backup_file),
    Scenario("backup-again", lambda p: ("backup", p.directory / "b.kmbackup", "--quiet"), with_backup, look=backup_file),
    Scenario("restore", lambda p: ("restore", p.directory / "b.kmbackup", "--quiet"), with_backup, look=contents_only),
    Scenario("export", lambda p: ("export", "-o", p.directory / "e.jsonl"), with_neighbours(), look=export_file),
    Scenario("init", ("init",), nothing),
    Scenario("config-set", ("config", "set", "async.max_queue_size", "4321"), with_neighbours(2, 1), look=configuration),
    Scenario("doctor-fix", ("doctor", "--fix"), with_damage, finish=mend, speaks="out", codes=(0, 1), look=contents_only),
    Scenario("upgrade", ("remember", TEXT, "--quiet"), with_old_store),
    Scenario("install", ("install", "claude-code", "codex", "--quiet"), with_assistants, look=home_files,
             between=each_file_whole, finish=install_again, env=home_of),
    Scenario("uninstall", ("uninstall", "claude-code", "codex", "--quiet"), with_assistants_installed, look=home_files,
             between=each_file_whole, finish=install_again, env=home_of, has_own_start=True),
    Scenario("hook-turn", ("hook", "Stop", "--client", "codex"), with_neighbours(), stdin=TURN, promises=False,
             speaks="nowhere"),
    Scenario("hook-prompt", ("hook", "UserPromptSubmit", "--client", "claude-code"), with_neighbours(), stdin=PROMPT,
             promises=False, speaks="nowhere"),
    Scenario("recall", ("recall", "warehouse item"), with_neighbours(), weight=0.5),
    Scenario("stats", ("stats",), with_neighbours(), weight=0.5),
]  # fmt: skip
