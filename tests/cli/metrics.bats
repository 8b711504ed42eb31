#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# metrics and stats --history: what Prometheus' own parser reads, numbers that agree with stats, counts that survive kills.
load helper

# Reads the metrics into $samples, one a line, by Prometheus' parser.
read_metrics() {
    km metrics >metrics.txt || return
    samples=$(/usr/bin/python3 "$BATS_TEST_DIRNAME/openmetrics.py" metrics.txt) || fail "not OpenMetrics: $(cat metrics.txt)"
}

# value NAME: of the sample with this name and these labels.
value() {
    local line
    line=$(grep -F -- "$1 " <<<"$samples") || fail "no sample $1 in: $samples"
    printf '%s\n' "${line##* }"
}

@test "metrics: Prometheus reads them, without a memory and with one" {
    read_metrics
    [ "$(value 'kuzu_memory_queue_tasks{}')" = 0 ]
    [ "$(value 'kuzu_memory_duration_seconds_bucket{le="+Inf",stage="submit"}')" = 0 ]
    [ ! -e "$MEMORY" ]
    for i in 1 2 3; do km learn "Fact number $i about the warehouse" --quiet --source 'a "quoted" \ source'; done
    drain
    km enhance "What about the warehouse?" >/dev/null
    read_metrics
    [ "$(value 'kuzu_memory_tasks_completed_total{}')" = 3 ]
    [ "$(value 'kuzu_memory_memories{type="fact"}')" = 3 ]
    [ "$(value 'kuzu_memory_source_memories{source="a "quoted" \ source"}')" = 3 ]
    [ "$(value 'kuzu_memory_duration_seconds_count{stage="process"}')" = 3 ]
    [ "$(value 'kuzu_memory_duration_seconds_count{stage="enhance"}')" = 1 ]
    [ "$(value 'kuzu_memory_worker_starts_total{}')" = 1 ]
    [ "$(value 'kuzu_memory_schema_version{}')" -ge 2 ]
    [[ $(value 'kuzu_memory_throughput{minutes="1",what="completed"}') =~ ^0\.0 ]]
    [ "$(grep -c 'worker_state.* 1$' <<<"$samples")" = 1 ]
}

@test "metrics --format json has the same numbers" {
    km learn "Fact about the warehouse" --quiet
    drain
    km worker stop --quiet
    read_metrics
    run_km metrics --format json
    expect_status 0
    [ "$(json 'sorted(d["metrics"][0])')" = "['help', 'name', 'samples', 'type', 'unit']" ]
    [ "$(json 'sum(len(m["samples"]) for m in d["metrics"])')" = "$(wc -l <<<"$samples")" ]
    [ "$(json '[m["samples"][0]["value"] for m in d["metrics"] if m["name"] == "kuzu_memory_tasks_completed"]')" = "[1]" ]
}

@test "every histogram is whole: buckets rise to the count, and the sum fits" {
    for i in $(seq 8); do km learn "Fact number $i about the warehouse" --quiet; done
    drain
    read_metrics
    grep -F 'duration_seconds' <<<"$samples" | python3 -c '
import collections, re, sys
stages = collections.defaultdict(lambda: {"bucket": []})
for line in sys.stdin:
    name, labels, value = re.match(r"kuzu_memory_duration_seconds_(\w+)\{(.*)\} (.*)", line).groups()
    stage = stages[re.search(r"stage=\"(\w+)\"", labels).group(1)]
    if name == "bucket":
        stage["bucket"].append((float(re.search(r"le=\"([^\"]+)\"", labels).group(1)), float(value)))
    else:
        stage[name] = float(value)
assert {"submit", "wait", "process", "commit", "enhance"} <= set(stages), sorted(stages)
for name, stage in stages.items():
    counts = [count for _, count in sorted(stage["bucket"])]
    assert counts == sorted(counts) and counts[-1] == stage["count"], (name, counts, stage["count"])
    least = sum((b - a) * bound for a, b, bound in zip(counts, counts[1:], [bound for bound, _ in sorted(stage["bucket"])]))
    assert least <= stage["sum"] + 1e-6, (name, least, stage["sum"])
assert stages["process"]["count"] == 8'
}

