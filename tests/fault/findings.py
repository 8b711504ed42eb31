"""What the tests of findings share: looking, running the remedy as a person would paste it, and looking again."""

import json
import os
import sqlite3

import processes
from lib import Broken, Ledger

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


SUDO = "#!/bin/sh\nexec \"$@\"\n"  # stands for the one who may; the tests run as root


def apply(project, finding, codes=(0,), env=None, then=""):
    """Runs the command that the finding names, as a person would paste it. What it prints is given back."""
    folder = project.context.work / "bin"
    folder.mkdir(exist_ok=True)
    link = folder / "kuzu-memory"
    link.unlink(missing_ok=True)
    link.symlink_to(project.context.program)
    (folder / "sudo").write_text(SUDO)
    (folder / "sudo").chmod(0o755)
    environment = {**project.environment(), **(env or {})}
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    user = None if finding["remedy"].startswith("sudo ") else project.user
    words = ["/bin/sh", "-c", finding["remedy"] + then]
    result = processes.run(words, env=environment, cwd="/", timeout=40, user=user)
    if result.code not in codes:
        raise Broken(f"the remedy of {finding['code']}, {finding['remedy']}: {result}")
    return result.out.decode()


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


def look_with_fault(project, calls, error):
    """Findings of status while calls of these names fail."""
    context = project.context
    words = [context.tools / "faultrun", "--report", context.work / "report", "--calls", calls]
    words += ["--do", error, "--at", "1", "--times", "0", "--", *project.command("status", "--format", "json")]
    result = processes.run(words, env=project.environment(), cwd="/")
    if not result.out:
        raise Broken(f"status with {error}: {result}")
    return {finding["code"]: finding for finding in json.loads(result.out)["findings"]}, result.code


def must_be_well_at_home(project, ledger, code):
    """The memory has moved below the home directory: it is complete there, and the finding is gone."""
    home = project.directory.parent / "memories" / project.directory.name
    moved = type(project)(project.context, home, is_new=False)
    must_be_gone(moved, code)
    moved.must_learn(ledger)
    moved.drain()
    moved.check(ledger)
