"""Starting, watching and ending processes, so that none escapes the tests.

The driver is a subreaper: a worker that detached itself becomes our child when its parent ends, so every process a test
leaves behind is found. Only processes found that way are ever killed, by their number.
"""

import ctypes
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36

_lock = threading.Lock()
_known = set()  # children that somebody waits for


def become_subreaper():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


class Result:
    """What a finished command gave back."""

    def __init__(self, code, out, err, took_ms, is_timed_out):
        self.code = code  # negative: the signal that ended it
        self.out = out
        self.err = err
        self.took_ms = took_ms
        self.is_timed_out = is_timed_out

    def __str__(self):
        text = self.err.decode("utf-8", "replace").strip() or "nothing on stderr"
        end = "timed out" if self.is_timed_out else f"exit {self.code}"
        return f"{end}, {text[:300]}"


def start(argv, **options):
    """Popen that the orphan reaper knows about."""
    with _lock:
        process = subprocess.Popen([str(part) for part in argv], **options)
        _known.add(process.pid)
    return process


def finished(process):
    """To be called after the process was waited for."""
    with _lock:
        _known.discard(process.pid)


def run(argv, timeout=20, stdin=None, **options):
    """Runs a command to its end and to the end of its output; kills it when `timeout` seconds are over."""
    begin = time.monotonic()
    process = start(
        argv,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )
    is_timed_out = False
    try:
        out, err = process.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        is_timed_out = True
        process.kill()
        try:
            out, err = process.communicate(timeout=2)
        except subprocess.TimeoutExpired:  # somebody else holds the pipe
            process.stdout.close()
            process.stderr.close()
            process.wait()
            out, err = b"", b"its output was held open by another process"
    finished(process)
    return Result(process.returncode, out, err, (time.monotonic() - begin) * 1000, is_timed_out)


def _children(pid):
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            found += Path(f"/proc/{pid}/task/{task}/children").read_text().split()
    except OSError:
        pass
    return [int(child) for child in found]


def descendants(pid=None):
    """All living and dead processes below `pid` (ourselves)."""
    found = []
    waiting = _children(pid or os.getpid())
    while waiting:
        child = waiting.pop()
        found.append(child)
        waiting += _children(child)
    return found


def state(pid):
    """One letter as in /proc: R, S, T, Z, ..., or "" when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (OSError, IndexError):
        return ""


def arguments(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def is_worker(pid):
    words = arguments(pid)
    return "worker" in words and "run" in words and "faultrun" not in words[0] and state(pid) not in ("Z", "X", "")


def workers():
    """Background workers: orphans of ours, or still below the command that starts them."""
    return [pid for pid in descendants() if is_worker(pid)]


def peak_memory_kb(pid):
    """VmHWM, 0 when the process is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def reap_orphans():
    """Takes the ends of children that nobody waits for; returns those that still live."""
    alive = []
    with _lock:
        for pid in _children(os.getpid()):
            if pid in _known:
                continue
            try:
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    alive.append(pid)
            except ChildProcessError:
                pass
    return alive


def wait_until(condition, limit_s, pause_s=0.002):
    """True as soon as condition() is; False when the limit is over."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause_s)
    return True


def wait_for_quiet(limit_s=10):
    """Waits until nothing started by a finished command is left; returns descriptions of what is."""
    if wait_until(lambda: not reap_orphans(), limit_s):
        return []
    return [f"{pid} ({state(pid)}): {' '.join(arguments(pid))}" for pid in reap_orphans()]


def end_orphans():
    """Kills what a failed test left behind, so that the next test starts clean."""
    for _ in range(100):
        alive = reap_orphans()
        if not alive:
            return
        for pid in alive:
            try:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
