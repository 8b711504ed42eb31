"""The power goes out during or after any command of the scenario table: it is recorded, and of each state that the disk could be
in afterwards the recovery must make the old state or the new one; the new one if the command had said that it was done."""

import shutil

import processes
from lib import Broken, Fault, Project
from replay import Disk, Record, check_record
from scenarios import SCENARIOS
from sweeps import MOST_BROKEN, Sweep, budget, difference, recovered

# These change other programs' files, and rest on how the user's disk keeps them.
ELSEWHERE = ("install", "uninstall")


def record_scenario(context, sweep):
    scenario = sweep.scenario
    project = sweep.start.project(context, "recorded")
    record = Record(context.work / "record", project.directory)
    words = scenario.words(project) if callable(scenario.words) else scenario.words
    argv = Fault("", 0).argv(context, context.work / "report")
    argv = [*argv[:-1], "--record", record.path, "--root", project.directory, "--", *project.command(*words)]
    environment = {**project.environment(), **scenario.env(project)}
    result = processes.run(argv, timeout=60, stdin=scenario.stdin, env=environment, cwd="/")
    if result.code not in scenario.codes:
        raise Broken(f"{scenario.name}, recorded: {result}")
    processes.wait_for_quiet()
    record.read()
    check_record(record, project.directory)
    return record


def cuts(context, scenario):
    sweep = Sweep(context, scenario)
    record = record_scenario(context, sweep)
    command = next(iter(record.started))  # the first that was started
    done = [at for at, tgid, status in record.ends if tgid == command and status == 0]
    disk = Disk(record, context.random)
    broken = []
    states = budget(scenario, 150 if context.is_full else 4)
    for number in range(states):
        place = context.work / f"state{number}"
        cut = context.random.randint(1, record.place + 1)
        words = disk.write(cut, place)
        project = Project(context, place, is_new=False)
        try:
            if not project.memory.exists():
                project.memory.mkdir(mode=0o700)
            if not (project.memory / "config.json").exists():
                project.configure(project.DEFAULT_CONFIG)
            seen = recovered(scenario, project, None)
            if scenario.promises and done and cut > done[0] and seen != sweep.new:
                raise Broken(f"A: it had said that it was done: {difference(seen, sweep.new)}")
            if seen not in (sweep.old, sweep.new) and not scenario.between(sweep.old, sweep.new, seen):
                raise Broken(f"B: neither old nor new: {difference(seen, sweep.new)}; or {difference(seen, sweep.old)}")
            shutil.rmtree(place)
        except Broken as reason:
            broken.append(f"state {number}, {words}: {reason}")
            processes.end_orphans()
            if len(broken) == MOST_BROKEN:
                break
    if broken:
        raise Broken("\n  # ".join(broken))
    return f"{record.place} events, {states} runs, 0 broken"


def _test(scenario):
    return lambda context: cuts(context, scenario)


TESTS = [(f"power-{scenario.name}", _test(scenario)) for scenario in SCENARIOS if scenario.name not in ELSEWHERE]
