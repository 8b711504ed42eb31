#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# The async operations guide as a test: its commands as they stand there, run by the name `kuzu-memory` from PATH, and
# the lines it shows.
load ../cli/helper

setup() {
    fresh_place
    mkdir "$PLACE/bin"
    ln -s "$PROGRAM" "$PLACE/bin/kuzu-memory"
    export PATH=$PLACE/bin:$PATH
}

run_words() {
    run --separate-stderr timeout -k 5 60 "$@"
}

@test "enhancement and learning side by side" {
    kuzu-memory learn "Team decided to use Docker for deployment" --quiet
    drain
    run_words kuzu-memory enhance "How do I deploy this?" --format plain
    expect_status 0
    [[ $output == *"Team decided to use Docker for deployment"* ]] || fail "the decision is not found"
    [[ $output == *"How do I deploy this?" ]]
    run_words kuzu-memory learn "User prefers TypeScript" --quiet
    expect_status 0
    expect_output ""
    [ -z "$stderr" ]
    drain
    [[ $(contents) == *"User prefers TypeScript"* ]]
}

@test "quiet learning returns at once, without output" {
    run_words kuzu-memory learn "Team decided to use Docker for deployment" --quiet
    expect_status 0
    expect_output ""
    [ -z "$stderr" ]
}

@test "stats shows the state of the queue" {
    for i in 1 2 3; do KUZU_MEMORY_PROGRAM=/bin/false kuzu-memory learn "Waiting text number $i about deployments" --quiet; done
    KUZU_MEMORY_PROGRAM=/bin/false run_words kuzu-memory stats
    expect_status 0
    [ "$(tail -4 <<<"$output" | head -1)" = "Async queue size: 3 tasks" ]
    kuzu-memory worker start --quiet
    drain
    run_words kuzu-memory stats
    mapfile -t last < <(tail -4 <<<"$output")
    [ "${last[0]}" = "Async queue size: 0 tasks" ]
    [ "${last[1]}" = "Tasks completed: 3" ]
    [ "${last[2]}" = "Tasks failed: 0" ]
    [[ ${last[3]} =~ ^"Avg processing time: "[0-9.]+(µs|ms|s)$ ]]
}

@test "stats --detailed shows the queue block" {
    kuzu-memory learn "Team decided to use Docker for deployment" --quiet
    drain
    run_words kuzu-memory stats --detailed
    expect_status 0
    block=$(sed -n '/^Queue Stats:$/,+5p' <<<"$output")
    [ "$(sed 's/[0-9.]\+\(µs\|ms\|s\)$/N/; s/[0-9]\+/N/' <<<"$block")" = "Queue Stats:
  Queue size: N tasks
  Active tasks: N processing
  Completed: N tasks
  Failed: N tasks
  Avg processing time: N" ] || fail "$block"
}

@test "synchronous mode for testing" {
    run_words kuzu-memory learn "Test memory" --sync
    expect_status 0
    expect_output "ℹ️  Using synchronous processing
✅ Stored 1 memories"
}

@test "debug mode shows four lines" {
    run_words kuzu-memory learn "Debug test" --debug
    expect_status 0
    [ "$(sed -E 's/[0-9a-f]{8}-[0-9a-f-]{27}/ID/; s/[0-9.]+(µs|ms|s)$/TIME/' <<<"$stderr")" = "DEBUG: Submitting task to async queue
DEBUG: Task queued with ID: ID
DEBUG: Worker thread processing task
DEBUG: Task completed in TIME" ] || fail "debug lines differ"
}

@test "both configuration files are accepted, and the environment overrides them" {
    mkdir -m 700 "$MEMORY"
    printf '%s\n' '{' '  "async": {' '    "max_workers": 2,' '    "max_queue_size": 100,' '    "worker_timeout": 30,' \
        '    "retry_attempts": 3' '  }' '}' >"$MEMORY/config.json"
    run_words kuzu-memory config check
    expect_status 0
    [ -z "$stderr" ]
    printf '%s\n' '{' '  "async": {' '    "enabled": true,' '    "max_workers": 2,' '    "max_queue_size": 100,' \
        '    "worker_timeout_seconds": 30,' '    "task_retry_attempts": 3,' '    "cleanup_interval_seconds": 60,' \
        '    "max_task_age_seconds": 300' '  },' '  "performance": {' '    "max_recall_time_ms": 100.0,' \
        '    "max_generation_time_ms": 200.0,' '    "enable_performance_monitoring": true' '  }' '}' >"$MEMORY/config.json"
    run_words kuzu-memory config check
    expect_status 0
    [ -z "$stderr" ]
    export KUZU_MEMORY_ASYNC_WORKERS=4
    export KUZU_MEMORY_ASYNC_QUEUE_SIZE=200
    export KUZU_MEMORY_ASYNC_TIMEOUT=60
    [ "$(kuzu-memory config get async.max_workers)" = 4 ]
    [ "$(kuzu-memory config get async.max_queue_size)" = 200 ]
    [ "$(kuzu-memory config get async.worker_timeout)" = 60 ]
    export KUZU_MEMORY_ASYNC_DISABLED=1
    run_words kuzu-memory learn "Test memory"
    expect_output_like "Using synchronous processing"
}

@test "the Python examples" {
    run_words python3 "$BATS_TEST_DIRNAME/learn_and_enhance.py"
    expect_status 0
    [[ $output =~ ^"Learning submission took "[0-9.]+ms ]]
    [[ $output == *"Enhancement took "* ]]
    [[ $output =~ "Task "[0-9a-f-]{36}" submitted" ]]
    [[ $output == *"all examples hold" ]]
}

@test "the JavaScript examples" {
    run_words node "$BATS_TEST_DIRNAME/learn_and_enhance.js"
    expect_status 0
    [[ $output == "Learning task submitted"*"all examples hold" ]] || fail "examples differ"
}

@test "each question of the guide brings up its memory among the others" {
    kuzu-memory learn "Team decided to use Docker for deployment" --quiet
    kuzu-memory learn "User prefers detailed error messages" --source user-preference --quiet
    kuzu-memory learn "User prefers async/await patterns" --source ai-conversation --quiet
    kuzu-memory learn "User prefers TypeScript" --quiet
    kuzu-memory learn "The office is closed on Fridays" --quiet
    drain
    [[ $(kuzu-memory enhance "How do I deploy this?" --format plain) == *"Team decided to use Docker for deployment"* ]]
    [[ $(kuzu-memory enhance "How should I handle errors?" --format plain) == *"User prefers detailed error messages"* ]]
    [[ $(kuzu-memory enhance "How do I handle promises?" --format plain) == *"User prefers async/await patterns"* ]]
}

@test "a full queue is waited out by default: a burst of 500 loses nobody" {
    seq 500 | xargs -P 100 -I N kuzu-memory learn "Burst text number N about item N" --verbatim --quiet
    drain
    [ "$(count_memories)" = 500 ]
}
