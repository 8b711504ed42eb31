"""Tasks that crash, hang or fail on purpose. Needs the program built with test hooks, which the test build makes."""

import processes
from lib import Broken, Ledger, Skip

CONFIG = {
    "async": {
        "worker_idle_seconds": 0,
        "max_queue_size": 1000000,
        "worker_timeout_seconds": 1,
        "task_retry_attempts": 2,
    }
}


def hooked_project(context):
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    project = context.project(CONFIG)
    project.context = context.with_program(context.hooked)
    return project


def work_off(project, limit_s=40, env=None):
    """Starts workers until nothing waits, as the learns of a day would; gives back their exit codes."""
    codes = []

    def is_done():
        codes.append(project.run("worker", "run", "--until-idle", timeout=limit_s, env=env).code)
        return project.stats()["queue_size"] == 0

    if not processes.wait_until(is_done, limit_s, 0.05):
        raise Broken(f"E: still waiting after {len(codes)} workers, which ended with {codes}: {project.stats()}")
    return codes


def _fill_around(project, ledger, kind):
    """Neighbours, one poisoned task, neighbours."""
    project.fill(ledger, 5)
    with project.no_worker_starts():
        poison = f"This text is poisoned to {kind}."
        result = project.run("learn", poison, "--verbatim", "--quiet", "--source", f"poison:{kind}")
        if result.code != 0:
            raise Broken(f"learn: {result}")
        project.must_learn(ledger, 5)
    return poison


def _check(project, ledger, poison, failed):
    """The neighbours are stored once each; the poisoned task is kept as failed with its text, or stored."""
    contents = project.contents()
    missing = [text for text in ledger.accepted if contents.count(text) != 1]
    if missing:
        raise Broken(f"C: {len(missing)} neighbours are missing or doubled, such as {missing[0]}")
    stats = project.stats()
    if stats["failed_tasks"] != failed or (poison in contents) == bool(failed):
        raise Broken(f"{stats['failed_tasks']} failed tasks instead of {failed}; poison stored: {poison in contents}")
    if failed:
        tasks = project.json("tasks", "list", "--state", "failed")["tasks"]
        if len(tasks) != 1 or not tasks[0].get("error"):
            raise Broken(f"the failed task has no error: {tasks}")
    project.check_files()


def given_up(kind, deaths):
    """The task is given up after `deaths` dead workers; a retry runs it again and gives it up again."""

    def run(context):
        project, ledger = hooked_project(context), Ledger()
        poison = _fill_around(project, ledger, kind)
        codes = work_off(project)
        died = sum(code != 0 for code in codes)
        if died != deaths:
            raise Broken(f"{died} workers died instead of {deaths}: {codes}")
        _check(project, ledger, poison, 1)
        if kind == "hang" and not context.is_full:
            return f"exit codes {codes}"  # three more hangs would take 20 s
        result = project.run("tasks", "retry", "--all")
        if result.code != 0:
            raise Broken(f"tasks retry --all: {result}")
        project.must_learn(ledger)
        work_off(project)
        _check(project, ledger, poison, 1)
        return f"exit codes {codes}"

    return run


def fails_once(context):
    """Fails first, is tried again after its pause, and is stored."""
    project, ledger = hooked_project(context), Ledger()
    poison = _fill_around(project, ledger, "fail-once")
    codes = work_off(project)
    _check(project, ledger, poison, 0)
    return f"{len(codes)} workers"


TESTS = [
    ("poison-crash", given_up("crash", 3)),
    ("poison-hang", given_up("hang", 3)),
    ("poison-fail", given_up("fail", 0)),
    ("poison-fail-once", fails_once),
]
