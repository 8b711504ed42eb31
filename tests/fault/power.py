"""The power goes out: the image of a mounted file system is copied in mid-flight, and the copy must hold every promise.

What was written but never flushed is not in the image, so this catches a missing flush or a missing directory sync. It
does not tear or reorder the writes that were flushed together.
"""

import contextlib
import shutil

import processes
from lib import Broken, Ledger, Project, Skip
from surroundings import need_root

MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
SIZES_MB = {"ext4": 64, "xfs": 320}


@contextlib.contextmanager
def loop_mounted(image, directory):
    directory.mkdir(exist_ok=True)
    options = "loop,nouuid" if image.suffix == ".xfs" else "loop"
    result = processes.run(["mount", "-o", options, image, directory])
    if result.code != 0:
        raise Skip(f"no loop mounts here: {result}")
    try:
        yield
    finally:
        processes.end_orphans()
        processes.run(["umount", directory])


def make_image(context, kind):
    need_root()
    if shutil.which(MAKERS[kind][0]) is None:
        raise Skip(f"no {MAKERS[kind][0]}")
    image = context.work / f"disk.{kind}"
    with open(image, "wb") as file:
        file.truncate(SIZES_MB[kind] << 20)
    result = processes.run([*MAKERS[kind], image], timeout=60)
    if result.code != 0:
        raise Skip(f"cannot make {kind}: {result}")
    return image


def recovered(context, image, number, ledger):
    """Counts what of the ledger is there after the power came back; checks all invariants but A."""
    place = context.work / f"after-{number}"
    copy = image.with_name(f"cut-{number}{image.suffix}")
    shutil.copyfile(image, copy)
    with loop_mounted(copy, place):
        project = Project(context, place / "project", is_new=False)
        if not project.memory.exists():
            copy.unlink()
            return 0
        project.drain()
        project.check(ledger, damaged=ledger.accepted)
        there = len(ledger.accepted & set(project.contents()))
    copy.unlink()
    return there


def cut_power(context, kind, durability, drains):
    """Hands over texts on a fresh file system, copies its image at random moments; gives back (accepted, lost) of each cut."""
    image = make_image(context, kind)
    outcomes = []
    with loop_mounted(image, context.work / "live"):
        config = {"async": {"worker_idle_seconds": 0, "max_queue_size": 1000000, "durability": durability}}
        project = Project(context, context.work / "live" / "project", config)
        processes.run(["sync", "-f", project.directory])
        ledger = Ledger()
        for number in range(8 if context.is_full else 3):
            with contextlib.ExitStack() as stack:
                if not drains:
                    stack.enter_context(project.no_worker_starts())
                project.must_learn(ledger, context.random.randint(1, 12))
                if drains and context.random.random() < 0.5:
                    project.drain()
                    project.must_learn(ledger)
                outcomes.append((len(ledger.accepted), recovered(context, image, f"{kind}-{number}", ledger)))
        processes.wait_for_quiet()
    image.unlink()
    return outcomes


def power_cut(kind):
    def run(context):
        total = 0
        for drains in (False, True):
            for accepted, there in cut_power(context, kind, "full", drains):
                if there != accepted:
                    raise Broken(
                        f"A: power cut on {kind}{' in a drain' if drains else ''}: {accepted - there} of {accepted} texts lost"
                    )
                total += 1
        return f"{total} cuts, 0 lost"

    return run


def can_fail(context):
    """Without the flush, by durability=process, the same cuts must lose texts: else this test proves nothing."""
    outcomes = cut_power(context, "ext4", "process", False)
    lost = sum(accepted - there for accepted, there in outcomes)
    if lost == 0:
        raise Broken("texts that were never flushed survived a power cut: the test cannot see one")
    return f"{lost} lost in {len(outcomes)} cuts, as they should"


TESTS = [
    ("power-cut-ext4", power_cut("ext4")),
    ("power-cut-xfs", power_cut("xfs")),
    ("power-cut-can-fail", can_fail),
]
