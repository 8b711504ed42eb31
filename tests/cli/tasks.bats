#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# tasks: list, show, wait, retry, cancel, purge.
load helper

# Texts that wait: no worker can be started.
without_worker() {
    KUZU_MEMORY_PROGRAM=/bin/false "$@"
}

queue_one() {
    without_worker timeout 60 "$PROGRAM" learn "${1:-A waiting text about cats}" --format json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["task_id"])'
}

state_of() {
    km tasks show "$1" --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])'
}

@test "no tasks: empty list, nothing created" {
    run_km tasks
    expect_status 0
    expect_output ""
    run_km tasks list --format json
    [ "$(json 'd["tasks"]')" = "[]" ]
    run_km tasks wait --all --timeout 5
    expect_status 0
    expect_output "No tasks are waiting"
    [ ! -e "$MEMORY" ]
}

@test "a task goes from queued to completed" {
    id=$(queue_one)
    [ "$(state_of "$id")" = queued ]
    run_km tasks list
    expect_status 0
    expect_output_like "^ID +STATE +PRIORITY +ITEMS +CREATED"
    [[ $output == *"$id"*queued* ]]
    run_km tasks --state queued --format json
    [ "$(json '[t["id"] for t in d["tasks"]]')" = "['$id']" ]
    [ "$(json 'sorted(d["tasks"][0])')" = "['attempts', 'crashes', 'created_at', 'error', 'finished_at', 'id', 'items', 'memory_ids', 'priority', 'processing_ms', 'run_at', 'started_at', 'state']" ]
    run_km tasks --state completed --format json
    [ "$(json 'd["tasks"]')" = "[]" ]
    km worker start --quiet
    run_km tasks wait "$id" --timeout 30
    expect_status 0
    [[ $output == *"State:"*completed* ]]
    run_km tasks show "$id" --format json
    [ "$(json 'd["state"], len(d["memory_ids"]), d["error"]')" = "('completed', 1, None)" ]
    run_km show "$(json 'd["memory_ids"][0]')"
    expect_status 0
}

@test "show takes a unique prefix; unknown 3, ambiguous 4, not an id 2" {
    id=$(queue_one)
    run_km tasks show "${id:0:23}" --format json
    [ "$(json 'd["id"]')" = "$id" ]
    queue_one "Another waiting text" >/dev/null
    run_km tasks show 00000000-0000
    expect_status 3
    run_km tasks show "${id:0:2}"
    expect_status 4
    run_km tasks show "no id"
    expect_status 2
}

@test "wait gives up after its time with 75" {
    export KUZU_MEMORY_PROGRAM=/bin/false
    id=$(queue_one)
    run_km tasks wait "$id" --timeout 0.2
    expect_status 75
    run_km tasks wait --all --timeout 0.2
    expect_status 75
    run_km tasks wait --all --timeout 0
    expect_status 75
    run_km tasks wait 00000000-0000 --timeout 0.2
    expect_status 3
}

@test "wait is ended by a signal with 130" {
    export KUZU_MEMORY_PROGRAM=/bin/false
    queue_one >/dev/null
    "$PROGRAM" tasks wait --all >/dev/null 2>message &
    pid=$!
    sleep 0.3
    kill -TERM "$pid"
    wait "$pid" && code=0 || code=$?
    [ "$code" = 130 ]
    grep -q "kuzu-memory: " message
}

@test "wait shows progress when asked" {
    export KUZU_MEMORY_PROGRAM=/bin/false
    queue_one >/dev/null
    run_km tasks wait --all --timeout 1.5 --progress always
    expect_status 75
    [[ $stderr == *"tasks"* ]]
}

@test "a cancelled task is not learnt, and can be put back" {
    id=$(queue_one "Only a cancelled text about hamsters")
    run_km tasks cancel "$id"
    expect_status 0
    expect_output "Cancelled 1 tasks"
    [ "$(state_of "$id")" = cancelled ]
    echo '{"async": {"worker_idle_seconds": 0}}' >idle.json
    km worker run --until-idle --config idle.json
    [ -z "$(contents)" ]
    run_km tasks wait "$id" --timeout 5
    expect_status 4
    run_km tasks cancel "$id"
    expect_status 4
    run_km tasks retry "$id" --format json
    expect_status 0
    [ "$(json 'd["retried"]')" = 1 ]
    drain
    [ "$(contents)" = "Only a cancelled text about hamsters" ]
    run_km tasks retry "$id"
    expect_status 4
    run_km tasks cancel "$id"
    expect_status 4
}

