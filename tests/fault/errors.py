"""Every system call of learn and worker fails once, in eleven ways; every write comes out short once."""

import json

import processes
from kills import count_calls, new_project, recover_and_check, used_project
from lib import EXIT_CODES, Broken, Fault, Ledger

ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "EAGAIN", "ENOMEM", "EMFILE", "EACCES", "EROFS", "ENOLCK", "EFBIG")
LEARN = ("learn", "Counting how many calls one learn makes.", "--verbatim", "--quiet")
WORKER = ("worker", "run", "--until-idle")


def _startup_calls(context):
    """Calls that libc makes before main: an error there ends any program, in its own way."""
    fault = Fault("", 0)
    report = context.work / "empty.report"
    processes.run([*fault.argv(context, report), context.tools / "probe"])  # ends at once: wrong usage
    fault.read(report)
    return fault.calls_made


def _check_answer(result, fault, startup_calls):
    """A refusal is one of the documented codes and says why."""
    if fault.at <= startup_calls or result.code == 0:
        return
    if result.code not in EXIT_CODES:
        raise Broken(f"G: exit code {result.code}: {result}")
    if not result.err.strip():
        raise Broken(f"G: exit code {result.code} without a word")


def _try_learn(template, ledger, fault, startup_calls, name):
    project, promised = template.copy(name), Ledger(ledger)
    try:
        result = project.learn(promised, fault=fault)
        _check_answer(result, fault, startup_calls)
        recover_and_check(project, promised)
    except Broken as reason:
        raise Broken(f"{fault}: {reason}") from None


def _try_drain(template, ledger, fault, startup_calls, name):
    project, promised = template.copy(name), Ledger(ledger)
    try:
        result = project.run(*WORKER, fault=fault)
        _check_answer(result, fault, startup_calls)
        recover_and_check(project, promised)
    except Broken as reason:
        raise Broken(f"{fault}: {reason}") from None


def _sweep(context, template, ledger, attempt, calls, short_size, **options):
    startup = _startup_calls(context)
    pairs = [(at, name) for at in range(1, calls + 3) for name in ERRORS]
    fired = 0
    broken = []
    for at, name in context.sample(pairs, short_size):
        fault = Fault(name, at, **options)
        try:
            attempt(template, ledger, fault, startup, f"{name}-{at}")
        except Broken as reason:
            broken.append(str(reason))
            processes.end_orphans()
            if len(broken) == 5:
                break
        fired += fault.has_fired
    if broken:
        raise Broken("\n  # ".join(broken))
    return f"{calls} calls, {fired} errors"


def errors_of_learn(context):
    template, ledger = used_project(context)
    options = {"of": "first", "follows": False}
    calls = count_calls(template, "count", LEARN, **options)
    return _sweep(context, template, ledger, _try_learn, calls, 100, **options)


def errors_of_first_learn(context):
    template, ledger = new_project(context)
    options = {"of": "first", "follows": False}
    calls = count_calls(template, "count", LEARN, **options)
    return _sweep(context, template, ledger, _try_learn, calls, 80, **options)


def errors_of_learn_with_worker(context):
    """The prototype hung once or twice in such a sweep; every step has a limit here."""
    template, ledger = used_project(context)
    calls = count_calls(template, "count", LEARN)
    return _sweep(context, template, ledger, _try_learn, calls, 60)


def errors_of_drain(context):
    template, ledger = used_project(context, waiting=6)
    calls = count_calls(template, "count", WORKER)
    return _sweep(context, template, ledger, _try_drain, calls, 100)


def errors_of_sync_learn(context):
    """learn --sync has the store's failures to answer for."""
    template, ledger = used_project(context)
    calls = count_calls(template, "count", (*LEARN, "--sync"))

    def attempt(template, ledger, fault, startup_calls, name):
        project, promised = template.copy(name), Ledger(ledger)
        try:
            result = project.learn(promised, "--sync", fault=fault)
            _check_answer(result, fault, startup_calls)
            recover_and_check(project, promised)
        except Broken as reason:
            raise Broken(f"{fault}: {reason}") from None

    return _sweep(context, template, ledger, attempt, calls, 60)


def errors_of_enhance(context):
    """enhance never fails the prompt: whatever goes wrong, it is printed and the exit code is 0."""
    template, ledger = used_project(context)
    prompt = "Where is the amber anchor?"
    words = ("enhance", prompt, "--format", "plain")
    calls = count_calls(template, "count", words)

    def attempt(template, ledger, fault, startup_calls, name):
        result = template.run(*words, fault=fault)
        if fault.at <= startup_calls or fault.report.get("fired_call") in ("write", "writev"):
            return
        if result.code != 0 or prompt.encode() not in result.out:
            raise Broken(f"{fault}: the prompt is not printed: {result}")

    note = _sweep(context, template, ledger, attempt, calls, 200)
    recover_and_check(template, ledger)
    return note


