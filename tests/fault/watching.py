"""What is told when things go wrong: alerts, the log, the changes of a task; and what the log must never tell."""

import json
import os
import signal

import poison
import processes
from lib import Broken, Ledger
from surroundings import fill_up, mounted

# Words that occur in nothing but the texts handed over below.
SECRETIVE = ("quixotry", "zymurgist", "farandole", "hexametre", "ocarinas", "vermilion", "labyrinthine", "xylophonic")


def _log(project):
    return "".join(path.read_text() for path in sorted(project.memory.glob("worker.log*")))


def log_says_nothing(context):
    """Failures, crashes, kills, damage, labels, secrets and debug lines: not one word of a text gets into the log."""
    project = poison.hooked_project(context)
    debug = {"KUZU_MEMORY_DEBUG": "1"}

    def learn(text, *options):
        result = project.run("learn", text, "--quiet", *options)
        if result.code != 0:
            raise Broken(f"learn: {result}")

    with project.no_worker_starts():
        learn("The quixotry of the plan was noted by the team.", "--session", "zymurgist", "--speaker", "farandole")
        learn("We decided to use hexametre for the ocarinas service.", "--metadata", '{"vermilion": "labyrinthine"}')
        learn("The vermilion crash is labyrinthine.", "--verbatim", "--source", "poison:crash")
        learn("The xylophonic failure is labyrinthine.", "--verbatim", "--source", "poison:fail", "--key", "quixotry")
        learn("A farandole runs out of memory.", "--verbatim", "--source", "poison:memory")
        learn("The ocarinas password is ghp_quixotryquixotryquixotryquixotryquix.", "--source", "zymurgist")
    poison.work_off(project, env=debug)
    with project.no_worker_starts():
        for number in range(40):
            learn(f"The zymurgist number {number} keeps xylophonic hexametre.", "--verbatim")
        journal = project.memory / "queue" / "journal"
        content = journal.read_bytes()
        at = content.find(b"xylophonic")
        journal.write_bytes(content[:at] + b"XYLOPHONIC" + content[at + 10 :])
    worker = project.start("worker", "run", "--until-idle", env=debug)
    processes.wait_until(lambda: "worker_started" in _log(project), 10, 0.005)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    poison.work_off(project, env=debug)
    text = _log(project)
    told = [word for word in SECRETIVE if word in text.lower()]
    if told:
        raise Broken(f"the log holds {told}: {[line for line in text.splitlines() if told[0] in line.lower()][0]}")
    events = {json.loads(line)["event"] for line in text.splitlines()}
    expected = {"worker_started", "worker_stopped", "worker_had_crashed", "task_suspected", "task_failed", "task_retrying",
                "batch_committed", "queue_damage_quarantined"}  # fmt: skip
    if not expected <= events:
        raise Broken(f"the test shows nothing of {sorted(expected - events)}; seen: {sorted(events)}")
    return f"{len(text.splitlines())} lines"


def failures_are_told(context):
    """Tasks that fail make an alert; each tells its runs with their times and errors."""
    project, ledger = poison.hooked_project(context), Ledger()
    project.must_learn(ledger, 3)
    poison.work_off(project)
    with project.no_worker_starts():
        result = project.run("learn", "This text is poisoned.", "--verbatim", "--source", "poison:fail", "--format", "json")
    task = json.loads(result.out)["task_id"]
    poison.work_off(project)
    alerts = {alert["alert"]: alert for alert in project.json("alerts")["alerts"]}
    if set(alerts) != {"failures"} or alerts["failures"]["value"] != 25 or not alerts["failures"]["active"]:
        raise Broken(f"one of four tasks failed, and the alerts are {alerts}")
    shown = project.json("tasks", "show", task)
    states = [change["state"] for change in shown["changes"]]
    if states != ["queued"] + ["processing", "retrying"] * 2 + ["processing", "failed"]:
        raise Broken(f"the task went through {states}")
    times = [change["at"] for change in shown["changes"]]
    errors = [change["error"] for change in shown["changes"] if change["state"] in ("retrying", "failed")]
    if times != sorted(times) or None in times or errors != ["failed on purpose"] * 3:
        raise Broken(f"the changes tell {shown['changes']}")
    history = project.json("stats", "--history", "--days", "2")["days"]
    if sum(day["failed"] for day in history) != 1 or sum(day["completed"] for day in history) != 3:
        raise Broken(f"the history tells {history}")
    return f"{len(states)} changes"


def full_disk_is_told(context):
    """On a full disk the alert is recorded all the same, told to the user's command once, and over when there is room."""
    place = context.work / "disk"
    with mounted(place, "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs"):
        config = {"async": {"worker_idle_seconds": 30}, "alerts": {"disk_free_mb": 1}}
        project, ledger = context.project(config, name="disk/project"), Ledger()
        settings = context.work / "settings"
        (settings / "kuzu-memory").mkdir(parents=True)
        told = context.work / "told"
        command = {"alerts": {"command": ["sh", "-c", f'cat >>"{told}"']}}
        (settings / "kuzu-memory/config.json").write_text(json.dumps(command))
        env = {"XDG_CONFIG_HOME": str(settings)}
        project.must_learn(ledger, 3, env=env)
        project.drain_running()
        if project.json("alerts")["alerts"]:
            raise Broken("an alert although there is room")
        fill_up(place / "ballast")
        if not processes.wait_until(told.exists, 10, 0.02):
            raise Broken("the worker told nobody of the full disk")
        alert = project.json("alerts")["alerts"][0]
        if alert["alert"] != "disk_space" or not alert["active"] or alert["value"] != 0:
            raise Broken(f"on a full disk: {alert}")
        (place / "ballast").unlink()
        if not processes.wait_until(lambda: not project.json("alerts")["alerts"][0]["active"], 10, 0.02):
            raise Broken("still active with room on the disk")
        project.run("worker", "stop")
        processes.wait_for_quiet()
        lines = told.read_text().splitlines()
        if len(lines) != 1 or json.loads(lines[0])["alert"] != "disk_space":
            raise Broken(f"told {lines}")
        project.check(ledger)


TESTS = [
    ("log-says-nothing", log_says_nothing),
    ("failures-are-told", failures_are_told),
    ("full-disk-is-told", full_disk_is_told),
]
