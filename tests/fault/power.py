"""The power goes out under a mixed load: the image of a mounted file system is copied in mid-flight, and the copy must hold every
promise.

The image lies on a file system that can clone a file in one step, so a copy is what the device held at one moment, whatever
went on. What was written but never flushed may be missing in it; torn and reordered writes are for replay.py.
"""

import contextlib
import fcntl
import json
import shutil
import threading
import time

import processes
from lib import Broken, Ledger, Project, Skip
from surroundings import need_root

FICLONE = 0x40049409
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
SIZES_MB = {"ext4": 96, "xfs": 320}
CUTS_A_PROJECT = 20  # then a new one: what is there is checked at each cut


@contextlib.contextmanager
def loop_mounted(image, directory):
    directory.mkdir(exist_ok=True)
    options = "loop,nouuid" if image.suffix == ".xfs" else "loop"
    result = processes.run(["mount", "-o", options, image, directory])
    if result.code != 0:
        raise Skip(f"no loop mounts here: {result}")
    try:
        yield directory
    finally:
        processes.wait_until(lambda: processes.run(["umount", directory]).code == 0, 10, 0.05)


def make_image(path, kind, size_mb):
    need_root()
    if shutil.which(MAKERS[kind][0]) is None:
        raise Skip(f"no {MAKERS[kind][0]}")
    with open(path, "wb") as file:
        file.truncate(size_mb << 20)
    result = processes.run([*MAKERS[kind], path], timeout=60)
    if result.code != 0:
        raise Skip(f"cannot make {kind}: {result}")
    return path


def clone(image, copy):
    """In one step: writers to the image wait for that long."""
    with open(image, "rb") as source, open(copy, "wb") as target:
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError as error:
            raise Skip(f"no clones here: {error}") from None


class Load:
    """Learns, remembers, imports and forgets in a few threads; workers start by themselves and leave at once."""

    def __init__(self, context, project):
        self.context = context
        self.project = project
        self.ledger = Ledger()
        self.forgotten = set()
        self.errors = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        kinds = (self._learn, self._learn, self._other)
        self._threads = [threading.Thread(target=self._repeat, args=(kind,)) for kind in kinds]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, step):
        number = 0
        while not self._stop.is_set() and not self.errors:
            try:
                step(number)
            except Exception as error:  # a thread's exception would be lost
                self.errors.append(f"the load: {error!r}")
            number += 1
            processes.reap_orphans()

    def _say(self, command, count=1, *options, stdin=None, words=()):
        """Texts are refused until they are accepted: so a cut in between knows that they may be there."""
        with self._lock:
            texts = [self.ledger.text() for _ in range(count)]
            self.ledger.refused.update(texts)
            self.ledger.without_task += count - (command == "learn")  # a batch is one task
        result = self.project.run(command, *(words or texts), "--quiet", *options, stdin=stdin and stdin(texts), timeout=60)
        if result.code == 0:
            with self._lock:
                self.ledger.accepted.update(texts)
                self.ledger.refused.difference_update(texts)
        elif result.code != 75:  # busy: rightly refused
            self.errors.append(f"{command}: {result}")
        return texts[0] if result.code == 0 else None

    def _learn(self, number):
        self._say("learn", 1, "--verbatim")

    def _other(self, number):
        def lines(texts):
            return "".join(f'{{"content": "{text}"}}\n' for text in texts).encode()

        if number % 3 == 0:
            self._say("learn", 5, "--verbatim", stdin=lines, words=("--batch", "-"))
        text = self._say("remember")
        if text is not None and number % 2 == 1:
            self._forget(text)

    def _forget(self, text):
        found = self.project.run("recall", text, "--limit", "1", "--format", "json")
        memories = json.loads(found.out)["memories"] if found.code == 0 else []
        if not memories or memories[0]["content"] != text:
            return
        with self._lock:  # from now on it may be there or not
            self.ledger.accepted.discard(text)
            self.ledger.refused.add(text)
        if self.project.run("forget", memories[0]["id"], "--quiet", timeout=60).code == 0:
            with self._lock:
                self.forgotten.add(text)

    def promises(self):
        with self._lock:
            ledger, forgotten = Ledger(self.ledger), set(self.forgotten)
            ledger.refused -= forgotten  # what was forgotten must not come back: it counts as unknown
            return ledger

    def also_begun(self, ledger):
        """Texts that were begun between the promises and the clone."""
        with self._lock:
            ledger.refused |= (self.ledger.refused | self.ledger.accepted) - ledger.accepted - self.forgotten
            ledger.without_task = self.ledger.without_task


