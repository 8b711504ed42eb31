"""After any mix of operations and kills, every counter equals a recount: doctor finds nothing, and the texts are where they belong."""

import contextlib
import json
import os
import random
import signal
import time

import processes
from lib import EXIT_CODES, Broken, Ledger

STEPS = 14
NAMES = "Alice Johnson|Bob Miller|Carol Smith|Dave Brown".split("|")


def _learn(project, chance, texts):
    texts.append(f"{chance.choice(NAMES)} moved item{len(texts):04d} to the {chance.choice(['blue', 'red'])} shelf.")
    words = ["learn", texts[-1], "--quiet"] + chance.choice([[], ["--verbatim"], ["--sync"], ["--key", f"k{chance.randrange(20)}"]])
    return project.run(*words)


def _remember(project, chance, texts):
    return project.run("remember", f"{chance.choice(NAMES)} prefers tool{chance.randrange(6)}.", "--quiet")


def _batch(project, chance, texts):
    lines = [json.dumps({"content": f"Batch line {chance.randrange(500)} names {chance.choice(NAMES)}."}) for _ in range(30)]
    return project.run("learn", "--batch", "-", "--quiet", stdin="\n".join(lines).encode())


def _some_id(project, chance):
    result = project.run("recent", "--limit", "50", "--format", "json")
    memories = json.loads(result.out)["memories"] if result.code == 0 else []
    return chance.choice(memories)["id"] if memories else None


def _forget(project, chance, texts):
    found = _some_id(project, chance)
    return project.run("forget", found, "--confirm", "--quiet") if found else None


def _edit(project, chance, texts):
    found = _some_id(project, chance)
    return project.run("edit", found, f"Edited to number {chance.randrange(1000)} by {chance.choice(NAMES)}.") if found else None


def _tasks(project, chance, texts):
    return project.run("tasks", chance.choice(["purge", "list"]))


def _backup(project, chance, texts):
    return project.run("backup", project.directory.parent / f"{project.directory.name}.kmbackup", "--quiet")


def _restore(project, chance, texts):
    path = project.directory.parent / f"{project.directory.name}.kmbackup"
    return project.run("restore", path, "--quiet") if path.exists() else None


def _doctor(project, chance, texts):
    return project.run("doctor", "--fix")


def _worker(project, chance, texts):
    return project.run("worker", "run", "--until-idle", timeout=30)


OPERATIONS = [_learn] * 6 + [_remember, _batch, _forget, _edit, _tasks, _backup, _restore, _doctor, _worker, _worker]


def _kill_worker(project):
    for pid in processes.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _killed_command(project, chance):
    """A command that is ended somewhere in the middle."""
    words = chance.choice(
        [
            ("learn", f"Cut off {chance.random()} for {chance.choice(NAMES)}.", "--sync"),
            ("remember", f"Cut off {chance.random()}."),
            ("worker", "run", "--until-idle"),
            ("backup", str(project.directory.parent / "cut.kmbackup")),
            ("doctor", "--fix"),
        ]
    )
    process = project.start(*words, stdout=-3, stderr=-3)
    time.sleep(chance.uniform(0, 0.02))
    process.kill()
    process.wait()
    processes.finished(process)


def one_seed(context, seed):
    chance = random.Random(seed)
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000, "max_task_age_seconds": chance.choice([1, 300])}}
    project, texts = context.project(config, name=f"seed{seed}"), []
    for _ in range(STEPS):
        if chance.random() < 0.25:
            _killed_command(project, chance)
        elif chance.random() < 0.15:
            _kill_worker(project)
        else:
            result = chance.choice(OPERATIONS)(project, chance, texts)
            if result is not None and result.code not in EXIT_CODES:
                raise Broken(f"seed {seed}: {result}")
    _kill_worker(project)
    left = processes.wait_for_quiet()
    if left:
        raise Broken(f"seed {seed}: left running: {left}")
    project.drain(30)
    result = project.run("doctor", "--format", "json", timeout=30)
    wrong = [finding for finding in json.loads(result.out)["findings"] if finding["level"] != "notice"]
    # workers were killed on purpose: that they crashed is true
    wrong = [finding for finding in wrong if finding["code"] not in ("worker.crash_loop", "tasks.failed", "tasks.failing")]
    if wrong:
        raise Broken(f"seed {seed}: doctor finds {wrong[0]['code']}: {wrong[0]['what']}")
    project.check_files()
    project.remove()


def random_mix(context):
    """A few seeds in the short form, 200 in the full one (or KM_RECOUNT_SEEDS)."""
    count = int(os.environ.get("KM_RECOUNT_SEEDS", "200" if context.is_full else "4"))
    first = random.Random(context.seed).randrange(10**6)
    for seed in range(first, first + count):
        one_seed(context, seed)
    return f"{count} seeds from {first}"


TESTS = [("recount-random-mix", random_mix)]
