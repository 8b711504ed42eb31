#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# stats: the lines of the guide, the detailed block, JSON, and numbers that can be recounted.
load helper

@test "without a memory: zeros, nothing created" {
    run_km stats
    expect_status 0
    [ "$(tail -4 <<<"$output")" = "Async queue size: 0 tasks
Tasks completed: 0
Tasks failed: 0
Avg processing time: 0µs" ] || fail "last lines differ"
    [ ! -e "$MEMORY" ]
}

@test "stats ends with the guide's lines and counts what happened" {
    for i in 1 2 3; do km learn "Fact number $i about the warehouse" --quiet; done
    drain
    KUZU_MEMORY_PROGRAM=/bin/false km worker stop --quiet || true
    KUZU_MEMORY_PROGRAM=/bin/false km learn "A text that waits" --quiet
    run_km stats
    expect_status 0
    mapfile -t last < <(tail -4 <<<"$output")
    [ "${last[0]}" = "Async queue size: 1 tasks" ]
    [ "${last[1]}" = "Tasks completed: 3" ]
    [ "${last[2]}" = "Tasks failed: 0" ]
    [[ ${last[3]} =~ ^Avg\ processing\ time:\ [0-9.]+(µs|ms|s)$ ]]
    [[ $output == *"Memories: 3"* ]]
}

@test "--detailed has the guide's block and more, and ends with the guide's lines too" {
    km learn "Fact about the warehouse" --quiet
    drain
    km learn "Fact about the warehouse" --quiet # a repeat: two tasks, one memory
    drain
    km enhance "What about the warehouse?" >/dev/null
    run_km stats --detailed
    expect_status 0
    block=$(sed -n '/^Queue Stats:$/,+5p' <<<"$output")
    [[ $block =~ ^"Queue Stats:
  Queue size: 0 tasks
  Active tasks: 0 processing
  Completed: 2 tasks
  Failed: 0 tasks
  Avg processing time: "[0-9.]+(µs|ms|s)$ ]] || fail "$block"
    [ "$(tail -4 <<<"$output" | cut -d: -f1)" = "Async queue size
Tasks completed
Tasks failed
Avg processing time" ]
    [[ $output == *"Memories by type:"* ]]
    [[ $output == *"Memories by source:"*"cli: 1"* ]]
    [[ $output == *"Latency:"*"Submit: p50 "* ]]
    [[ $output == *"Enhance: p50 "* ]]
    [[ $output == *"Database size: "* ]]
}

@test "json has stable keys" {
    km learn "Fact about the warehouse" --quiet
    drain
    run_km stats --format json
    expect_status 0
    for key in queue_size queue_limit active_tasks retrying_tasks completed_tasks failed_tasks cancelled_tasks quarantined_bytes \
        oldest_waiting_seconds avg_processing_ms avg_wait_ms worker memories superseded_memories entities relations \
        duplicates redactions skipped_texts types sources last_errors database_bytes queue_bytes schema_version cache \
        slow_recalls slow_tasks latency; do
        [ "$(json "'$key' in d")" = True ] || fail "no $key"
    done
    [ "$(json 'sorted(d["latency"]), sorted(d["latency"]["submit"])')" = \
        "(['commit', 'enhance', 'process', 'submit', 'wait'], ['count', 'max_ms', 'p50_ms', 'p95_ms', 'p99_ms'])" ]
    [ "$(json 'd["completed_tasks"], d["memories"], d["queue_limit"], d["worker"]["state"] in ("idle", "running")')" = "(1, 1, 100, True)" ]
}

@test "every number can be recounted" {
    python3 - >many.jsonl <<'PYTHON'
import json
for i in range(60):
    print(json.dumps({"content": "Shelf %d holds %d boxes of screws" % (i, i * 3), "source": "s%d" % (i % 3)}))
PYTHON
    km learn --batch many.jsonl --verbatim --quiet
    km learn "Shelf 1 holds 3 boxes of screws" --verbatim --quiet
    for i in 1 2 3 4 5; do km learn "Fact number $i about the warehouse" --quiet; done
    drain
    completed=$(km tasks --state completed --limit 1000 --format json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["tasks"]))')
    run_km stats --format json
    [ "$(json 'd["completed_tasks"]')" = "$completed" ]
    [ "$(json 'd["memories"]')" = "$(count_memories)" ]
    [ "$(json 'sum(t["count"] for t in d["types"]) == d["memories"] == sum(s["count"] for s in d["sources"])')" = True ]
    [ "$(json '{s["name"]: s["count"] for s in d["sources"]}')" = "$(km export | python3 -c '
import collections, json, sys
count = collections.Counter(m.get("source") for m in map(json.loads, sys.stdin) if "content" in m)
print(dict(sorted(count.items(), key=lambda kv: (-kv[1], kv[0]))))')" ]
    [ "$(json 'd["duplicates"] >= 1')" = True ]
    # The page that latencies are counted in comes with the first worker; from then on every learn counts.
    before=$(json 'd["latency"]["submit"]["count"]')
    for i in 1 2 3; do km learn "Another fact number $i about the warehouse" --quiet; done
    run_km stats --format json
    [ "$(json 'd["latency"]["submit"]["count"]')" = $((before + 3)) ]
}

@test "a foreign file in the store's place: exit code 69, and the rest is told" {
    mkdir -m 700 "$MEMORY"
    echo "this is somebody's shopping list, not a database at all" >"$MEMORY/memories.db"
    chmod 600 "$MEMORY/memories.db"
    run_km stats
    expect_status 69
    expect_message memories.db
    expect_output_like "Async queue size: 0 tasks"
}
