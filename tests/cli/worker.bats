#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# worker: run, start, stop, status; on-demand start, idle end, signals.
load helper

user_config() {
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    echo "$1" >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
}

worker_state() {
    km worker status --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])'
}

worker_pid() {
    km worker status --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'
}

# Living processes that work on this test's project.
count_workers() {
    local file count=0
    for file in /proc/[0-9]*/cmdline; do
        if tr '\0' ' ' <"$file" 2>/dev/null | grep -qF -- "--project $PLACE/project worker run"; then count=$((count + 1)); fi
    done
    echo "$count"
}

has_pid() {
    [ "$(worker_pid)" -gt 0 ]
}

is_running() {
    [ "$(worker_state)" != stopped ]
}

# until_true SECONDS COMMAND...
until_true() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

# No such process, or one that only waits for its parent to notice.
is_gone() {
    [ ! -d "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null || [ ! -d "/proc/$1" ]
}

is_stopped() {
    [ "$(worker_state)" = stopped ]
}

@test "no worker: stopped; status creates nothing; stop says there is none" {
    run_km worker status
    expect_status 0
    expect_output "Worker: stopped"
    run_km worker
    expect_output "Worker: stopped"
    run_km worker stop
    expect_status 3
    expect_message "worker"
    [ ! -e "$MEMORY" ]
}

@test "start, start again, status, stop" {
    km init --quiet
    run_km worker start --format json
    expect_status 0
    [ "$(json 'd["started"]')" = True ]
    until_true 10 is_running
    run_km worker start
    expect_status 0
    expect_output "A worker runs already"
    pid=$(worker_pid)
    [ -d "/proc/$pid" ]
    run_km worker stop
    expect_status 0
    expect_output "Worker stopped"
    is_stopped
    until_true 5 is_gone "$pid"
}

@test "the worker's name is the program's" {
    km init --quiet
    km worker start --quiet
    until_true 10 has_pid
    [ "$(cat "/proc/$(worker_pid)/comm")" = kuzu-memory ]
}

@test "learn starts a worker that ends when idle and leaves nothing behind" {
    user_config '{"async": {"worker_idle_seconds": 0.3}}'
    km learn "A text that starts a worker" --quiet
    drain
    until_true 10 is_stopped
    [ "$(contents)" = "A text that starts a worker" ]
    [ -z "$(find "$MEMORY/queue" -name 'seg*' -size +0)" ] || fail "$(ls -l "$MEMORY/queue")"
    [ "$(ls "$PLACE/tmp")" = "" ]
}

@test "run --until-idle works off the queue in the foreground" {
    user_config '{"async": {"worker_idle_seconds": 0}}'
    KUZU_MEMORY_PROGRAM=/bin/false km learn "Text for the foreground" --quiet
    run_km worker run --until-idle
    expect_status 0
    expect_output ""
    [ "$(contents)" = "Text for the foreground" ]
}

@test "run works until SIGTERM, SIGINT or SIGHUP, and ends with 0" {
    km init --quiet
    for signal in TERM INT HUP; do
        "$PROGRAM" worker run &
        pid=$!
        until_true 10 is_running
        KUZU_MEMORY_PROGRAM=/bin/false km learn "Text before SIG$signal" --quiet
        drain
        kill -"$signal" "$pid"
        wait "$pid"
        is_stopped
    done
    [ "$(count_memories)" = 3 ]
}

@test "a second worker is refused with 4" {
    km init --quiet
    "$PROGRAM" worker run &
    pid=$!
    until_true 10 is_running
    run_km worker run
    expect_status 4
    expect_message "worker"
    kill -TERM "$pid"
    wait "$pid"
}

@test "50 learns at once start at most one worker, and none is lost" {
    seq 50 | xargs -P 50 -I N timeout 60 "$PROGRAM" learn "Parallel text number N about cats" --verbatim --quiet
    [ "$(count_workers)" -le 1 ]
    drain
    [ "$(count_memories)" = 50 ]
}

@test "a killed worker loses nothing" {
    for i in $(seq 20); do
        km learn "Text $i survives a killed worker" --verbatim --quiet
        pid=$(worker_pid)
        [ "$pid" -gt 0 ] && kill -KILL "$pid" 2>/dev/null || true
    done
    km worker start --quiet
    drain
    [ "$(count_memories)" = 20 ]
}

@test "a stopped worker is killed with --force only" {
    km init --quiet
    km worker start --quiet
    until_true 10 has_pid
    pid=$(worker_pid)
    kill -STOP "$pid"
    run_km worker stop --timeout 0.3
    expect_status 75
    run_km worker stop --force --timeout 0.3
    expect_status 0
    until_true 5 is_gone "$pid"
    is_stopped
}