@test "retry --all without a failed task puts back none" {
    km learn "A fine text about cats" --quiet
    drain
    run_km tasks retry --all
    expect_status 0
    expect_output "Put back 0 tasks"
}

@test "purge drops finished records and keeps counters and memories" {
    km learn "The invoices are printed on blue paper" --quiet
    drain
    run_km tasks --format json
    [ "$(json 'len(d["tasks"])')" = 1 ]
    run_km tasks purge
    expect_status 0
    expect_output "Purged 1 tasks"
    run_km tasks --format json
    [ "$(json 'd["tasks"]')" = "[]" ]
    [[ $(km stats) == *"Tasks completed: 1"* ]]
    [ "$(count_memories)" = 1 ]
}

@test "purge leaves waiting tasks alone" {
    id=$(queue_one)
    km tasks purge --quiet
    [ "$(state_of "$id")" = queued ]
}

@test "--limit and --quiet" {
    for i in 1 2 3; do queue_one "Waiting text number $i" >/dev/null; done
    run_km tasks --limit 2 --format json
    [ "$(json 'len(d["tasks"])')" = 2 ]
    run_km tasks cancel "$(json 'd["tasks"][0]["id"]')" --quiet
    expect_status 0
    expect_output ""
}

@test "priorities are learnt in their order" {
    without_worker "$PROGRAM" learn "Text of the last priority" --priority 9 --quiet
    without_worker "$PROGRAM" learn "Text of the usual priority" --quiet
    without_worker "$PROGRAM" learn "Text of the first priority" --priority 0 --quiet
    km worker start --quiet
    drain
    [ "$(contents)" = "Text of the last priority
Text of the usual priority
Text of the first priority" ]
}

@test "on a terminal a list fits, and its short ids are taken by every command" {
    for i in 1 2 3; do km learn "A text number $i" --quiet; done
    drain
    for columns in 60 80 200; do
        on_terminal "$columns" "$PROGRAM" tasks list
        expect_status 0
        plain=$(sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$output")
        [ "$(awk '{ if (length($0) > most) most = length($0) } END { print most }' <<<"$plain")" -le "$columns" ] ||
            fail "too wide for $columns"
    done
    on_terminal 60 "$PROGRAM" tasks list
    for id in $(sed 1d <<<"$output" | awk '{ print $1 }'); do
        run_km tasks show "$id"
        expect_status 0
        expect_output_like $'Failed runs: 0\n'
    done
}

@test "show tells every change of state with its time" {
    id=$(queue_one)
    run_km tasks show "$id" --format json
    [ "$(json '[c["state"] for c in d["changes"]]')" = "['queued']" ]
    km tasks cancel "$id" --quiet
    km tasks retry "$id" --quiet
    drain
    run_km tasks wait "$id" --format json
    [ "$(json '[c["state"] for c in d["changes"]]')" = "['queued', 'cancelled', 'queued', 'processing', 'completed']" ]
    [ "$(json 'sorted(c["at"] for c in d["changes"]) == [c["at"] for c in d["changes"]]')" = True ]
    [ "$(json '(d["changes"][0]["at"], d["changes"][3]["at"]) == (d["created_at"], d["started_at"])')" = True ]
    [ "$(json 'len(d["memory_ids"])')" = 1 ]
    run_km tasks show "$id"
    [[ $output == *"Changes:     "*" queued
             "*" cancelled
             "*" queued
             "*" processing
             "*" completed" ]]
}

@test "wait sleeps: a handful of system calls a second, and it wakes on the change" {
    # No worker can work: it is being started for ever, as far as anybody can see.
    id=$(queue_one)
    exec 9<>"$MEMORY/queue/lock"
    python3 -c '
import fcntl, struct
fcntl.fcntl(9, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))' # the starter'"'"'s byte
    # The leak sanitizer cannot work in a program that is traced.
    ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -o calls "$PROGRAM" tasks wait "$id" --timeout 30 >waited 3>&- 9>&- &
    pid=$!
    for ((i = 0; i < 500; i++)); do
        grep -qs FUTEX_WAIT calls && break
        sleep 0.02
    done
    before=$(wc -l <calls)
    sleep 3
    during=$(($(wc -l <calls) - before))
    [ "$during" -gt 0 ] && [ "$during" -le 90 ] || fail "$during system calls in three seconds"
    exec 9>&-
    km worker start --quiet
    wait "$pid"
    grep -q "completed" waited
}
