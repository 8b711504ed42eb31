"""Who may read, and what a stranger's project can do: modes, owners, odd files for every command, hostile contents."""

import json
import os
import shutil
import socket
import sqlite3
import stat
from pathlib import Path

import processes
from lib import EXIT_CODES, Broken, Ledger, Skip

PLAIN_USER = 65534

EVIL = "\x1b]0;owned\x07\x1b[31m\x9b2J\u202e\u200b"  # a title, a colour, C1, a right-to-left override, an invisible one

# Everything that looks or writes, with what stands for an id: none of it may follow, hang, or crash.
COMMANDS = (
    ("learn", "One more text for the road.", "--verbatim"),
    ("learn", "A text that is learnt at once.", "--verbatim", "--sync"),
    ("remember", "This is remembered."),
    ("enhance", "Where is the warehouse?", "--format", "plain"),
    ("recall", "warehouse"),
    ("recent",),
    ("show", "0"),
    ("edit", "0", "Another text."),
    ("forget", "0"),
    ("stats", "--detailed"),
    ("status",),
    ("metrics",),
    ("alerts",),
    ("tasks", "list"),
    ("tasks", "retry", "--all"),
    ("tasks", "purge"),
    ("worker", "status"),
    ("worker", "run", "--until-idle"),
    ("worker", "stop", "--force", "--timeout", "2"),
    ("export",),
    ("config", "show"),
    ("config", "set", "async.max_workers", "3"),
    ("doctor",),
    ("doctor", "--fix"),
    ("logs",),
    ("project",),
    ("init",),
)

FILES = (
    "queue/journal",
    "queue/lock",
    "memories.db",
    "memories.db-wal",
    "memories.db-shm",
    "state/metrics",
    "state/hooks",
    "state/cache",
    "config.json",
    "worker.log",
    ".gitignore",
)


def _commands(context, count):
    """All of them, or a sample in which enhance is always."""
    chosen = context.sample(range(len(COMMANDS)), count)
    return [words for number, words in enumerate(COMMANDS) if number in chosen or words[0] == "enhance"]


def _filled(context):
    project, ledger = context.project(), Ledger()
    project.must_learn(ledger, 3)
    project.drain()
    project.run("hook", "Stop", "--client", "claude-code", stdin=b'{"session_id":"s","last_assistant_message":"ok"}')
    return project


def modes(context):
    """Directories are 0700 and files 0600, whatever the umask, after everything was used."""
    looked = 0
    for mask in (0, 0o777, 0o277, 0o022):
        project = context.project()
        shutil.rmtree(project.memory)
        old = os.umask(mask)
        try:
            project.run("init")
            for words in COMMANDS:
                project.run(*words, timeout=20)
            backup = context.work / f"b{mask:o}.kmb"
            project.run("backup", backup)
            project.run("export", "-o", context.work / f"e{mask:o}.jsonl")
        finally:
            os.umask(old)
        for path in [project.memory, *project.memory.rglob("*"), backup]:
            wanted = 0o700 if path.is_dir() else 0o600
            if stat.S_IMODE(path.lstat().st_mode) != wanted:
                raise Broken(f"umask {mask:o}: {path} has mode {stat.S_IMODE(path.lstat().st_mode):o}")
            looked += 1
        processes.wait_for_quiet(15)
    return f"{looked} files"


def _put(path, kind, victim):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    if kind == "symlink":
        path.symlink_to(victim)
    elif kind == "dangling":
        path.symlink_to(victim.parent / "nowhere")
    elif kind == "hard link":
        os.link(victim, path)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))
    else:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # /dev/zero


