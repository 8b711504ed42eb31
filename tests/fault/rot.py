"""A store that rots: pages zeroed, flipped, exchanged, a file cut short, a log that is gone, old or another's. It is noticed,
texts that wait are kept, nothing is overwritten, and there is a way back."""

import contextlib
import json
import os
import shutil

import processes
from lib import EXIT_CODES, Broken, Ledger

PAGE = 4096


def _page(chance, content):
    return chance.randrange(len(content) // PAGE) * PAGE


def zeroed(chance, content, _):
    at = _page(chance, content)
    return content[:at] + bytes(PAGE) + content[at + PAGE :]


def flipped(chance, content, _):
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def exchanged(chance, content, _):
    content, a, b = bytearray(content), _page(chance, content), _page(chance, content)
    content[a : a + PAGE], content[b : b + PAGE] = content[b : b + PAGE], content[a : a + PAGE]
    return bytes(content)


def cut(chance, content, _):
    return content[: chance.choice((0, 1, 99, 100, 512, PAGE, len(content) // 2, len(content) - 1, len(content) - PAGE))]


def noisy(chance, content, _):
    at = _page(chance, content)
    return content[:at] + chance.randbytes(PAGE) + content[at + PAGE :]


def older(_, __, old):
    return old


HURTS = {
    "memories.db": (zeroed, flipped, exchanged, cut, noisy),
    "memories.db-wal": (zeroed, flipped, cut, noisy, older),
    "memories.db-shm": (zeroed, flipped, cut, noisy),
}


def _template(context):
    """Some memories in the database, some only in its log, some texts waiting."""
    project, ledger = context.project(name="template"), Ledger()
    lines = "".join(json.dumps({"content": ledger.text()}) + "\n" for _ in range(150))
    ledger.accepted.update(json.loads(line)["content"] for line in lines.splitlines())
    project.run("learn", "--batch", "-", "--verbatim", "--quiet", stdin=lines.encode())
    project.drain()
    old = project.memory.parent / "old-wal"
    for _ in range(4):
        project.remember(ledger)
    with contextlib.suppress(FileNotFoundError):
        shutil.copy(project.memory / "memories.db-wal", old)
    for _ in range(4):
        project.remember(ledger)
    backup = project.directory.parent / "good.kmbackup"
    if project.run("backup", backup, "--quiet").code != 0:
        raise Broken("backup")
    processes.wait_for_quiet()
    waiting = Ledger(ledger)
    project.fill(waiting, 5)
    return project, ledger.accepted, waiting.accepted - ledger.accepted, backup, old


def _hurt(project, chance, old):
    """Changes one of the files; says what was done."""
    name = chance.choice([name for name in HURTS if (project.memory / name).exists()])
    how = chance.choice(HURTS[name])
    path = project.memory / name
    content = path.read_bytes()
    if how is older and not old.exists():
        how = flipped
    if len(content) < PAGE:
        how = cut
    path.write_bytes(how(chance, content, old.read_bytes() if old.exists() else b""))
    if chance.random() < 0.2:
        (project.memory / "memories.db-shm").unlink(missing_ok=True)
    return f"{name} {how.__name__}"


def _run(project, *words, codes=EXIT_CODES, **options):
    result = project.run(*words, timeout=60, **options)
    if result.code not in codes:
        raise Broken(f"{words[0]}: {result}")
    return result


def _one(context, template, stored, waiting, backup, old, number):
    project = template.copy(f"rot{number}")
    what = _hurt(project, context.random, old)
    known = stored | waiting
    try:
        enhanced = _run(project, "enhance", "Where is the warehouse?", "--format", "plain", codes={0})
        if b"Where is the warehouse?" not in enhanced.out:
            raise Broken("the prompt is gone")
        ledger = Ledger()
        ledger._next = 700000 + number
        project.must_learn(ledger)  # intake goes on
        for line in ("worker run --until-idle", "recall warehouse", "stats"):
            _run(project, *line.split())
        is_told = _run(project, "doctor").code != 0
        _run(project, "doctor", "--fix")
        processes.wait_for_quiet(30)
        outcome = "mended"
        if _run(project, "doctor").code == 2:
            outcome = "restored"  # doctor could not: the backup can, and what waits is still learnt
            _run(project, "restore", backup, "--quiet", codes={0})
        project.drain(60)
        contents = project.contents()
        lost = (waiting | ledger.accepted) - set(contents)
        if lost:
            raise Broken(f"A: {len(lost)} texts that waited are lost, such as {min(lost)}")
        if outcome == "restored" and stored - set(contents):
            raise Broken("the backup did not bring everything back")
        unknown = set(contents) - known - ledger.accepted
        if unknown and outcome == "restored":
            raise Broken(f"memories that nobody handed over: {min(unknown)!r}")
        if len(contents) != len(set(contents)):
            raise Broken("a memory is there twice")
        if _run(project, "doctor").code == 2:
            raise Broken("doctor calls it broken in the end")
        silent = stored - set(contents) and outcome == "mended" and not is_told
        project.remove()
    except Broken as reason:
        raise Broken(f"{what}: {reason}") from None
    return what, outcome, bool(silent)


def store_rots(context):
    template, stored, waiting, backup, old = _template(context)
    outcomes = {"mended": 0, "restored": 0}
    silent = []
    runs = 600 if context.is_full else 25
    for number in range(runs):
        what, outcome, is_silent = _one(context, template, stored, waiting, backup, old, number)
        outcomes[outcome] += 1
        if is_silent:
            silent.append(what)
    kinds = ", ".join(sorted(set(silent)))
    losses = f", {len(silent)} lost something without a word ({kinds})" if silent else ""
    return f"{runs} damaged stores: {outcomes['mended']} sound or mended, {outcomes['restored']} restored{losses}"


def another_log(context):
    """The log of another project's store lies beside ours. SQLite applies any log with sound checksums, so ours may be buried under
    it; the program must keep its footing all the same, and a backup bring everything back."""
    first, ledger = context.project(name="first"), Ledger()
    first.must_learn(ledger, 4)
    first.drain()
    backup = context.work / "good.kmbackup"
    _run(first, "backup", backup, "--quiet", codes={0})
    processes.wait_for_quiet()
    other, foreign = context.project(name="other"), Ledger(ledger)
    for _ in range(5):
        other.remember(foreign)
    log = other.memory / "memories.db-wal"
    if not log.exists() or not log.stat().st_size:
        return "the log of a killed writer could not be had"
    shutil.copy(log, first.memory / "memories.db-wal")
    (first.memory / "memories.db-shm").unlink(missing_ok=True)
    os.chmod(first.memory / "memories.db-wal", 0o600)
    for words in (("stats",), ("recall", "warehouse"), ("worker", "run", "--until-idle"), ("doctor", "--fix")):
        _run(first, *words)
    processes.wait_for_quiet()
    first.must_learn(ledger)
    first.drain()
    buried = ledger.accepted - set(first.contents())
    _run(first, "restore", backup, "--quiet", codes={0})
    first.drain()
    after = Ledger(ledger)
    first.must_learn(after)
    first.drain()
    missing = ledger.accepted - set(first.contents())
    if len(missing) > 1:  # one was learnt after the backup
        raise Broken(f"the backup did not bring {len(missing)} texts back")
    if _run(first, "doctor").code == 2:
        raise Broken("doctor calls it broken in the end")
    return f"{len(buried)} of 5 texts buried until the restore"


TESTS = [("store-rots", store_rots), ("store-with-another-log", another_log)]
