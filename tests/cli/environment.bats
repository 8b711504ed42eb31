#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# Environment variables, with right and wrong values.
load helper

@test "KUZU_MEMORY_ASYNC_WORKERS, _QUEUE_SIZE and _TIMEOUT override the configuration" {
    export KUZU_MEMORY_ASYNC_WORKERS=4 KUZU_MEMORY_ASYNC_QUEUE_SIZE=200 KUZU_MEMORY_ASYNC_TIMEOUT=60
    [ "$(km config get async.max_workers)" = 4 ]
    [ "$(km config get async.max_queue_size)" = 200 ]
    [ "$(km config get async.worker_timeout_seconds)" = 60 ]
    run_km learn "Learnt with the environment of the guide" --quiet
    expect_status 0
    drain
    [ "$(count_memories)" = 1 ]
}

@test "wrong values are an error that names the variable; learn exits with 2 and stores nothing" {
    while read -r name value; do
        value=${value//EMPTY/ }
        export "$name=$value"
        run_km learn "A text that must not be stored" --sync
        [ "$status" -eq 2 ] || fail "$name=$value"
        expect_message "$name"
        run_km config check
        expect_status 2
        run_km enhance "How do I deploy this?" --format plain
        expect_status 0
        expect_output "How do I deploy this?"
        expect_message "$name"
        unset "$name"
    done <<'CASES'
KUZU_MEMORY_ASYNC_WORKERS 0
KUZU_MEMORY_ASYNC_WORKERS 65
KUZU_MEMORY_ASYNC_WORKERS -1
KUZU_MEMORY_ASYNC_WORKERS four
KUZU_MEMORY_ASYNC_WORKERS 2.5
KUZU_MEMORY_ASYNC_WORKERS EMPTY
KUZU_MEMORY_ASYNC_QUEUE_SIZE 0
KUZU_MEMORY_ASYNC_QUEUE_SIZE 1000001
KUZU_MEMORY_ASYNC_QUEUE_SIZE 12x
KUZU_MEMORY_ASYNC_TIMEOUT 0
KUZU_MEMORY_ASYNC_TIMEOUT 3601
KUZU_MEMORY_ASYNC_TIMEOUT soon
KUZU_MEMORY_ASYNC_DISABLED maybe
KUZU_MEMORY_ASYNC_DISABLED 2
CASES
    [ ! -e "$MEMORY/memories.db" ]
}

@test "KUZU_MEMORY_ASYNC_DISABLED=1 learns in the calling process" {
    export KUZU_MEMORY_ASYNC_DISABLED=1
    run_km learn "Learnt without a worker"
    expect_status 0
    expect_output "ℹ️  Using synchronous processing
✅ Stored 1 memories"
    [ "$(km worker status)" = "Worker: stopped" ]
    run_km learn "Learnt without a worker too" --format json
    [ "$(json 'd["status"]')" = completed ]
    KUZU_MEMORY_ASYNC_DISABLED=0 run_km learn "Learnt by a worker"
    expect_output_like "queued"
}

@test "async.enabled=false does the same" {
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    echo '{"async": {"enabled": false}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    run_km learn "Learnt without a worker"
    expect_output_like "Using synchronous processing"
    [ "$(count_memories)" = 1 ]
}

@test "KUZU_MEMORY_QUIET and KUZU_MEMORY_DEBUG: yes, no, and what is neither" {
    for yes in 1 true YES on; do
        KUZU_MEMORY_QUIET=$yes run_km learn "A quiet text" --dry-run
        expect_output ""
        [ -z "$stderr" ]
    done
    for no in 0 false No off ""; do
        KUZU_MEMORY_QUIET=$no run_km learn "We do not use tabs in this repository" --dry-run
        [ -n "$output" ]
        [ -z "$stderr" ]
    done
    KUZU_MEMORY_QUIET=banana run_km learn "We do not use tabs in this repository" --dry-run
    expect_status 0
    [ -n "$output" ]
    expect_message 'KUZU_MEMORY_QUIET must be 0 or 1, not "banana"'
    KUZU_MEMORY_DEBUG=2 run_km recall anything
    expect_status 0
    expect_message "KUZU_MEMORY_DEBUG"
}

@test "KUZU_MEMORY_PROJECT names the project, --project is stronger, and an empty one is none" {
    mkdir -p one two
    KUZU_MEMORY_PROJECT=$PWD/one km learn "Learnt in the first project" --sync --quiet
    KUZU_MEMORY_PROJECT=$PWD/one km learn "Learnt in the second project" --sync --quiet --project "$PWD/two"
    [ "$(KUZU_MEMORY_PROJECT=$PWD/one km recent --format raw)" = "Learnt in the first project" ]
    [ "$(KUZU_MEMORY_PROJECT=$PWD/two km recent --format raw)" = "Learnt in the second project" ]
    cd two
    [ "$(KUZU_MEMORY_PROJECT="" km recent --format raw)" = "Learnt in the second project" ]
}

@test "KUZU_MEMORY_PROGRAM names the worker's program; without a usable one the text waits" {
    KUZU_MEMORY_PROGRAM=/does/not/exist run_km learn "A text that waits for a worker"
    expect_status 0
    expect_output_like "queued"
    [ "$(km stats | tail -4 | head -1)" = "Async queue size: 1 tasks" ]
    run_km learn "The next learn starts one" --quiet
    drain
    [ "$(count_memories)" = 2 ]
}

@test "no HOME and no XDG_CONFIG_HOME at all" {
    run env -u HOME -u XDG_CONFIG_HOME timeout 60 "$PROGRAM" learn "Learnt without a home" --sync
    expect_status 0
    [ "$(count_memories)" = 1 ]
}

@test "an empty environment" {
    run env -i timeout 60 "$PROGRAM" learn "Learnt in an empty environment" --sync --project "$PLACE/project"
    expect_status 0
    expect_output_like "✅ Stored 1 memories"
    [ "$(contents)" = "Learnt in an empty environment" ]
}

@test "the locale changes neither numbers nor texts" {
    for locale in C C.UTF-8 de_DE.UTF-8 tr_TR; do
        LC_ALL=$locale LANG=$locale run_km learn "Größe 0,5 im Café – naïve İstanbul" --sync --verbatim --format json
        expect_status 0
        [ "$(json 'd["memories"][0]["content"]')" = "Größe 0,5 im Café – naïve İstanbul" ]
        [ "$(LC_ALL=$locale km recall Café --format raw)" = "Größe 0,5 im Café – naïve İstanbul" ]
    done
}
