"""Programs of two versions on one project: an old worker with a new learn, and back."""

import os
import signal

import processes
from findings import KEPT_OPEN, must_find, the_worker
from lib import Broken, Ledger, Skip

VERSIONS = ("2", "9")  # minor numbers other than ours


def skew(context):
    """Each version's texts are taken by the other's worker, also by one that follows a killed one: nothing is lost or doubled."""
    if context.hooked is None:
        raise Skip("no program with test hooks beside this one")
    rounds = 0
    for minor in VERSIONS:
        for is_worker_other in (True, False):
            project, ledger = context.project(KEPT_OPEN), Ledger()
            other = {"KUZU_MEMORY_TEST_MINOR_VERSION": minor}
            plain, hooked = context, context.with_program(context.hooked)
            worker_side = (hooked, other) if is_worker_other else (plain, {})
            learn_side = (plain, {}) if is_worker_other else (hooked, other)
            project.context = worker_side[0]
            project.run("init", env=worker_side[1])
            project.run("worker", "start", env=worker_side[1])
            pid = the_worker(project)
            project.context = learn_side[0]
            if is_worker_other:
                must_find(project, "worker.version", "degraded", limit_s=5)
            project.must_learn(ledger, 20, env=learn_side[1])
            project.drain_running()
            if project.stats()["worker"]["pid"] != pid:
                raise Broken(f"the worker of the other version ({minor}) was replaced while it worked")
            project.must_learn(ledger, 20, env=learn_side[1])
            os.kill(pid, signal.SIGKILL)
            if processes.wait_for_quiet():
                raise Broken("the worker does not die")
            project.must_learn(ledger, 5, env=learn_side[1])  # starts one of its own version
            project.drain_running()
            project.run("worker", "stop", env=learn_side[1])
            project.context = plain
            project.check(ledger)
            rounds += 1
    return f"{rounds} pairs"


TESTS = [("version-skew", skew)]
