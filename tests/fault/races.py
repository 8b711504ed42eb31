"""The worker's life: leaving, dying, stopping, being one of many."""

import os
import re
import signal
import subprocess
import threading
import time

import processes
from kills import count_calls, recover_and_check, used_project
from lib import Broken, Fault, Ledger
from storm import Watcher, stop_worker


def idle_exit(context):
    """Thousands of learns against workers that leave at once; nothing may be left waiting without a worker."""
    note = []
    for idle in (0, 0.002, 0.01):
        project, ledger = context.project({"async": {"worker_idle_seconds": idle, "max_queue_size": 1000000}}), Ledger()
        lock = threading.Lock()
        count = 3000 if context.is_full else 400
        refused = []

        def load(project=project, ledger=ledger, lock=lock, count=count, refused=refused):
            for _ in range(count // 4):
                with lock:
                    text = ledger.text()
                result = project.run("learn", text, "--verbatim", "--quiet")
                with lock:
                    ledger.note(text, result.code == 0)
                if result.code != 0:
                    refused.append(str(result))
                processes.reap_orphans()

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if refused:
            raise Broken(f"refused: {refused[0]}")
        left = processes.wait_for_quiet(15)
        if left:
            raise Broken(f"F: {left}")
        stats = project.stats()
        if stats["queue_size"] != 0:
            raise Broken(f"{stats['queue_size']} texts were left waiting without a worker (idle {idle} s)")
        project.check(ledger)
        note.append(f"idle {idle} s: {len(ledger.accepted)} learns, {stats['worker']['starts']} workers")
    return "; ".join(note)


def _background_worker(project):
    """Starts one and gives back its process id."""
    result = project.run("worker", "start")
    if result.code != 0:
        raise Broken(f"worker start: {result}")
    if not processes.wait_until(lambda: project.json("worker", "status")["state"] == "idle", 5):
        raise Broken(f"no worker after worker start: {project.json('worker', 'status')}")
    alive = processes.workers()
    if len(alive) != 1:
        raise Broken(f"{len(alive)} workers after worker start")
    return alive[0]


def stalled(context):
    """A stopped worker is called stalled and replaced; when it wakes up it must not do the work again."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 60, "max_queue_size": 1000000}}), Ledger()
    project.must_learn(ledger, 2)
    first = _background_worker(project)
    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    if not processes.wait_until(lambda: project.stats()["worker"]["state"] == "stalled", 20, 0.05):
        raise Broken(f"a stopped worker is called {project.stats()['worker']['state']} after 20 s")
    noticed = time.monotonic() - began
    project.must_learn(ledger, 5)
    result = project.run("tasks", "wait", "--all", "--timeout", "20", timeout=25)
    if result.code != 0:
        raise Broken(f"nobody took over from the stopped worker: {result}")
    second = [pid for pid in processes.workers() if pid != first]
    if len(second) != 1:
        raise Broken(f"{len(second)} workers beside the stopped one")
    taken_over = time.monotonic() - began
    os.kill(first, signal.SIGCONT)
    project.must_learn(ledger, 5)
    if not processes.wait_until(lambda: not processes.is_worker(first), 15):
        raise Broken("the worker that was replaced does not end")
    stop_worker(project)
    project.drain()
    project.check(ledger)
    return f"noticed after {noticed:.1f} s, replaced after {taken_over:.1f} s"


def stalled_in_the_middle(context):
    """Workers are stopped at random moments of a drain, replaced, and woken up; nothing may be stored twice."""
    rounds = 30 if context.is_full else 2
    taken_over = 0
    for number in range(rounds):
        project, ledger = context.project({"async": {"worker_idle_seconds": 60, "max_queue_size": 1000000}}), Ledger()
        project.must_learn(ledger)
        project.drain_running()
        stop_worker(project)
        project.fill(ledger, 300)
        first = _start_worker_process(project)
        time.sleep(context.random.uniform(0, 0.03))
        os.kill(first.pid, signal.SIGSTOP)
        processes.wait_until(lambda p=project: p.run("worker", "status").out.startswith(b"Worker: stalled"), 15, 0.05)
        project.run("worker", "start")
        # who was stopped inside a transaction keeps the store's lock until it wakes up: then nobody can take over
        waited = project.run("tasks", "wait", "--all", "--timeout", "4")
        taken_over += waited.code == 0
        os.kill(first.pid, signal.SIGCONT)
        _must_end(first, number, project)
        project.must_learn(ledger)
        project.drain_running()
        stop_worker(project)
        project.drain()
        project.check(ledger)
        project.remove()
    return f"{rounds} rounds, {taken_over} taken over before the stopped one woke up"


def _must_end(worker, number, project):
    """One that was replaced must notice it and leave; one that was not is told to."""
    if processes.wait_until(lambda: worker.poll() is not None, 5):
        processes.finished(worker)
        return
    replaced = project.json("worker", "status")["pid"] != worker.pid
    worker.terminate()
    try:
        worker.wait(timeout=8)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
        raise Broken(f"round {number}: the stopped worker does not end after waking up") from None
    finally:
        processes.finished(worker)
    if replaced:
        raise Broken(f"round {number}: the worker that was replaced goes on")


def _start_worker_process(project, *options):
    return project.start("worker", "run", *options, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def graceful(context):
    """TERM, INT and HUP finish the batch in hand and end with 0 or 130; no attempt is lost, nothing is doubled."""
    worst = 0.0
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        for delay in (0.0, 0.002, 0.01, 0.05):
            project, ledger = context.project(), Ledger()
            project.must_learn(ledger)
            project.drain()
            project.fill(ledger, 100)
            worker = _start_worker_process(project)
            ready = processes.wait_until(lambda p=project: p.json("worker", "status")["state"] != "stopped", 5)
            time.sleep(delay)
            worker.send_signal(number)
            began = time.monotonic()
            try:
                _, err = worker.communicate(timeout=8)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.communicate()
                raise Broken(f"{number.name} did not end the worker within 8 s") from None
            finally:
                processes.finished(worker)
            worst = max(worst, time.monotonic() - began)
            if not ready or worker.returncode not in (0, 130):
                raise Broken(f"{number.name}: exit {worker.returncode}: {err.decode()[:200]}")
            retrying = project.stats().get("retrying_tasks")
            if retrying:
                raise Broken(f"{number.name}: {retrying} tasks lost an attempt")
            project.drain()
            project.check(ledger)
            project.remove()
    return f"slowest end {worst * 1000:.0f} ms"


def many_workers(context):
    """Two to eight workers started together: one works, the others say so; a kill hands over at once."""
    slowest = 0.0
    for count in (2, 4, 8):
        project, ledger = context.project(), Ledger()
        project.must_learn(ledger)
        project.drain()
        project.fill(ledger, 200)
        crowd = [_start_worker_process(project, "--until-idle") for _ in range(count)]
        codes = []
        for worker in crowd:
            try:
                worker.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.communicate()
                raise Broken(f"E: one of {count} workers hung") from None
            finally:
                processes.finished(worker)
            codes.append(worker.returncode)
        if 0 not in codes or any(code not in (0, 4) for code in codes):
            raise Broken(f"{count} workers at once ended with {codes}")
        project.drain()
        project.check(ledger)
        slowest = max(slowest, _handover(project, ledger))
        project.check(ledger)
        project.remove()
    return f"hand-over after a kill within {slowest * 1000:.0f} ms"


def _handover(project, ledger):
    """Kills a worker, hands over one text, and measures until it is stored."""
    worker = _start_worker_process(project)
    if not processes.wait_until(lambda: project.json("worker", "status")["state"] == "idle", 5):
        raise Broken(f"the worker is {project.json('worker', 'status')['state']}, not idle")
    worker.kill()
    worker.communicate()
    processes.finished(worker)
    began = time.monotonic()
    project.must_learn(ledger)
    result = project.run("tasks", "wait", "--all", "--timeout", "10")
    took = time.monotonic() - began
    if result.code != 0 or took > 1:
        raise Broken(f"hand-over after a kill took {took:.1f} s: {result}")
    return took


def captured_output(context):
    """A caller that reads learn's output to its end gets it when learn ends, not when the worker does."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 30}}), Ledger()
    slowest = 0.0
    for _ in range(5):
        text = ledger.text()
        began = time.monotonic()
        shell = 'answer=$("$0" learn "$1" --verbatim --format json 2>&1 </dev/null); echo "$answer"'
        result = processes.run(["/bin/sh", "-c", shell, project.context.program, text], env=project.environment(), timeout=20)
        took = time.monotonic() - began
        slowest = max(slowest, took)
        ledger.note(text, result.code == 0)
        if not re.search(rb'"task_id"', result.out):
            raise Broken(f"no answer was captured: {result.out[:200]}")
        if took > 5:
            raise Broken(f"the caller waited {took:.1f} s for the end of the output")
    if len(processes.workers()) != 1:
        raise Broken("no worker was alive: the test shows nothing")
    stop_worker(project)
    project.drain()
    project.check(ledger)
    return f"slowest answer {slowest * 1000:.0f} ms, with a worker alive"


def replaced_lock(context):
    """The lock file is removed under a live worker: a second one may start, nothing is stored twice."""
    project, ledger = context.project({"async": {"worker_idle_seconds": 1, "max_queue_size": 1000000}}), Ledger()
    project.must_learn(ledger)
    for _ in range(20 if context.is_full else 5):
        _background_worker(project)
        (project.memory / "queue" / "lock").unlink(missing_ok=True)
        project.must_learn(ledger, 10)
        with Watcher():
            time.sleep(0.05)
        left = processes.wait_for_quiet(15)
        if left:
            raise Broken(f"F: {left}")
    project.drain()
    project.check(ledger)
    return ""


def learn_falls_asleep(context):
    """A learn is held up before each of its calls while others learn and workers take and retire the journal."""
    template, ledger = used_project(context, stored=2, waiting=2)
    calls = count_calls(template, "count", ("learn", "Counting calls.", "--quiet"), of="first", follows=False)
    for at in context.sample(range(1, calls + 1), 16):
        project, promised = template.copy(f"sleep-{at}"), Ledger(ledger)
        text = promised.text()
        fault = Fault("pause-80", at, of="first", follows=False)
        report = context.work / f"sleep-{at}.report"
        argv = [*fault.argv(context, report), *project.command("learn", text, "--verbatim", "--quiet")]
        sleeper = processes.start(argv, env=project.environment(), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.01)
            for _ in range(3):
                project.must_learn(promised)
                project.drain()
            code = sleeper.wait(timeout=20)
        except subprocess.TimeoutExpired:
            sleeper.kill()
            sleeper.wait()
            raise Broken(f"E: a learn held up before call {at} hung") from None
        finally:
            processes.finished(sleeper)
        promised.note(text, code == 0)
        if code != 0:
            raise Broken(f"a learn held up before call {at} ended with {code}")
        try:
            recover_and_check(project, promised)
        except Broken as reason:
            raise Broken(f"a learn held up before call {at}: {reason}") from None
    return f"{calls} calls"


def worker_falls_asleep(context):
    """A worker is held up before its calls while texts keep coming in."""
    template, ledger = used_project(context, stored=2, waiting=6)
    calls = count_calls(template, "count", ("worker", "run", "--until-idle"))
    points = context.sample(range(1, calls + 1), 25)
    for at in points:
        project, promised = template.copy(f"sleep-{at}"), Ledger(ledger)
        fault = Fault("pause-60", at)
        report = context.work / f"sleep-{at}.report"
        argv = [*fault.argv(context, report), *project.command("worker", "run", "--until-idle")]
        sleeper = processes.start(argv, env=project.environment(), cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(12):
                if sleeper.poll() is None:
                    project.must_learn(promised)
            sleeper.wait(timeout=20)
        finally:
            processes.finished(sleeper)
        try:
            recover_and_check(project, promised)
        except Broken as reason:
            raise Broken(f"a worker held up before call {at}: {reason}") from None
    return f"{len(points)} of {calls} calls"


TESTS = [
    ("learn-falls-asleep", learn_falls_asleep),
    ("worker-falls-asleep", worker_falls_asleep),
    ("worker-idle-exit", idle_exit),
    ("worker-stalled", stalled),
    ("worker-stalled-in-the-middle", stalled_in_the_middle),
    ("worker-graceful", graceful),
    ("worker-many", many_workers),
    ("worker-captured-output", captured_output),
    ("worker-replaced-lock", replaced_lock),
]
