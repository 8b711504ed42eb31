#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# learn and remember: answers, sources of the text, options, batches, synchronous and dry runs.
load helper

@test "the answer names the task by its first eight characters" {
    run_km learn "Team decided to use Docker for deployment"
    expect_status 0
    expect_output_like '^✅ Learning task [0-9a-f]{8} queued for background processing$'
    [ -z "$stderr" ]
    drain
    [[ $(contents) == *Docker* ]]
}

@test "--quiet and KUZU_MEMORY_QUIET print nothing, and the text is learnt" {
    run_km learn "User prefers TypeScript over JavaScript" --quiet
    expect_status 0
    expect_output ""
    [ -z "$stderr" ]
    KUZU_MEMORY_QUIET=1 run_km learn "We deploy with Ansible on Mondays" --format json
    expect_output ""
    drain
    [[ $(contents) == *TypeScript* ]]
    [[ $(contents) == *Ansible* ]]
}

@test "--format json gives the task id, and the task can be followed" {
    run_km learn "Important project decision: we use PostgreSQL" --format json
    expect_status 0
    [ "$(json 'd["status"]')" = "queued" ]
    [ "$(json 'type(d["queue_size"]).__name__')" = "int" ]
    id=$(json 'd["task_id"]')
    [[ $id =~ ^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$ ]]
    run_km tasks wait "$id" --timeout 30 --format json
    expect_status 0
    [ "$(json 'd["state"]')" = "completed" ]
    [ "$(json 'd["id"]')" = "$id" ]
}

@test "the text comes from standard input by - or by a pipe" {
    echo "The billing service is written in Rust" | km learn - --quiet
    echo "The search service is written in Zig" | km learn --quiet
    drain
    [[ $(contents) == *Rust* ]]
    [[ $(contents) == *Zig* ]]
}

@test "the line end of a pipe is not part of the text" {
    printf 'one exact line\r\n' | km learn --verbatim --sync --quiet
    run_km recent --format json
    [ "$(json 'd["memories"][0]["content"]')" = "one exact line" ]
}

@test "without a text on a terminal: an error, no waiting" {
    on_terminal 80 "$PROGRAM" learn
    expect_status 2
    expect_output_like "no text given"
}

@test "standard input is not touched when a text is given" {
    run bash -c '{ "$1" learn "Text from the argument wins here" --quiet; cat; } <<<"still here"' _ "$PROGRAM"
    expect_output "still here"
}

@test "--sync says so, counts what was stored and stores before it returns" {
    run_km learn "Test memory" --sync
    expect_status 0
    expect_output "ℹ️  Using synchronous processing
✅ Stored 1 memories"
    [ "$(contents)" = "Test memory" ]
}

@test "--sync --format json tells what became of the text" {
    run_km learn "Team decided to use Kubernetes for production" --sync --format json
    expect_status 0
    [ "$(json 'd["status"]')" = "completed" ]
    [ "$(json 'd["elapsed_ms"] > 0')" = "True" ]
    [ "$(json 'sorted(set(d) & {"task_id", "memories", "skipped", "redactions"})')" = "['memories', 'redactions', 'skipped', 'task_id']" ]
    [ "$(json 'd["memories"][0]["action"]')" = "stored" ]
    [ "$(json 'sorted(set(d["memories"][0]) & {"id", "content", "type", "knowledge_type", "polarity", "confidence", "entities", "supersedes"})')" = \
        "['confidence', 'content', 'entities', 'id', 'knowledge_type', 'polarity', 'supersedes', 'type']" ]
    [ "$(json '0 <= d["memories"][0]["confidence"] <= 1')" = "True" ]
}

@test "a repeat strengthens and is not stored again" {
    km learn "Team decided to use Kubernetes for production" --sync --quiet
    run_km learn "Team decided to use Kubernetes for production" --sync --format json
    [ "$(json 'd["memories"][0]["action"]')" = "strengthened" ]
    [ "$(count_memories)" = 1 ]
    run_km learn "Team decided to use Kubernetes for production" --sync
    expect_output "ℹ️  Using synchronous processing
✅ Stored 0 memories
ℹ️  Strengthened 1 known memories"
}

