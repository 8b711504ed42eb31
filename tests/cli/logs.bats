#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# logs: what the worker notes, by level, as it is kept and as it comes; and what is never in it.
load helper

@test "no log yet: nothing, and nothing created" {
    run_km logs
    expect_status 0
    expect_output ""
    [ ! -e "$MEMORY" ]
}

@test "logs prints lines for people, or as they are kept" {
    km learn "Fact about the warehouse" --quiet
    drain
    km worker stop --quiet
    run_km logs
    expect_status 0
    [ "${#lines[@]}" = 2 ]
    [[ ${lines[0]} =~ ^20[0-9-]+T[0-9:.]+Z\ info\ worker_started\ version=[0-9.]+$ ]] || fail "${lines[0]}"
    run_km logs --format json
    [ "$output" = "$(cat "$MEMORY/worker.log")" ]
    [ -z "$(km logs --level warning)" ]
    [ -z "$(km logs --limit 0)" ]
    [[ $(km logs -n 1) == *worker_stopped ]]
    run_km logs --level loud
    expect_status 2
}

@test "the older file comes first, and lines that are none are passed over" {
    mkdir -m 700 "$MEMORY"
    line() { printf '{"time":"2026-01-0%dT00:00:00.000000Z","level":"%s","pid":7,"event":"event_%d","reason":"two words"}\n' "$1" "$2" "$1"; }
    { line 1 info; line 2 error; } >"$MEMORY/worker.log.1"
    { echo 'no json'; line 3 debug; echo '{"event":"no level"}'; echo '[]'; line 4 warning; printf '{"time":"2026-01-05T00'; } >"$MEMORY/worker.log"
    chmod 600 "$MEMORY"/worker.log*
    [ "$(km logs | cut -d ' ' -f 3 | tr '\n' ' ')" = "event_1 event_2 event_3 event_4 " ]
    [ "$(km logs --level warning | cut -d ' ' -f 3 | tr '\n' ' ')" = "event_2 event_4 " ]
    [ "$(km logs --level warning -n 1)" = '2026-01-04T00:00:00.000000Z warning event_4 reason="two words"' ]
}

@test "logs -f goes on with what comes, across a new file, until it is interrupted" {
    km learn "Fact about the warehouse" --quiet
    drain
    km worker stop --quiet
    "$PROGRAM" logs -f >followed 3>&- &
    pid=$!
    wait_for() {
        local i
        for ((i = 0; i < 500; i++)); do
            grep -q "$1" followed && return
            sleep 0.02
        done
        fail "never came: $1"
    }
    wait_for worker_stopped
    printf '{"time":"2026-01-01T00:00:00.000000Z","level":"info","pid":7,"event":"came_later"}\n' >>"$MEMORY/worker.log"
    wait_for came_later
    mv "$MEMORY/worker.log" "$MEMORY/worker.log.1"
    printf '{"time":"2026-01-01T00:00:00.000000Z","level":"info","pid":7,"event":"in_a_new_file"}\n' >"$MEMORY/worker.log"
    chmod 600 "$MEMORY/worker.log"
    wait_for in_a_new_file
    kill -INT "$pid"
    wait "$pid" && code=0 || code=$?
    [ "$code" = 130 ]
    [ "$(grep -c worker_started followed)" = 1 ]
}

@test "KUZU_MEMORY_DEBUG=1 and --debug make the worker note more" {
    km learn "Fact about the warehouse" --quiet
    drain
    km worker stop --quiet
    [ -z "$(km logs --format json | grep '"debug"')" ]
    KUZU_MEMORY_DEBUG=1 km learn "Another fact about the warehouse" --quiet 2>/dev/null
    drain
    km worker stop --quiet
    [[ $(km logs --format json | grep -c '"batch_committed"') = 1 ]]
    km --debug worker start 2>/dev/null
    km learn "A third fact about the warehouse" --quiet
    drain
    [[ $(km logs | grep -c 'debug batch_committed completed=1 failed=0 retrying=0 ') = 2 ]]
}

@test "--debug tells of any command what it used and how it ended" {
    km learn "Fact about the warehouse" --quiet
    for command in "stats" "tasks list" "recent" "alerts" "metrics" "config show" "show 00000000-0000"; do
        # shellcheck disable=SC2086 # words
        run_km --debug $command
        [[ $stderr == *"DEBUG: Project $PLACE/project"* ]] || fail "$command: $stderr"
        [[ $stderr == *"ended with exit code $status after "* ]] || fail "$command: $stderr"
        # shellcheck disable=SC2086 # words
        run_km $command
        [[ $stderr != *"DEBUG"* ]] || fail "$command: $stderr"
    done
}
