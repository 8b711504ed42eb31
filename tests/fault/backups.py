"""Backups that rot or lie: a changed byte is always refused, and what carries a right checksum all the same is refused or restored,
but never crashes, hangs, or harms the memory that is there."""

import hashlib
import struct

import processes
from lib import EXIT_CODES, Broken, Ledger

TAIL_BYTES = 128
DIGEST_AT = 96  # of the tail: SHA-256 of all before it
REFUSED = {2, 69}
SHORT, FULL = 60, 3000


def _sealed(content, tail):
    head = bytes(tail[:DIGEST_AT])
    return bytes(content) + head + hashlib.sha256(bytes(content) + head).digest()


def _change_bytes(chance, content):
    """A few bytes, a run of them, or a piece from elsewhere in the file."""
    content = bytearray(content)
    at = chance.randrange(len(content))
    kind = chance.randrange(4)
    if kind == 0:
        for _ in range(chance.randrange(1, 9)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        length = chance.choice([4, 64, 4096])
        content[at : at + length] = chance.randbytes(min(length, len(content) - at))
    elif kind == 2:
        page = at - at % 4096
        other = chance.randrange(0, len(content), 4096)
        piece = content[other : other + 4096]
        content[page : page + len(piece)] = piece
    else:
        content[at % 100] = chance.randrange(256)  # the database's header
    return bytes(content)


def _change_tail(chance, tail):
    tail = bytearray(tail)
    at = chance.choice([8, 12, 16, 24, 32, 40, 48, 56, 64, 80, 88])
    size = 4 if at in (8, 12) else 8
    value = chance.choice([0, 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, chance.getrandbits(64)])
    tail[at : at + size] = struct.pack("<Q", value)[:size]
    return bytes(tail)


def _cut_or_extend(chance, backup):
    if chance.random() < 0.5:
        store_bytes = struct.unpack_from("<Q", backup, len(backup) - TAIL_BYTES + 16)[0]
        return backup[: chance.choice([chance.randrange(store_bytes), chance.randrange(store_bytes + 1, len(backup))])]
    return backup + chance.randbytes(chance.randrange(1, 200))


def _mutant(chance, backup):
    """A changed backup, and whether it must be refused whatever else is right about it."""
    content, tail = backup[:-TAIL_BYTES], backup[-TAIL_BYTES:]
    kind = chance.randrange(6)
    if kind == 0:
        changed = _change_bytes(chance, backup)
        return changed, changed != backup
    if kind == 1:
        return _cut_or_extend(chance, backup), True
    if kind == 2:
        return _sealed(content, _change_tail(chance, tail)), False
    if kind == 3:
        return _sealed(_change_bytes(chance, content), _change_tail(chance, tail)), False
    if kind == 4:
        return content, True  # a plain database with something behind it
    return _sealed(_change_bytes(chance, content), tail), False


def _must_be_unchanged(project, contents, name):
    if sorted(project.contents()) != contents:
        raise Broken(f"{name}: a refused restore changed the memories")
    project.check_files()
    if (project.memory / "aside").exists() and any((project.memory / "aside").iterdir()):
        raise Broken(f"{name}: a refused restore set something aside")


def _must_be_usable(project, name):
    """What was restored is sound to its last page, or says what is wrong with it; nothing dies of it."""
    for words in (("status",), ("recall", "warehouse"), ("enhance", "Where is the warehouse?"), ("worker", "run", "--until-idle"),
                  ("doctor", "--format", "json"), ("doctor", "--fix"), ("export",)):  # fmt: skip
        result = project.run(*words, timeout=40)
        if result.code not in EXIT_CODES:
            raise Broken(f"{name}: {' '.join(words)} on what was restored: {result}")
        if words[0] == "doctor" and b'"store.damaged"' in result.out:
            raise Broken(f"{name}: a store with a damaged page was restored")


def mutations(context):
    """Random changes to a backup with memories and waiting texts; then restored, in preview and for real."""
    source, ledger = context.project(name="source"), Ledger()
    source.must_learn(ledger, 20)
    source.drain_running()
    source.fill(ledger, 5)
    path = context.work / "it.kmbackup"
    if source.run("backup", path).code != 0:
        raise Broken("no backup")
    backup = path.read_bytes()
    template, other = context.project(name="template"), Ledger()
    template.must_learn(other, 2)
    template.drain_running()
    processes.wait_for_quiet()
    contents = sorted(template.contents())
    target, refused, count = template.copy("target"), 0, FULL if context.is_full else SHORT
    for number in range(count):
        changed, must_be_refused = _mutant(context.random, backup)
        path.write_bytes(changed)
        name = f"mutant {number}"
        preview, result = target.run("restore", "--dry-run", path), target.run("restore", path, timeout=40)
        for answer in (preview, result):
            if answer.code not in REFUSED | {0}:
                raise Broken(f"{name} is kept in {path}: restore: {answer}")
        if preview.code != 0 and result.code == 0:
            raise Broken(f"{name} is kept in {path}: refused in preview and restored")
        if result.code != 0:
            refused += 1
            _must_be_unchanged(target, contents, name)
            continue
        if must_be_refused:
            raise Broken(f"{name} is kept in {path}: a changed backup was restored")
        _must_be_usable(target, name)
        processes.wait_for_quiet()
        target.remove()
        target = template.copy("target")
    if not 0 < refused < count:
        raise Broken(f"of {count} backups {refused} were refused: the changes try nothing")
    return f"{refused} of {count} refused"


TESTS = [("backup-mutations", mutations)]