@test "--dry-run shows what would be learnt and creates nothing" {
    run_km learn "Team decided to use Kubernetes for production" --dry-run --format json
    expect_status 0
    [ "$(json 'd["status"]')" = "dry-run" ]
    [ "$(json '"task_id" in d or "id" in d["memories"][0]')" = "False" ]
    [[ $(json 'd["memories"][0]["content"]') == *Kubernetes* ]]
    run_km learn "Team decided to use Kubernetes for production" --dry-run
    expect_output "stored	decision	0.93	Team decided to use Kubernetes for production	decide"
    run_km learn "Is it? We use Zulip. The key is sk_live_Kd82mZq1PxWl7VtN3b." --dry-run
    expect_status 0
    expect_output_like "skipped	question		Is it?"
    expect_output_like "removed	stripe-key"
    [ -z "$(ls -A "$PLACE/project")" ]
}

@test "a dry run of an empty pipe finds nothing; learning an empty pipe is a mistake" {
    for option in "" -; do
        run_km learn --dry-run $option </dev/null
        expect_status 0
        expect_output ""
        run_km learn --dry-run --format json $option </dev/null
        expect_status 0
        [ "$(json 'd["status"], d["memories"], d["skipped"]')" = "('dry-run', [], [])" ]
        run_km learn $option </dev/null
        expect_status 2
    done
    run_km learn --dry-run ""
    expect_status 2
}

@test "every option is kept with the memory" {
    km learn "The cache must be warmed before each release" --verbatim --sync --quiet --source review --session s-17 \
        --speaker assistant --at 2026-03-04T05:06:07+02:00 --type rule --key warm-1 --metadata '{"pr": 42, "tags": ["a"]}'
    run_km recent --format json
    [ "$(json '[d["memories"][0][k] for k in ("source", "session", "speaker", "type", "key", "observed_at")]')" = \
        "['review', 's-17', 'assistant', 'rule', 'warm-1', '2026-03-04T03:06:07.000000Z']" ]
    id=$(json 'd["memories"][0]["id"]')
    run_km show "$id" --format json
    [ "$(json 'd["memory"]["metadata"]')" = "{'pr': 42, 'tags': ['a']}" ]
}

@test "the default source is cli and the default speaker is nobody by name" {
    km learn "The cache must be warmed before each release" --sync --quiet
    run_km recent --format json
    [ "$(json '[d["memories"][0][k] for k in ("source", "speaker")]')" = "['cli', None]" ]
}

@test "the same key is the same task, whatever the text" {
    run_km learn "First text under this key" --key k1 --format json
    first=$(json 'd["task_id"]')
    run_km learn "Second text under this key" --key k1 --format json
    expect_status 0
    [ "$(json 'd["task_id"]')" = "$first" ]
    drain
    run_km learn "Third text under this key" --key k1 --format json
    [ "$(json 'd["task_id"]')" = "$first" ]
    drain
    [ "$(contents)" = "First text under this key" ]
}

@test "--verbatim keeps a text of many sentences as one memory" {
    text=$'First sentence about cats. Second one about dogs?\n\n    code();\nLast line.'
    km learn "$text" --verbatim --sync --quiet
    run_km recent --format json
    [ "$(json 'len(d["memories"])')" = 1 ]
    [ "$(json 'd["memories"][0]["content"]')" = "$text" ]
}

@test "metadata that is no JSON object is refused" {
    for metadata in '[1]' '{"a":' 'null' '"text"' '{"a":1} {"b":2}'; do
        run_km learn "Some text about cats" --metadata "$metadata"
        expect_status 2
        expect_message metadata
    done
    [ "$(count_memories)" = 0 ]
}

