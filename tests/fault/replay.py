"""The power goes out, at every moment and in every way: all that a mixed load does to files is written down, and from that
the states are made that a disk could be in afterwards.

What was flushed before the cut is there. Of what was not, each sector of each write is there or is not, in any combination,
so later writes may be there without earlier ones; changes of directories are there up to some point, either of all of them
in order, as journalling file systems keep them, or of each directory by itself, as POSIX allows. Each state is then put
right by the program, and must hold every promise made before the cut.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import processes
from lib import Broken, Fault, Ledger, Project

SECTORS = (512, 4096)
RENAME_EXCHANGE = 2


class Node:
    """A file: what it held at the start, and all that was done to it."""

    def __init__(self, content=b"", name=""):
        self.content = content
        self.name = name  # its first, for messages and to weaken
        self.operations = []  # (place in the record, "write", offset, bytes) or (place, "cut", length)
        self.synced = []  # places of the entries of flushes that succeeded


class Record:
    """The record read: files with their operations, changes of names in order, processes with their ends."""

    def __init__(self, path, root):
        self.root = str(root)
        self.names = {}  # path → Node or None for a directory; as they are when reading has come to a place
        self.inodes = {}  # inode → Node
        self.changes = []  # (place, kind, path, second path or None, Node or None)
        self.directory_syncs = []  # (place, path)
        self.started = {}  # tgid → (place, arguments)
        self.ended = []  # (place, arguments, status)
        self.ends = []  # (place, tgid, status)
        self.first = {}  # path → Node or None, at the start
        for name in sorted(Path(root).rglob("*")):
            node = None if name.is_dir() else Node(name.read_bytes(), name.name)
            self.first[str(name)] = node
            if node is not None:
                self.inodes[name.stat().st_ino] = node
        self.names.update(self.first)
        self.path = path

    def read(self):
        content = self.path.read_bytes()
        results = dict(re.findall(rb"^K\t(\d+)\t(-?\d+)$", content, re.M))
        at = self.place = 0
        while at < len(content):
            end = content.index(b"\n", at)
            fields = content[at:end].decode("utf-8", "surrogateescape").split("\t")
            at = end + 1
            data = b""
            if fields[0] == "W":
                data = content[at : at + int(fields[4])]
                at += int(fields[4]) + 1
            self.place += 1
            is_call = fields[0] in "WTSRUM"
            if is_call and int(results.get(fields[1].encode(), b"-1")) < 0:
                continue  # it failed, or never returned
            if fields[0] == "W":
                data = data[: int(results[fields[1].encode()])]
            getattr(self, f"_{fields[0]}", lambda *_: None)(fields, data)
        return self

    def _E(self, fields, _):
        self.started[fields[1]] = (self.place, fields[2:])

    def _X(self, fields, _):
        if fields[1] in self.started:
            self.ended.append((self.place, self.started[fields[1]][1], int(fields[2])))
            self.ends.append((self.place, fields[1], int(fields[2])))

    def _O(self, fields, _):
        inode, flags, path = int(fields[2]), int(fields[3]), fields[4]
        if flags & os.O_DIRECTORY or path in self.names and self.names[path] is None:
            return
        if path not in self.names:
            if not flags & os.O_CREAT:
                return  # a name that has changed meanwhile: the inode is known
            self.names[path] = Node(name=os.path.basename(path))
            self.changes.append((self.place, "make", path, None, self.names[path]))
        self.inodes[inode] = self.names[path]
        if flags & os.O_TRUNC:
            self.names[path].operations.append((self.place, "cut", 0))

    def _W(self, fields, data):
        node = self.inodes.get(int(fields[2]))
        if node is not None and data:
            node.operations.append((self.place, "write", int(fields[3]), data))

    def _T(self, fields, _):
        node = self.inodes.get(int(fields[2]))
        if node is not None:
            node.operations.append((self.place, "cut", int(fields[3])))

    def _S(self, fields, _):
        if self.names.get(fields[3], False) is None or fields[3] == self.root:
            self.directory_syncs.append((self.place, fields[3]))
        elif int(fields[2]) in self.inodes:
            self.inodes[int(fields[2])].synced.append(self.place)

    def _R(self, fields, _):
        flags, old, new = int(fields[2]), fields[3], fields[4]
        if old not in self.names:
            raise Broken(f"the record knows no {old}")
        kind = "exchange" if flags & RENAME_EXCHANGE else "rename"
        self.changes.append((self.place, kind, old, new, None))
        change_names(self.names, self.changes[-1])

    def _U(self, fields, _):
        self.changes.append((self.place, "remove", fields[2], None, None))
        change_names(self.names, self.changes[-1])

    def _M(self, fields, _):
        self.changes.append((self.place, "folder", fields[2], None, None))
        change_names(self.names, self.changes[-1])


def change_names(names, change):
    """Applies one change to a dictionary of paths. One whose beginning is missing changes nothing."""
    _, kind, old, new, node = change
    if kind == "make":
        names[old] = node
    elif kind == "folder":
        names[old] = None
    elif kind == "remove":
        names.pop(old, None)
    elif kind == "exchange":
        if old in names and new in names:
            names[old], names[new] = names[new], names[old]
    elif old in names:
        names[new] = names.pop(old)


# Without these flushes a promise must break: the proof that the states made here can show it.
WEAKER = {
    "journal": lambda name: name.startswith((".journal.", "journal", "seg-")),
    "log": lambda name: name.endswith("-wal"),
    "database": lambda name: name in ("memories.db", "memories.db.new"),
    "directories": None,
}


class Disk:
    """Makes states of the disk after a cut."""

    def __init__(self, record, random, weaker=None):
        self.record = record
        self.random = random
        self.ignores = WEAKER.get(weaker) if weaker else None
        self.ignores_directories = weaker == "directories"

    def _content(self, node, cut, sector, keeps):
        flushed = [] if self.ignores and self.ignores(node.name) else [at for at in node.synced if at < cut]
        safe = max(flushed, default=0)
        content = bytearray(node.content)
        for operation in node.operations:
            if operation[0] >= cut:
                break
            is_safe = operation[0] < safe
            if operation[1] == "cut":
                if is_safe or self.random.random() < keeps:
                    length = operation[2]
                    content = content[:length] + bytes(max(0, length - len(content)))
                continue
            _, _, offset, data = operation
            pieces = [(offset, data)] if is_safe else self._pieces(offset, data, sector)
            for start, piece in pieces:
                if not is_safe and self.random.random() >= keeps:
                    continue
                if len(content) < start + len(piece):
                    content += bytes(start + len(piece) - len(content))
                content[start : start + len(piece)] = piece
        return bytes(content)

    @staticmethod
    def _pieces(offset, data, sector):
        end = offset + len(data)
        while offset < end:
            stop = min(end, (offset // sector + 1) * sector)
            yield offset, data[: stop - offset]
            data = data[stop - offset :]
            offset = stop

    def _changes(self, cut, in_order):
        """Which changes of names have reached the disk."""
        changes = [change for change in self.record.changes if change[0] < cut]
        syncs = [] if self.ignores_directories else [sync for sync in self.record.directory_syncs if sync[0] < cut]
        if in_order:
            safe = max((at for at, _ in syncs), default=0)
            first = sum(change[0] < safe for change in changes)
            return changes[: self.random.randint(first, len(changes))]
        ends = {}
        for folder in {os.path.dirname(path) for change in changes for path in change[2:4] if path}:
            own = [change for change in changes if folder in folders_of(change)]
            safe = max((at for at, path in syncs if path == folder), default=0)
            first = sum(change[0] < safe for change in own)
            kept = self.random.randint(first, len(own))
            ends[folder] = own[kept][0] if kept < len(own) else cut
        is_changed = True
        while is_changed:  # a change of two directories is in both or in none
            is_changed = False
            for change in changes:
                kept = [change[0] < ends[folder] for folder in folders_of(change)]
                if any(kept) and not all(kept):
                    for folder in folders_of(change):
                        ends[folder] = min(ends[folder], change[0])
                    is_changed = True
        return [change for change in changes if all(change[0] < ends[folder] for folder in folders_of(change))]

    def write(self, cut, target):
        """Makes one state below `target`; says in words which."""
        sector = self.random.choice(SECTORS)
        in_order = self.random.random() < 0.5
        keeps = self.random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        names = dict(self.record.first)
        for change in self._changes(cut, in_order):
            change_names(names, change)
        target.mkdir(mode=0o700)
        for path in sorted(names):
            place = target / os.path.relpath(path, self.record.root)
            if not place.parent.is_dir():
                continue  # its directory did not reach the disk
            if names[path] is None:
                place.mkdir(mode=0o700, exist_ok=True)
                continue
            if place.name.endswith("-shm"):
                content = self.random.randbytes(32768)  # mapped memory: whatever happened to be written back
            else:
                content = self._content(names[path], cut, sector, keeps)
            place.write_bytes(content)
            place.chmod(0o600)
        order = "names in order" if in_order else "names by directory"
        return f"cut at {cut} of {self.record.place}, {order}, {keeps:.0%} of unflushed {sector}-byte sectors"


def folders_of(change):
    return {os.path.dirname(path) for path in change[2:4] if path}


# ---- The load ----


def write_load(context, project, path, ledger):
    """A shell script of learns, alone and at once, remembers, an import, a forget, and workers that come and go."""
    chance = context.random
    lines = ["run() { \"$PROGRAM\" \"$@\" --quiet; }"]
    spoken = {}

    def say(command, *options):
        text = ledger.text()
        spoken[text] = command
        lines.append(f"run {command} '{text}' {' '.join(options)}")

    forgotten = ledger.text()
    if project.run("remember", forgotten, "--quiet").code != 0:
        raise Broken("remember")
    record = next(line for line in project.run("export").out.splitlines() if forgotten.encode() in line)
    forgotten_id = re.search(rb'"id":"([^"]+)"', record)[1].decode()
    imported = project.directory.parent / "import.jsonl"
    other = context.project(name="other")
    crates = [ledger.text() for _ in range(4)]
    for text in crates:
        other.run("remember", text, "--quiet")
    imported.write_bytes(other.run("export").out)
    processes.wait_for_quiet()
    steps = ["learn"] * 6 + ["burst"] * 3 + ["remember"] * 2 + ["import", "forget", "drain", "drain"]
    chance.shuffle(steps)
    for step in steps:
        if step in ("learn", "remember"):
            say(step, *(["--verbatim"] if step == "learn" else []))
        elif step == "burst":
            for _ in range(chance.randint(2, 5)):
                say("learn", "--verbatim &")
            lines.append("wait")
        elif step == "import":
            lines.append(f"run import '{imported}'")
        elif step == "forget":
            lines.append(f"run forget {forgotten_id}")
        else:
            lines.append('"$PROGRAM" worker run --until-idle || [ $? = 4 ]')  # 4: another is at it
    path.write_text("\n".join(lines) + "\nwait\n")
    return {"spoken": spoken, "crates": crates, "forgotten": forgotten}


def record_load(context):
    """Runs the load under the recorder. Gives back the record and what the load says."""
    project, ledger = context.project(name="recorded"), Ledger()
    project.must_learn(ledger, 2)
    project.drain()
    script = context.work / "load.sh"
    load = write_load(context, project, script, ledger)
    load["before"] = set(ledger.accepted)
    processes.wait_for_quiet()
    path = context.work / "record"
    record = Record(path, project.memory)
    fault = Fault("", 0, timeout_ms=60000)
    argv = fault.argv(context, context.work / "report")
    argv = [*argv[:-1], "--record", path, "--root", project.memory, "--", "/bin/sh", script]
    environment = {**project.environment(), "PROGRAM": str(context.program)}
    result = processes.run(argv, timeout=90, env=environment, cwd="/")
    if result.code != 0:
        raise Broken(f"the load: {result}")
    processes.wait_for_quiet()
    record.read()
    check_record(record, project.memory)
    return record, load


def check_record(record, folder):
    """Nothing was overlooked: the state after the last moment, with all writes, is what really lies there."""
    for path, node in record.names.items():
        if node is None or path.endswith(("-shm", "/metrics")):  # mapped
            continue
        content = bytearray(node.content)
        for operation in node.operations:
            if operation[1] == "cut":
                content = content[: operation[2]] + bytes(max(0, operation[2] - len(content)))
            else:
                _, _, offset, data = operation
                content += bytes(max(0, offset + len(data) - len(content)))
                content[offset : offset + len(data)] = data
        if not Path(path).exists():
            raise Broken(f"the record knows a file {path} that is not there")
        if bytes(content) != Path(path).read_bytes():
            raise Broken(f"the record does not lead to what {path} holds")
    real = {str(path) for path in folder.rglob("*")}
    if real - set(record.names):
        raise Broken(f"the record does not know of {sorted(real - set(record.names))}")


def promises_at(record, load, cut):
    """What was promised before the cut, and what may be there."""
    ledger = Ledger()
    ledger.accepted = set(load["before"])
    done = [words for at, words, status in record.ended if at < cut and status == 0]
    begun = [words for at, words in record.started.values() if at < cut]
    for text in load["spoken"]:
        is_done = any(text in words for words in done)
        if is_done or any(text in words for words in begun):
            ledger.note(text, is_done)
    for text in load["crates"]:
        if any("import" in words for words in begun):
            ledger.note(text, any("import" in words for words in done))
    is_gone = any("forget" in words for words in done)
    if not is_gone and not any("forget" in words for words in begun):
        ledger.accepted.add(load["forgotten"])
    elif not is_gone:
        ledger.refused.add(load["forgotten"])
    ledger.without_task = len(load["spoken"]) + 5
    return ledger


def recover(context, directory, ledger):
    """What a user would see: the next learn, a worker, and every invariant."""
    project = Project(context, directory.parent, is_new=False)
    ledger._next = 500000 + context.random.randrange(400000)  # of texts that the load did not use
    if not (project.memory / "config.json").exists():
        project.configure(project.DEFAULT_CONFIG)
    project.must_learn(ledger)
    project.drain()
    project.age_leftovers()
    project.drain()
    project.check(ledger)


def replay(context, states, weaker=None):
    """Makes and checks `states` states; gives back the broken ones in words."""
    record, load = record_load(context)
    disk = Disk(record, context.random, weaker)
    broken = []
    for number in range(states):
        place = context.work / f"state{number}"
        place.mkdir()
        cut = context.random.randint(1, record.place)
        words = disk.write(cut, place / "kuzu-memories")
        try:
            recover(context, place / "kuzu-memories", promises_at(record, load, cut))
            shutil.rmtree(place)
        except Broken as reason:
            broken.append(f"state {number}, {words}: {reason}")
            processes.end_orphans()
            if len(broken) == 5:
                break
    return record, broken


def replayed(context):
    loads, states = (20, 100) if context.is_full else (1, 40)
    total = events = 0
    for number in range(loads):
        own = context.beside(f"load{number}")
        record, broken = replay(own, states)
        if broken:
            raise Broken("\n  # ".join(broken))
        shutil.rmtree(own.work)
        total += states
        events += record.place
    return f"{total} states of {loads} loads with {events} events, 0 lost, 0 doubled, 0 corrupt"


def can_fail(weaker, limit):
    def run(context):
        for number in range(8):
            own = context.beside(f"load{number}")
            _, broken = replay(own, limit, weaker)
            if broken:
                return f"{len(broken)} of up to {limit} states broken, as they should, such as: {broken[0][:160]}"
        raise Broken(f"without the flushes of {weaker} nothing broke: the test cannot see them missing")

    return run


TESTS = [("power-replay", replayed)] + [(f"power-replay-can-fail-{name}", can_fail(name, 60)) for name in WEAKER]