def _project_with_cache(context):
    """So many memories that enhance keeps its answers."""
    project = context.project(name="cached")
    path = context.work / "cached.jsonl"
    texts = (f"Shelf {n} of the warehouse holds {n % 37} boxes of {('amber', 'copper', 'linen')[n % 3]}." for n in range(1100))
    path.write_text("".join(json.dumps({"content": text}) + "\n" for text in texts))
    result = project.run("learn", "--batch", path, "--verbatim", "--quiet")
    if result.code != 0:
        raise Broken(f"learn --batch: {result}")
    project.drain()
    return project


def errors_of_enhance_with_cache(context):
    """A cache that cannot be made, read or written costs nothing but itself, and never keeps a wrong answer."""
    project = _project_with_cache(context)
    cache = project.memory / "state" / "cache"
    prompt = "Which shelf holds boxes of amber?"
    words = ("enhance", prompt, "--format", "plain")
    expected = project.run(*words).out
    if not cache.exists() or project.run(*words).out != expected or project.stats()["cache"]["hits"] != 1:
        raise Broken("the answer is not kept")

    def attempt(project, ledger, fault, startup_calls, name):
        for is_kept in (False, True):
            if not is_kept:
                cache.unlink(missing_ok=True)
            result = project.run(*words, fault=fault)
            if fault.at > startup_calls and fault.report.get("fired_call") not in ("write", "writev"):
                if result.code != 0 or result.out.strip() not in (expected.strip(), prompt.encode()):
                    raise Broken(f"{fault}: neither the answer nor the prompt: {result}")
            if project.run(*words).out != expected:
                raise Broken(f"{fault}: another answer is kept")

    cache.unlink()
    fault = Fault("", 0)
    project.run(*words, fault=fault)
    return _sweep(context, project, None, attempt, fault.calls_made, 80)


def _short(context, template, ledger, attempt, words, short_size, **options):
    counting = Fault("short", 10**6, **options)
    project = template.copy("writes")
    project.run(*words, fault=counting)
    processes.wait_for_quiet()
    project.remove()
    startup = 0
    cuts = [(at, kept) for at in range(1, counting.calls_made + 2) for kept in (0, 1)]
    fired = 0
    for at, kept in context.sample(cuts, short_size):
        fault = ShortWrite(at, kept or None, **options)
        attempt(template, ledger, fault, startup, f"short-{at}-{kept}")
        fired += fault.has_fired
    return f"{counting.calls_made} writes, {fired} shortened"


class ShortWrite(Fault):
    """Lets half of a write through, or one byte."""

    def __init__(self, at, kept, **options):
        super().__init__("short", at, **options)
        self.kept = kept

    def argv(self, context, report_path):
        words = super().argv(context, report_path)
        return words if self.kept is None else [words[0], "--short-to", self.kept, *words[1:]]


def short_writes_of_learn(context):
    template, ledger = used_project(context)
    return _short(context, template, ledger, _try_learn, LEARN, 40, of="first", follows=False)


def short_writes_of_drain(context):
    template, ledger = used_project(context, waiting=6)
    return _short(context, template, ledger, _try_drain, WORKER, 60)


def failed_sync(context):
    """A flush that fails is a learn that fails; the next learn is not fooled by it."""
    template, ledger = used_project(context)
    for name in ("EIO", "ENOSPC", "EDQUOT"):
        project, promised = template.copy(f"sync-{name}"), Ledger(ledger)
        fault = Fault(name, 1, of="first", follows=False, calls="fdatasync,fsync")
        result = project.learn(promised, fault=fault)
        if not fault.has_fired:
            raise Broken("learn made no flush at all")
        if result.code == 0:
            raise Broken(f"{name} on the flush, and learn said that the text is safe")
        if fault.calls_made != 1:
            raise Broken(f"after {name} the flush was tried again: {fault.calls_made} flushes")
        after = Fault("", 0, of="first", follows=False, calls="fdatasync,fsync")
        project.must_learn(promised, fault=after)
        if after.calls_made != 1:
            raise Broken(f"the learn after a failed flush made {after.calls_made} flushes")
        recover_and_check(project, promised)
    return ""


TESTS = [
    ("errors-of-learn", errors_of_learn),
    ("errors-of-first-learn", errors_of_first_learn),
    ("errors-of-learn-with-worker", errors_of_learn_with_worker),
    ("errors-of-drain", errors_of_drain),
    ("errors-of-sync-learn", errors_of_sync_learn),
    ("errors-of-enhance", errors_of_enhance),
    ("errors-of-enhance-with-cache", errors_of_enhance_with_cache),
    ("short-writes-of-learn", short_writes_of_learn),
    ("short-writes-of-drain", short_writes_of_drain),
    ("failed-sync", failed_sync),
]