@test "--debug follows the task with the lines of the guide" {
    run_km learn "Debug test" --debug
    expect_status 0
    expect_output_like '^✅ Learning task '
    mapfile -t lines <<<"$stderr"
    [ "${lines[0]}" = "DEBUG: Submitting task to async queue" ]
    [[ ${lines[1]} =~ ^DEBUG:\ Task\ queued\ with\ ID:\ ([0-9a-f-]{36})$ ]]
    id=${BASH_REMATCH[1]}
    [ "${lines[2]}" = "DEBUG: Worker thread processing task" ]
    [[ ${lines[3]} =~ ^DEBUG:\ Task\ completed\ in\ [0-9.]+(µs|ms|s)$ ]]
    [ "${#lines[@]}" -eq 4 ]
    run_km tasks show "$id" --format json
    [ "$(json 'd["state"]')" = "completed" ]
    KUZU_MEMORY_DEBUG=1 run_km learn "Another debug test" --quiet
    expect_output ""
    [[ $stderr == *"DEBUG: Task queued with ID: "* ]]
}

@test "the caller gets its output at once while the worker lives" {
    start=$(date +%s%N)
    output=$("$PROGRAM" learn "A captured answer about cats" 2>&1)
    took_ms=$((($(date +%s%N) - start) / 1000000))
    [[ $output == ✅* ]]
    [ "$took_ms" -lt 2000 ] || fail "took $took_ms ms"
}

@test "a full queue: exit code 75 with the limit, nothing stored, and --wait waits for room" {
    export KUZU_MEMORY_PROGRAM=/bin/false KUZU_MEMORY_ASYNC_QUEUE_SIZE=2
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    echo '{"async": {"queue_full_wait_ms": 0}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    km learn "First waiting text" --quiet
    km learn "Second waiting text" --quiet
    run_km learn "Third text finds no room"
    expect_status 75
    expect_output ""
    expect_message "full" "2"
    (
        sleep 0.5
        unset KUZU_MEMORY_PROGRAM
        exec "$PROGRAM" worker run --until-idle
    ) &
    run_km learn "Fourth text waits for room" --wait=20 --format json
    expect_status 0
    unset KUZU_MEMORY_PROGRAM
    drain
    [[ $(contents) == *Fourth* ]]
    [[ $(contents) != *Third* ]]
    km worker stop --quiet || true
    wait
}

@test "remember stores the exact statement at once, and it never expires" {
    run_km remember "Deploys are frozen today" --type status
    expect_status 0
    expect_output "✅ Stored 1 memories"
    run_km recent --format json
    id=$(json 'd["memories"][0]["id"]')
    run_km show "$id" --format json
    [ "$(json 'd["memory"]["expires_at"]')" = "None" ]
    [ "$(json 'd["memory"]["content"]')" = "Deploys are frozen today" ]
    echo "Sent by a pipe, word for word" | km remember --quiet
    [[ $(contents) == *"Sent by a pipe, word for word"* ]]
    run_km remember "Said in JSON" --format json
    [ "$(json 'd["memories"][0]["action"]')" = "stored" ]
}

# ---- batches ----

write_batch() {
    cat >batch.jsonl <<'LINES'
{"content": "Alice likes hiking in the Alps", "key": "m1", "at": "2026-01-02T03:04:05Z", "session": "s1", "speaker": "Alice"}
{"text": "Bob moved to Lisbon in March", "key": "m2", "session": "s1", "speaker": "Bob", "source": "chat", "type": "fact", "metadata": {"n": 2}}

{"content": "Carol bakes bread on Sundays", "unknown": [1, 2]}
LINES
}

@test "--batch learns every line in its order with its own fields" {
    write_batch
    run_km learn --batch batch.jsonl --verbatim --sync --quiet
    expect_status 0
    expect_output ""
    run_km recent --format json
    [ "$(json '[m["content"].split()[0] for m in d["memories"]]')" = "['Carol', 'Bob', 'Alice']" ]
    [ "$(json '[m["key"] for m in d["memories"]]')" = "[None, 'm2', 'm1']" ]
    [ "$(json '[d["memories"][1][k] for k in ("session", "speaker", "source", "type")]')" = "['s1', 'Bob', 'chat', 'fact']" ]
    [ "$(json 'd["memories"][2]["observed_at"]')" = "2026-01-02T03:04:05.000000Z" ]
}

@test "--batch through the queue, answered as JSON and as text" {
    write_batch
    run_km learn --batch batch.jsonl --verbatim --format json
    expect_status 0
    [ "$(json 'd["status"], d["items"], d["task_ids"][0] == d["task_id"]')" = "('queued', 3, True)" ]
    drain
    [ "$(count_memories)" = 3 ]
    printf '{"content": "Dora plays the violin"}\n' >one.jsonl
    run_km learn --batch one.jsonl
    expect_output_like '^✅ Learning task [0-9a-f]{8} queued'
}