def every_command(context):
    """Links, hard links, fifos, sockets and devices in place of each file, for every command: none is read or written through."""
    kinds = ("symlink", "dangling", "hard link", "fifo", "socket") + (("device",) if os.geteuid() == 0 else ())
    combinations = [(name, kind) for name in FILES for kind in kinds]
    victim = context.work / "victim"
    template = _filled(context)
    processes.wait_for_quiet(15)
    checked = 0
    for name, kind in context.sample(combinations, 14):
        project = template.copy(f"c{checked}")
        secret = json.dumps({"async": {"max_workers": 7}}).encode() if name == "config.json" else b"precious-secret " * 40
        victim.unlink(missing_ok=True)
        victim.write_bytes(secret)
        os.chdir(project.memory)  # the name of a socket must be short
        _put(project.memory / name, kind, victim)
        os.chdir("/")
        for words in _commands(context, 8):
            result = project.run(*words, timeout=20)
            what = f"{' '.join(words)} with a {kind} as {name}"
            if result.code not in EXIT_CODES:
                raise Broken(f"G: {what}: {result}")
            if b"precious-secret" in result.out + result.err:
                raise Broken(f"{what}: it was read through: {result}")
            if words[0] == "enhance" and (result.code != 0 or b"Where is the warehouse?" not in result.out):
                raise Broken(f"{what}: {result}")
            if victim.read_bytes() != secret or (context.work / "nowhere").exists():
                raise Broken(f"{what}: it was written through")
        processes.wait_for_quiet(15)
        project.remove()
        checked += 1
    return f"{checked} combinations, up to {len(COMMANDS)} commands each"