def check_cut(context, copy, number, ledger):
    place = context.work / f"after-{number}"
    with loop_mounted(copy, place):
        project = Project(context, place / "project", is_new=False)
        if not project.memory.exists():
            if ledger.accepted:
                raise Broken(f"A: {len(ledger.accepted)} texts were accepted and the directory is not there")
            return
        project.run("worker", "run", "--until-idle", timeout=60)
        project.age_leftovers()
        project.drain(60)
        project.check(ledger)


def outer(context):
    """A folder whose file system clones files in one step."""
    image = make_image(context.work / "outer.xfs", "xfs", 3000)
    return loop_mounted(image, context.work / "outer")


def cuts_of_one_project(context, folder, kind, count, number):
    image = make_image(folder / f"disk{number}.{kind}", kind, SIZES_MB[kind])
    waited = texts = 0
    with loop_mounted(image, context.work / "live"):
        project = Project(context, context.work / "live" / "project", Project.DEFAULT_CONFIG)
        processes.run(["sync", "-f", project.directory])
        taken = []
        with Load(context, project) as load:
            for cut in range(count):
                time.sleep(context.random.uniform(0.0, 0.25))
                ledger = load.promises()
                copy = folder / f"cut{cut}.{kind}"
                clone(image, copy)
                load.also_begun(ledger)
                taken.append((copy, ledger))
                waited += 1
        if load.errors:
            raise Broken(load.errors[0])
        left = processes.wait_for_quiet(20)
        if left:
            raise Broken(f"F: {left}")
        texts = len(load.ledger.accepted)
    for cut, (copy, ledger) in enumerate(taken):
        try:
            check_cut(context, copy, f"{number}-{cut}", ledger)
        except Broken as reason:
            raise Broken(f"power cut {cut} on {kind}, {len(ledger.accepted)} texts promised: {reason}") from None
        copy.unlink()
    image.unlink()
    return texts


def power_cut(kind):
    def run(context):
        cuts = 200 if context.is_full else 12
        texts = 0
        with outer(context):
            for number in range(0, cuts, CUTS_A_PROJECT):
                texts += cuts_of_one_project(context, context.work / "outer", kind, min(CUTS_A_PROJECT, cuts - number), number)
        return f"{cuts} cuts under load, {texts} texts accepted, 0 lost, 0 doubled, 0 corrupt"

    return run


def can_fail(context):
    """Without the flush, by durability=process, the same cuts must lose texts: else this test proves nothing."""
    lost = 0
    config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000, "durability": "process"}}
    with outer(context):
        image = make_image(context.work / "outer" / "disk.ext4", "ext4", SIZES_MB["ext4"])
        with loop_mounted(image, context.work / "live"):
            project, ledger = Project(context, context.work / "live" / "project", config), Ledger()
            processes.run(["sync", "-f", project.directory])
            with project.no_worker_starts():
                project.must_learn(ledger, 12)
            clone(image, context.work / "outer" / "cut.ext4")
        with loop_mounted(context.work / "outer" / "cut.ext4", context.work / "after"):
            after = Project(context, context.work / "after" / "project", is_new=False)
            if after.memory.exists():
                after.drain()
                lost = len(ledger.accepted - set(after.contents()))
            else:
                lost = len(ledger.accepted)
    if lost == 0:
        raise Broken("texts that were never flushed survived a power cut: the test cannot see one")
    return f"{lost} of 12 lost, as they should"


TESTS = [
    ("power-cut-ext4", power_cut("ext4")),
    ("power-cut-xfs", power_cut("xfs")),
    ("power-cut-can-fail", can_fail),
]