@test "--batch from standard input, with Windows line ends and a byte order mark" {
    printf '\xef\xbb\xbf{"content": "Eve speaks Dutch"}\r\n\r\n{"content": "Frank speaks Danish"}' | km learn --batch - --sync --quiet
    [ "$(count_memories)" = 2 ]
}

@test "options of the command line hold for lines that do not say otherwise" {
    write_batch
    km learn --batch batch.jsonl --sync --verbatim --quiet --source import --session s9
    run_km recent --format json
    [ "$(json '[(m["source"], m["session"]) for m in d["memories"]]')" = "[('import', 's9'), ('chat', 's1'), ('import', 's1')]" ]
}

write_bad_batch() {
    printf '%s\n' '{"content": "Good line number one"}' 'no json' '{"content": "Good line number three"}' \
        '{"content": 7}' '{"text": "  "}' '["content"]' '{"source": "x"}' '{"content": "x y", "at": "never"}' \
        '{"content": "x y", "metadata": [1]}' '{"content": "x y", "type": "guess"}' >bad.jsonl
    printf '{"content": "bad \xff bytes"}\n' >>bad.jsonl
    printf '{"content": "%s"}\n' "$(head -c 1048577 /dev/zero | tr '\0' a)" >>bad.jsonl
}

@test "a bad line is reported with its number, the good ones are learnt, exit code 2" {
    write_bad_batch
    run_km learn --batch bad.jsonl --verbatim --sync
    expect_status 2
    for number in 2 4 5 6 7 8 9 10 11 12; do
        [[ $stderr == *"kuzu-memory: line $number of \"bad.jsonl\": "* ]] || fail "line $number is not reported"
    done
    [[ $stderr != *"line 1 of"* ]]
    [[ $stderr != *"line 3 of"* ]]
    expect_message '10 bad lines in "bad.jsonl", 2 good ones learnt'
    expect_output_like "Stored 2 memories"
    [ "$(count_memories)" = 2 ]
}

@test "--strict learns nothing when any line is bad, and everything when none is" {
    write_bad_batch
    run_km learn --batch bad.jsonl --strict --sync
    expect_status 2
    expect_output ""
    expect_message "nothing was learnt"
    [ "$(count_memories)" = 0 ]
    write_batch
    run_km learn --batch batch.jsonl --strict --sync --verbatim --quiet
    expect_status 0
    [ "$(count_memories)" = 3 ]
}

@test "--batch with a missing, empty or unreadable file, or with a text or key beside it" {
    run_km learn --batch missing.jsonl
    expect_status 3
    expect_message "missing.jsonl"
    : >empty.jsonl
    run_km learn --batch empty.jsonl
    expect_status 2
    expect_message "nothing to learn"
    run_km learn --batch "$PLACE"
    [ "$status" -ne 0 ]
    expect_message "$PLACE"
    write_batch
    run_km learn --batch batch.jsonl "and a text"
    expect_status 2
    expect_message "leave out TEXT"
    run_km learn --batch batch.jsonl --key k
    expect_status 2
    expect_message "leave out --key"
    [ ! -e "$MEMORY" ]
}

@test "a batch of 5000 lines goes through the default queue, each stored once" {
    python3 - >many.jsonl <<'PYTHON'
import json
for i in range(5000):
    print(json.dumps({"content": "Fact number %d says that item %d weighs %d grams" % (i, i * 7, i * 13), "key": "k%d" % i}))
PYTHON
    run_km learn --batch many.jsonl --verbatim --quiet --progress json
    expect_status 0
    drain
    [ "$(count_memories)" = 5000 ]
    [[ $stderr == *'"done":5000,"total":5000'* ]]
}

@test "a dry run of a batch stores nothing" {
    write_batch
    run_km learn --batch batch.jsonl --dry-run --format json
    expect_status 0
    [ "$(json 'd["status"], d["items"]')" = "('dry-run', 3)" ]
    [ ! -e "$MEMORY" ]
}