def other_user(context):
    """A memory of somebody else is neither read nor written by a plain user, even where its modes would allow it."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    os.chmod(context.work, 0o755)
    os.chmod(context.work.parent, 0o755)
    program = context.work / "kuzu-memory"
    shutil.copy(context.program, program)
    program.chmod(0o755)
    project = _filled(context)
    processes.wait_for_quiet(15)
    for path in [project.directory, project.memory, *project.memory.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    before = _snapshot(project.memory)
    mine = project.with_program(program) if hasattr(project, "with_program") else project
    mine.context = context.with_program(program)
    mine.user = PLAIN_USER
    for words in COMMANDS:
        result = mine.run(*words, timeout=20)
        if result.code not in EXIT_CODES:
            raise Broken(f"G: {' '.join(words)}: {result}")
        if words[0] in ("learn", "remember", "edit", "forget", "config") and "show" not in words and result.code == 0:
            raise Broken(f"{' '.join(words)} was done in another user's memory: {result}")
        if b"Warehouse item" in result.out:
            raise Broken(f"{' '.join(words)} showed another user's memory")
    if _snapshot(project.memory) != before:
        raise Broken("something in another user's memory was changed")
    return f"{len(COMMANDS)} commands"


def _snapshot(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


# ---- A stranger's project ----


def _evil_store(project, statements):
    path = project.memory / "memories.db"
    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema=ON")
    for statement in statements:
        try:
            database.execute(statement)
        except sqlite3.Error as reason:
            raise Broken(f"the evil store cannot be made: {statement}: {reason}") from None
    database.commit()
    database.close()


EVIL_SCHEMAS = {
    "triggers": [
        "CREATE TRIGGER t1 AFTER INSERT ON memories BEGIN DELETE FROM memories WHERE seq<new.seq; END",
        "CREATE TRIGGER t2 AFTER UPDATE ON memories BEGIN INSERT INTO tasks SELECT * FROM tasks; END",
    ],
    "loading": ["CREATE TRIGGER t3 BEFORE INSERT ON memories BEGIN SELECT load_extension('/tmp/evil.so'); END"],
    "writing": ["CREATE TRIGGER t4 BEFORE INSERT ON memories BEGIN SELECT writefile('VICTIM','x'); END"],
    "views": [
        "ALTER TABLE memories RENAME TO real_memories",
        "CREATE VIEW memories AS SELECT *, randomblob(1000000) FROM real_memories",
    ],
    "endless": [
        "ALTER TABLE state RENAME TO real_state",
        "CREATE VIEW state AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)"
        " SELECT 1 AS one, max(i) AS epoch, 1 AS generation, 1 AS next_seq, 1 AS index_version FROM n",
    ],
    "endless-trigger": [
        "CREATE TRIGGER t5 BEFORE INSERT ON memories BEGIN"
        " SELECT count(*) FROM memories a, memories b, memories c, units d, units e; END"
    ],
    "huge": ["UPDATE memories SET content=printf('%.*c',50000000,'x') WHERE seq=1"],
    "wrong-types": [
        "UPDATE memories SET confidence_e4=9223372036854775807, importance_e4=-9223372036854775807, seen_count=-5,"
        " created_at=9223372036854775807",
        "UPDATE counters SET value=-9223372036854775807",
        "UPDATE state SET next_seq=9223372036854775806, generation=-1",
    ],
    "escapes": [
        f"UPDATE memories SET content='{EVIL}'||content, key='{EVIL}'",
        f"UPDATE labels SET text='{EVIL}'||id",
        f"INSERT OR REPLACE INTO counters VALUES(1,'{EVIL}',3)",
        f"INSERT OR REPLACE INTO counters VALUES(2,'{EVIL}',4)",
        f"UPDATE entities SET name='{EVIL}', type='{EVIL}'",
        "INSERT INTO tasks(id,state,priority,attempts,crashes,item_count,created_at,processing_us,wait_us,is_keyed,error)"
        f" VALUES(randomblob(16),4,5,3,0,1,1,1,1,0,'{EVIL}')",
    ],
    "other-tables": ["CREATE TABLE sqlite_evil_1(a)", "PRAGMA application_id=1"],
}


def _check_speech(what, result, is_terminal):
    text = result.out.decode("utf-8", "replace")
    for name, char in (("ESC", "\x1b"), ("BEL", "\x07"), ("CSI", "\x9b")):
        if char in text:
            raise Broken(f"{what}: {name} reaches {'the terminal' if is_terminal else 'the prompt'}: {text[:300]!r}")


def hostile_store(context):
    """A store with evil triggers, views, values and texts: no crash, no hang, nothing outside is touched, no escapes."""
    template = _filled(context)
    processes.wait_for_quiet(15)
    victim = context.work / "victim"
    hidden = "loading writing views endless wrong-types huge".split()  # what a repair waits for, or works on, takes its time
    terminal = Path(__file__).resolve().parent.parent / "cli/terminal.py"
    for name, statements in EVIL_SCHEMAS.items():
        if name == "other-tables":
            statements = statements[1:]
        project = template.copy(f"evil-{name}")
        victim.write_bytes(b"precious")
        _evil_store(project, [text.replace("VICTIM", str(victim)) for text in statements])
        for words in _commands(context, 9):
            if name in hidden and words in (("forget", "0"), ("doctor", "--fix")) and not context.is_full:
                continue
            result = project.run(*words, timeout=40)
            what = f"{' '.join(words)} with the store {name}"
            if result.code not in EXIT_CODES:
                raise Broken(f"{what}: {result}")
            if words[0] == "enhance":
                _check_speech(what, result, False)
                if result.code != 0:
                    raise Broken(f"{what}: {result}")
            if words[0] not in ("worker", "init", "edit", "forget", "remember", "learn", "doctor"):
                argv = ["python3", terminal, "100", *project.command(*words)]
                variables = {**project.environment(), "NO_COLOR": "1", "TERM": "xterm"}
                shown = processes.run(argv, timeout=40, env=variables, cwd="/")
                if shown.is_timed_out:
                    raise Broken(f"{what} on a terminal hangs")
                _check_speech(f"{what} on a terminal", shown, True)
        if victim.read_bytes() != b"precious":
            raise Broken(f"the store {name} wrote a file")
        processes.wait_for_quiet(20)
        project.remove()
    return f"{len(EVIL_SCHEMAS)} stores, up to {len(COMMANDS)} commands each"


def hostile_files(context):
    """Configuration, journal, segments, quarantine, log, state files and .gitignore of a stranger: the same."""
    random = context.random
    marker = context.work / "ran"
    command = json.dumps(["/bin/sh", "-c", f"touch {marker}"])
    garbage = bytes(random.randrange(256) for _ in range(4096))
    contents = {
        "config.json": [
            b'{"alerts":{"command":' + command.encode() + b',"queue_percent":1,"oldest_waiting_seconds":1}}',
            b'{"program":' + command.encode() + b',"async":{"program":"/bin/true"}}',
            b'{"learn":{"custom_patterns":{"a":{"regex":"(a+)+$","type":"fact","confidence":0.5}}}}',
            b"[" * 100000,
            b'{"a":"' + EVIL.encode() + b'","' + EVIL.encode() + b'":1}',
            garbage,
        ],
        "queue/journal": [garbage, b"", b"KMJOURNL" + garbage, b"\xff" * 300000],
        "queue/seg-00000000000000000001": [garbage, b""],
        f"queue/seg-{EVIL}": [garbage],
        "queue/quarantine/x": [garbage],
        "worker.log": [EVIL.encode() * 50, b'{"time":"2026-01-01T00:00:00Z","level":"error","event":"' + json.dumps(EVIL)[1:-1].encode() + b'"}\n'],
        "state/metrics": [garbage * 20, b""],
        "state/cache": [garbage * 20],
        "state/hooks": [garbage],
        ".gitignore": [b"!*\n", garbage],
        "memories.db-wal": [garbage],
        "memories.db-shm": [garbage * 8],
        "memories.db-journal": [garbage],
        "memories.db": [garbage, b"SQLite format 3\0" + garbage, b""],
        f"{EVIL}": [garbage],
    }
    template = _filled(context)
    processes.wait_for_quiet(15)
    terminal = Path(__file__).resolve().parent.parent / "cli/terminal.py"
    cases = [(name, text) for name, texts in contents.items() for text in texts]
    for number, (name, text) in enumerate(context.sample(cases, 16)):
        project = template.copy(f"h{number}")
        path = project.memory / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        path.write_bytes(text)
        path.chmod(0o600)
        for words in _commands(context, 8):
            result = project.run(*words, timeout=40)
            what = f"{' '.join(words)} with {name!r} of {len(text)} bytes"
            if result.code not in EXIT_CODES:
                raise Broken(f"{what}: {result}")
            if words[0] == "enhance" and result.code != 0:
                raise Broken(f"{what}: {result}")
            if words[0] in ("stats", "status", "tasks", "logs", "doctor", "config", "alerts", "recent"):
                argv = ["python3", terminal, "100", *project.command(*words)]
                variables = {**project.environment(), "NO_COLOR": "1", "TERM": "xterm"}
                shown = processes.run(argv, timeout=40, env=variables, cwd="/")
                _check_speech(f"{what} on a terminal", shown, True)
        if marker.exists():
            raise Broken(f"{name} ran a command")
        processes.wait_for_quiet(20)
        project.remove()
    return f"{len(cases)} files" if context.is_full else "a sample"


def cut_short(context):
    """Mapped files are cut short again and again under commands and a worker: no bus error, nothing lost."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 100000}}), Ledger()
    project.must_learn(ledger, 5)
    path = project.memory / "state/metrics"
    for number in range(200 if context.is_full else 60):
        project.must_learn(ledger)
        if path.exists():
            os.truncate(path, context.random.choice((0, 100, 4096, 5000)))
        result = project.run("stats")
        if result.code not in EXIT_CODES:
            raise Broken(f"stats after a cut: {result}")
        if number % 3 == 0:
            path.unlink(missing_ok=True)
    project.drain_running(30)
    project.drain()
    ledger_check(project, ledger)
    return None


def ledger_check(project, ledger):
    project.check(ledger)


TESTS = (
    ("modes", modes),
    ("every-command", every_command),
    ("other-user", other_user),
    ("hostile-store", hostile_store),
    ("hostile-files", hostile_files),
    ("cut-short", cut_short),
)
