"""forget erases: afterwards the words stand in no file of the project nor of the user's home, whatever happened before or meanwhile.

Words are random, and what is looked for is also their tails: the index stores words without what they share with their
neighbours. Backups, exports and aside/ are the user's own copies and are not made here.
"""

import json
import sqlite3

import processes
from lib import Broken, Fault

LETTERS = "bcdfghjklmnpqrvwxz"


class Words:
    """Texts with random words, and the search for them in the raw bytes."""

    def __init__(self, context, project):
        self.random = context.random
        self.project = project
        self.gone = []

    def word(self):
        return "".join(self.random.choice(LETTERS) for _ in range(14))

    def sentence(self):
        words = [self.word() for _ in range(3)]
        return words, f"We decided that the {words[0]} service talks to {words[1]} through the {words[2]} gateway."

    def places(self, words):
        """Files that hold one of the words, or its tail."""
        found = []
        needles = [part.encode() for word in words for part in (word, word[-9:])]
        roots = [self.project.memory, self.project.directory.parent / "no-configuration"]
        for path in (path for root in roots for path in root.rglob("*") if path.is_file()):
            try:
                content = path.read_bytes().lower()
            except FileNotFoundError:
                continue
            found += [f"{path.relative_to(self.project.directory.parent)} ({needle.decode()})" for needle in needles if needle in content]
        return found

    def must_be_there(self, words):
        if not self.places(words):
            raise Broken("the words are nowhere even before: the search finds nothing")

    def must_be_gone(self, words, what):
        found = self.places(words)
        if found:
            raise Broken(f"{what}: still in {', '.join(sorted(set(found))[:6])}")


def _learn(project, text, *options):
    result = project.run("learn", text, *options)
    if result.code != 0:
        raise Broken(f"learn: {result}")


def _ids(project, *words):
    """Ids of the memories that hold any of the words."""
    result = project.run("export")
    lines = [json.loads(line) for line in result.out.splitlines()]
    return [line["id"] for line in lines if line["record"] == "memory" and any(word in line["content"] for word in words)]


def _forget(project, ids, **options):
    return project.run("forget", *ids, timeout=40, **options)


def _must_forget(project, ids):
    result = _forget(project, ids)
    if result.code != 0:
        raise Broken(f"forget: {result}")


def _fill(project, words, count):
    for _ in range(count):
        _learn(project, words.sentence()[1], "--sync", "--quiet", "--session", "s")


def erased(context):
    """Plain, edited, superseded, strengthened, many at once, with neighbours in the same session, recalled and enhanced."""
    project = context.project()
    words = Words(context, project)
    _fill(project, words, 30)
    rounds = 12 if context.is_full else 4
    for _ in range(rounds):
        first, text = words.sentence()
        second, other = words.sentence()
        _learn(project, text, "--sync", "--quiet", "--session", "s", "--source", "chat", "--metadata", json.dumps({"w": first[0]}))
        _learn(project, text, "--sync", "--quiet")  # strengthened
        words.must_be_there(first)
        project.run("recall", first[0], first[1])
        project.run("enhance", f"What about the {first[0]} service and {first[1]}?")
        ids = _ids(project, *first)
        edited = project.run("edit", ids[0], other)
        if edited.code != 0:
            raise Broken(f"edit: {edited}")
        project.run("recall", second[2])
        _must_forget(project, _ids(project, *first, *second))
        words.must_be_gone(first + second, "after an edit")
        # A correction supersedes; both are forgotten.
        port = words.word()
        _learn(project, f"The {port} API listens on port 8080.", "--sync", "--quiet")
        _learn(project, f"The {port} API listens on port 9090.", "--sync", "--quiet")
        _must_forget(project, _ids(project, port))
        words.must_be_gone([port], "after a correction")
        # Many at once, learnt by the worker in one batch.
        batch = [words.sentence() for _ in range(20)]
        lines = "\n".join(json.dumps({"content": text, "session": "s"}) for _, text in batch)
        result = project.run("learn", "--batch", "-", stdin=lines.encode())
        if result.code != 0:
            raise Broken(f"learn --batch: {result}")
        project.drain()
        all_words = [word for some, _ in batch for word in some]
        words.must_be_there(all_words)
        _must_forget(project, _ids(project, *all_words))
        words.must_be_gone(all_words, "after a batch")
    return f"{rounds} rounds"


def waiting(context):
    """Texts that still wait in the queue, or are kept with a task, hold the same words."""
    project = context.project()
    words = Words(context, project)
    _fill(project, words, 5)
    for _ in range(6 if context.is_full else 2):
        some, text = words.sentence()
        _learn(project, text, "--sync", "--quiet")
        with project.no_worker_starts():
            _learn(project, text + " Indeed.", "--quiet")
            _learn(project, f"The {some[0]} team is small.", "--quiet")
        result = _forget(project, _ids(project, some[0]))
        if result.code != 0:
            raise Broken(f"forget with waiting texts: {result}")
        project.drain()
        rest = _ids(project, *some)
        if rest:
            _must_forget(project, rest)
        words.must_be_gone(some, "after texts that waited")


def killed(context):
    """Killed at any moment: who forgets again, or finds it forgotten, has the words erased."""
    template = context.project()
    words = Words(context, template)
    _fill(template, words, 10)
    some, text = words.sentence()
    _learn(template, text, "--sync", "--quiet", "--session", "s")
    project = template.copy("count")
    fault = Fault(None, 0)
    _forget(project, _ids(project, *some), fault=fault)
    total = fault.calls_made
    if total < 50:
        raise Broken(f"only {total} system calls were counted")
    points = context.sample(range(1, total + 1), 25)
    for at in points:
        project = template.copy(f"k{at}")
        words.project = project
        ids = _ids(project, *some)
        fault = Fault("kill-before", at)
        _forget(project, ids, fault=fault)
        left = _ids(project, *some)
        if left:
            _must_forget(project, left)
        else:
            project.drain()  # who was killed after it was hidden leaves the rest to the next worker
        words.must_be_gone(some, f"killed at call {at} of {total}")
        project.remove()
    return f"{len(points)} of {total} system calls"


def reader(context):
    """An open reader keeps the log; the worker that comes after him empties it."""
    project = context.project()
    words = Words(context, project)
    _fill(project, words, 5)
    some, text = words.sentence()
    _learn(project, text, "--sync", "--quiet")
    ids = _ids(project, *some)
    database = sqlite3.connect(f"file:{project.memory}/memories.db?mode=ro", uri=True)
    database.execute("BEGIN")
    database.execute("SELECT count(*) FROM memories").fetchone()
    result = _forget(project, ids)
    if result.code != 75:  # erased for everybody but the log
        raise Broken(f"forget beside a reader: {result}")
    database.close()

    def is_gone():
        project.drain()
        return not words.places(some)

    if not processes.wait_until(is_gone, 20, 0.2):
        words.must_be_gone(some, "after the reader had left")


TESTS = (
    ("forget-erases", erased),
    ("forget-waiting", waiting),
    ("forget-killed", killed),
    ("forget-reader", reader),
)
