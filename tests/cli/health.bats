#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# status and doctor: what they print, their exit codes, and watching. The conditions themselves: tests/fault/health.py.
load helper

codes() {
    json '" ".join(sorted(f["code"] for f in d["findings"]))'
}

@test "without a memory: healthy, nothing created" {
    run_km status
    expect_status 0
    expect_output "Healthy: 0 memories, 0 tasks waiting, worker stopped"
    run_km doctor
    expect_status 0
    [ ! -e "$MEMORY" ]
}

@test "a finding is one line: level, code, what, since when, why, and a command" {
    km remember "The warehouse is blue" --quiet
    chmod 644 "$MEMORY/memories.db"
    run_km status
    expect_status 1
    expect_output_like '^Degraded: 1 memories, 0 tasks waiting, worker '
    [[ ${lines[1]} =~ ^degraded\ files\.open:\ \"memories\.db\"\ can\ be\ read.*,\ since\ 20.*Z.*\;\ memories\ are\ private\;\ run:\ kuzu-memory\ doctor\ --fix$ ]] ||
        fail "not the expected line"
    [ "${#lines[@]}" -eq 2 ]
    run_km status --quiet
    expect_status 1
    expect_output ""
}

@test "json: stable keys and codes" {
    km remember "The warehouse is blue" --quiet
    echo '{"recall":{"max_memory":3}}' >"$MEMORY/config.json"
    run_km status --format json
    expect_status 1
    [ "$(json 'sorted(d)')" = "['checked_at', 'database_bytes', 'disk_free_bytes', 'elapsed_ms', 'failed_tasks', 'findings', 'free_bytes', 'log_bytes', 'memories', 'oldest_waiting_seconds', 'quarantined_bytes', 'queue_limit', 'queue_size', 'schema_version', 'status', 'worker']" ]
    [ "$(json 'd["schema_version"]')" = "$(km stats --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["schema_version"])')" ]
    [ "$(json 'd["status"]')" = degraded ]
    [ "$(codes)" = config.warning ]
    [ "$(json 'sorted(d["findings"][0])')" = "['code', 'fixed', 'level', 'remedy', 'repair', 'since', 'what', 'why']" ]
    [ "$(json 'd["findings"][0]["level"]')" = degraded ]
    [ "$(json 'd["findings"][0]["remedy"]')" = "\"\${EDITOR:-vi}\" $MEMORY/config.json" ]
}

@test "a broken configuration is a finding, not an error" {
    km remember "The warehouse is blue" --quiet
    echo '{' >"$MEMORY/config.json"
    run_km status --format json
    expect_status 2
    [ "$(codes)" = config.invalid ]
    [ "$stderr" = "" ]
}

@test "no text of a memory is ever in a finding" {
    km learn "The codeword is xylophone" --sync --quiet
    chmod 644 "$MEMORY/memories.db"
    python3 - "$MEMORY/memories.db" <<'PY'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("UPDATE counters SET value=9 WHERE name='memories'")
c.execute("INSERT INTO mentions(memory,entity,position) VALUES(77,88,0)")
c.commit()
PY
    run_km doctor
    expect_status 1
    [[ $output == *counters.wrong* && $output == *graph.dangling* ]]
    [[ $output != *xylophone* && $output != *codeword* ]]
}

@test "status and doctor write nothing" {
    km remember "The warehouse is blue" --quiet
    km worker stop --quiet || true
    chmod 644 "$MEMORY/memories.db"
    before=$(cd "$MEMORY" && find . -type f ! -name '*-shm' -exec sha256sum {} + | sort)
    km status >/dev/null || true
    run_km doctor
    expect_status 1
    [[ $output == *"--fix would: take all permissions of others away"* ]]
    [[ $output == *"Nothing was changed; run: kuzu-memory doctor --fix" ]]
    [ "$before" = "$(cd "$MEMORY" && find . -type f ! -name '*-shm' -exec sha256sum {} + | sort)" ] || fail "files changed"
    [ "$(stat -c %a "$MEMORY/memories.db")" = 644 ]
}

@test "doctor --fix mends, says what it did, and exits by what is left" {
    km remember "The warehouse is blue" --quiet
    chmod 644 "$MEMORY/memories.db"
    run_km doctor --fix
    expect_status 0
    expect_output_like 'mended files\.open: .*; done: take all permissions of others away'
    [ "$(stat -c %a "$MEMORY/memories.db")" = 600 ]
    run_km doctor
    expect_status 0
    [[ $output == *"Everything was checked, nothing was found" ]]
    echo '{' >"$MEMORY/config.json"
    chmod 644 "$MEMORY/memories.db"
    run_km doctor --fix --format json
    expect_status 2
    [ "$(json '[(f["code"], f["fixed"]) for f in d["findings"]]')" = "[('config.invalid', False), ('files.open', True)]" ]
}

@test "doctor --progress json tells its steps on standard error" {
    km remember "The warehouse is blue" --quiet
    run_km doctor --progress json
    expect_status 0
    [[ $stderr == *'"progress":"checks"'* ]]
    run_km doctor
    [ "$stderr" = "" ]
}

@test "status --watch in a pipe prints plain lines until it is interrupted" {
    km remember "The warehouse is blue" --quiet
    # --foreground: one signal, not a second one to the whole group, which would end the helper of LeakSanitizer at our end.
    run --separate-stderr timeout --foreground -s INT 1.2 "$PROGRAM" status --watch=0.3
    [ "$status" -eq 124 ] # of timeout
    [ "${#lines[@]}" -ge 3 ] || fail "too few looks"
    for line in "${lines[@]}"; do
        [[ $line =~ ^20[0-9-]+T[0-9:]+Z\ Healthy:\ 1\ memories ]] || fail "not a plain line: $line"
    done
    [ "$stderr" = "" ]
    run --separate-stderr timeout --foreground -s INT 1.2 "$PROGRAM" status --watch=0.3 --format json
    [ "$(head -1 <<<"$output" | python3 -c 'import json, sys; print(json.load(sys.stdin)["status"])')" = healthy ]
}

@test "status --watch on a terminal draws on the other screen and puts everything back on Ctrl-C" {
    km remember "The warehouse is blue" --quiet
    run timeout -k 5 20 python3 - "$PROGRAM" <<'PY'
import fcntl, os, pty, select, signal, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "status", "--watch=0.2"])
def size(rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
def read(seconds):
    shown, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.05)[0]:
            try:
                shown += os.read(fd, 65536)
            except OSError:
                break
    return shown
size(24, 80)
os.chmod(os.environ["KUZU_MEMORY_PROJECT"] + "/kuzu-memories/memories.db", 0o644)
first = read(1.0)
assert first.startswith(b"\x1b[?1049h\x1b[?25l\x1b[?7l"), first[:40]
assert b"\x1b[H" in first and b"files.open" in first, first
size(3, 40)
frames = read(0.8).split(b"\x1b[H")
lines = frames[-2].split(b"\r\n")
assert len(lines) <= 3, lines
import re
assert all(line.startswith(b"\x1b[K") for line in lines), lines
plain = [re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", line) for line in lines]
assert max(map(len, plain)) <= 40, plain
os.write(fd, b"\x03")
last = read(1.0)
assert b"\x1b[?7h\x1b[?25h\x1b[?1049l" in last, last
assert b"Degraded" in last.split(b"\x1b[?1049l")[1], last
_, status = os.waitpid(pid, 0)
assert os.waitstatus_to_exitcode(status) == 130, status
PY
    expect_status 0
}

@test "on a terminal a finding is broken between words, and coloured unless that is unwanted" {
    km remember "The warehouse is blue" --quiet
    chmod 644 "$MEMORY/memories.db"
    for columns in 60 80 200; do
        on_terminal "$columns" "$PROGRAM" status
        expect_status 1
        [[ $output == *$'\033[33mdegraded\033[0m files.open'* ]] || fail "no colour at $columns"
        plain=$(sed 's/\x1b\[[0-9;]*m//g' <<<"$output")
        [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' <<<"$plain")" -le "$columns" ] ||
            fail "too wide for $columns"
        [[ $plain == *$'\n    run: kuzu-memory doctor --fix'* ]] || fail "the command has no line of its own at $columns"
    done
    NO_COLOR=1 on_terminal 80 "$PROGRAM" status
    [[ $output != *$'\033'* ]]
}

@test "a remedy is safe to paste, whatever the project is called" {
    export KUZU_MEMORY_PROJECT="$PLACE/a 'strange' \$(touch $PLACE/pasted) project"
    mkdir -p "$KUZU_MEMORY_PROJECT"
    km remember "The warehouse is blue" --quiet
    mkdir -m 700 "$KUZU_MEMORY_PROJECT/kuzu-memories/aside" "$KUZU_MEMORY_PROJECT/kuzu-memories/aside/x"
    run_km status --format json
    [ "$(codes)" = files.set_aside ]
    sh -c "$(json 'd["findings"][0]["remedy"]')"
    [ ! -e "$PLACE/pasted" ]
    run_km status --format json
    [ "$(codes)" = "" ]
}

@test "status notes alerts, as stats does" {
    export KUZU_MEMORY_PROGRAM=/bin/false KUZU_MEMORY_ASYNC_QUEUE_SIZE=4
    for i in 1 2 3 4; do km learn "A waiting text number $i" --quiet; done
    run_km status --format json
    expect_status 2
    export KUZU_MEMORY_ASYNC_QUEUE_SIZE=100 # it is over, and only status has seen it
    run_km alerts
    [[ ${lines[0]} == *"(over)" ]] || fail "status noted no alert"
}

@test "removed secrets are told until they are acknowledged" {
    km learn "The deploy key is AKIAIOSFODNN7EXAMPLF for the bucket" --sync --quiet
    run_km status --format json
    [ "$(codes)" = secrets.redacted ]
    run_km alerts ack secrets
    expect_output "Acknowledged 1 alerts"
    run_km status --format json
    [ "$(codes)" = "" ]
    run_km alerts ack secrets
    expect_output "Acknowledged 0 alerts"
}

@test "bad usage" {
    run_km status extra
    expect_status 2
    run_km status --watch=0
    expect_status 2
    run_km doctor --fix=yes
    expect_status 2
}
