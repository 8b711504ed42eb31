"""The fault tool itself: one that never fires would let every other test pass."""

import processes
from lib import Broken


def _probe(context, mode, *options):
    """Runs the probe under faultrun; gives back exit code, its output, the file it wrote and faultrun's report."""
    data, report = context.work / "data", context.work / "report"
    argv = [context.tools / "faultrun", "--report", report, *options, "--", context.tools / "probe", data, mode]
    result = processes.run(argv, timeout=30)
    fields = dict(line.split("=", 1) for line in report.read_text().splitlines()) if report.exists() else {}
    return result.code, result.out.decode().strip(), data.read_bytes(), fields


def _expect(what, found, wanted):
    if found != wanted:
        raise Broken(f"{what}: {found!r} instead of {wanted!r}")


WHOLE = b"0123456789" + bytes(90) + b"0123456789"


def kills_and_errors(context):
    code, out, data, fields = _probe(context, "plain")
    _expect("untouched", (code, out, data, fields["fired"]), (0, "10 10", WHOLE, "0"))
    code, _, data, fields = _probe(context, "plain", "--do", "kill-before", "--at", "1", "--calls", "write")
    _expect("kill before the write", (code, data, fields["fired_call"]), (137, b"", "write"))
    code, _, data, _ = _probe(context, "plain", "--do", "kill-after", "--at", "1", "--calls", "write")
    _expect("kill after the write", (code, data), (137, b"0123456789"))
    for name, message in (("EIO", "Input/output error"), ("ENOSPC", "No space left on device")):
        code, out, data, _ = _probe(context, "plain", "--do", name, "--at", "1", "--calls", "pwritev")
        _expect(name, (code, out, data), (1, f"pwritev: {message}", b"0123456789"))
    code, _, _, fields = _probe(context, "plain", "--do", "EIO", "--at", "2", "--calls", "fdatasync")
    _expect("a call that is never reached", (code, fields["calls"], fields["fired"]), (0, "1", "0"))
    calls = int(fields["calls"])
    _expect("calls by name", calls, 1)
    return ""


def short_writes(context):
    code, out, data, _ = _probe(context, "plain", "--do", "short", "--at", "1")
    _expect("half a write", (code, out, data[:10]), (2, "5 10", b"01234" + bytes(5)))
    for kept in (1, 3, 4, 5, 9):
        code, out, data, _ = _probe(context, "plain", "--do", "short", "--at", "2", "--short-to", kept)
        _expect(f"a vector cut to {kept}", (code, out, data[100:]), (2, f"10 {kept}", b"0123456789"[:kept]))
    return ""


def whole_trees(context):
    code, out, _, fields = _probe(context, "child")
    _expect("a grandchild is waited for", (code, out, fields["processes"]), (0, "10 10", "3"))
    code, _, data, _ = _probe(context, "child", "--of", "descendants", "--calls", "write", "--do", "kill-before", "--at", "1")
    _expect("kill of a grandchild", (code, data), (0, b""))
    code, _, data, _ = _probe(context, "child", "--of", "first", "--calls", "write", "--do", "kill-before", "--at", "1")
    _expect("the first process writes nothing", (code, data), (0, WHOLE))
    code, _, data, _ = _probe(context, "child", "--calls", "exit_group", "--do", "kill-before", "--at", "1")
    _expect("kill of everybody", (code, data), (137, b""))
    code, _, data, _ = _probe(context, "stop")
    _expect("signals are delivered", (code, data), (0, b"caught"))
    code, _, _, fields = _probe(context, "hang", "--timeout-ms", "200")
    _expect("the time limit", (code, fields["timed_out"]), (124, "1"))
    left = processes.wait_for_quiet(2)
    _expect("nothing is left", left, [])
    return ""


TESTS = [
    ("tool-kills-and-errors", kills_and_errors),
    ("tool-short-writes", short_writes),
    ("tool-whole-trees", whole_trees),
]