@test "a store that cannot be used: exit code 69, and the rest is told" {
    km learn "Fact about the warehouse" --quiet
    drain
    km worker stop --quiet
    rm "$MEMORY"/memories.db*
    echo "no database at all, only words" >"$MEMORY/memories.db"
    chmod 600 "$MEMORY/memories.db"
    run_km metrics
    expect_status 69
    printf '%s\n' "$output" >metrics.txt
    samples=$(/usr/bin/python3 "$BATS_TEST_DIRNAME/openmetrics.py" metrics.txt)
    [ "$(value 'kuzu_memory_duration_seconds_count{stage="submit"}')" = 1 ]
}

@test "what is counted survives kill -9 of those who count" {
    km learn "The first fact about the warehouse" --quiet
    drain
    before=$(km stats --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["latency"]["submit"]["count"])')
    for i in $(seq 15); do
        "$PROGRAM" learn "Fact number $i about the warehouse" --quiet --priority 3 &
        if [ $((i % 3)) = 0 ]; then kill -9 $!; fi
        { wait $!; } 2>/dev/null || true
    done
    kill -9 "$(km worker status --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')" || true
    km learn "The last fact about the warehouse" --quiet
    drain
    run_km stats --format json
    expect_status 0
    # 11 were not killed; of the others any may have come far enough to be counted, and all that were stored were learnt once
    [ "$(json "11 <= d['latency']['submit']['count'] - $before <= 16")" = True ]
    [ "$(json 'd["completed_tasks"] == d["memories"] >= 12')" = True ]
    read_metrics
}

@test "stats --history: today's numbers agree with stats, plain in a pipe" {
    for i in 1 2 3; do km learn "Fact number $i about the warehouse" --quiet; done
    km learn "Fact number 3 about the warehouse" --quiet
    drain
    km enhance "What about the warehouse?" >/dev/null
    today=$(date -u +%F)
    run_km stats --history --days 2
    expect_status 0
    [ "${#lines[@]}" = 3 ]
    [ "$(cut -f 1-3 <<<"${lines[0]}")" = "date	submitted	completed" ]
    if [ "$today" = "$(date -u +%F)" ]; then
        [ "$(cut -f 1-6,9 <<<"${lines[2]}")" = "$today	4	4	0	0	3	1" ] || fail "${lines[2]}"
    fi
    run_km stats --history --format json
    [ "$(json 'len(d["days"]), sum(x["completed"] for x in d["days"]), sum(x["memories"] for x in d["days"]), sum(x["duplicates"] for x in d["days"])')" = "(30, 4, 3, 1)" ]
    [ "$(json 'sorted(d["days"][0])')" = "['avg_processing_ms', 'avg_wait_ms', 'cancelled', 'completed', 'date', 'duplicates', 'enhanced', 'failed', 'memories', 'redactions', 'submitted', 'worker_crashes', 'worker_starts']" ]
    run_km stats --history --days 91
    expect_status 2
    run_km stats --days 3
    expect_status 2
    expect_message "--days belongs to --history"
}

@test "stats --history on a terminal: a chart that fits its width" {
    for i in 1 2 3; do km learn "Fact number $i about the warehouse" --quiet; done
    drain
    for columns in 60 80 200; do
        TERM=xterm on_terminal "$columns" "$PROGRAM" stats --history --days 3 --no-color
        expect_status 0
        [ "${#lines[@]}" = 4 ]
        [[ ${lines[3]} == *"█"* ]] || fail "no bar"
        python3 -c '
import sys
widths = [len(line) for line in sys.argv[2].splitlines()]
assert max(widths) <= int(sys.argv[1]), widths' "$columns" "$output"
    done
    TERM=dumb on_terminal 80 "$PROGRAM" stats --history --days 3
    [[ ${lines[3]} == *"##"* ]]
    [[ ${lines[3]} != *"█"* ]]
}

@test "stats --history without a memory: zeros, nothing created" {
    run_km stats --history --days 1
    expect_status 0
    [[ ${lines[1]} == *"	0	0	0	0	0"* ]]
    [ ! -e "$MEMORY" ]
}

@test "stats tells throughput, failures and what the worker uses" {
    for i in 1 2 3; do km learn "Fact number $i about the warehouse" --quiet; done
    drain
    run_km stats --format json
    [ "$(json 'sorted(d["per_second"]), sorted(d["per_second"]["completed"])')" = "(['completed', 'enhanced', 'failed', 'submitted'], ['15m', '1m', '5m'])" ]
    [ "$(json 'd["per_second"]["completed"]["1m"] > d["per_second"]["completed"]["15m"] > 0 == d["failures"]')" = True ]
    run_km stats --detailed
    [[ $output == *"Per second over 1, 5 and 15 minutes:"*"Completed: 0.0"* ]]
}
