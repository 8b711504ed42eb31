#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# export and import: lossless, atomic, honest about what was rejected.
load helper

fill() {
    km learn "Alice decided to use Docker for deployment" --sync --quiet --source review --session s1 --speaker Alice \
        --at 2026-01-02T03:04:05Z --metadata '{"a": [1, "ü", null]}' --key k1
    km remember $'A text with\nnew lines, \ttabs, "quotes" and emoji 🦀' --quiet
    km learn "The staging server is called falcon" --verbatim --sync --quiet
}

second_project() {
    export KUZU_MEMORY_PROJECT=$PLACE/second
    mkdir -p "$KUZU_MEMORY_PROJECT"
}

@test "an export imported into an empty project gives an equal export" {
    fill
    km export >first.jsonl
    python3 -c 'import json, sys; [json.loads(l) for l in open("first.jsonl", encoding="utf-8")]'
    second_project
    run_km import "$PLACE/project/first.jsonl"
    expect_status 0
    expect_output "Imported 3 memories (0 known already, 0 rejected)"
    km export >second.jsonl
    diff <(grep -v '"exported_at"' first.jsonl) <(grep -v '"exported_at"' second.jsonl)
    [[ $(km recall "deploy" --format raw) == *Docker* ]]
    run_km import - --format json <first.jsonl
    [ "$(json 'd["imported"], d["duplicates"]')" = "(0, 3)" ]
}

@test "-o writes a private, complete file; --format json is one document that can be imported" {
    fill
    run_km export -o out.jsonl
    expect_status 0
    expect_output ""
    [ "$(stat -c %a out.jsonl)" = 600 ]
    cmp <(grep -v exported_at out.jsonl) <(km export | grep -v exported_at)
    km export --format json -o out.json
    python3 -c 'import json; json.load(open("out.json", encoding="utf-8"))'
    second_project
    run_km import "$PLACE/project/out.json"
    expect_status 0
    [ "$(count_memories)" = 3 ]
}

@test "an export that cannot be written leaves the old file and no other" {
    fill
    echo old >out.jsonl
    run_km export -o "$PLACE/missing/out.jsonl"
    expect_status 73
    run bash -c 'ulimit -f 0; "$1" export -o out.jsonl' _ "$PROGRAM"
    [ "$status" -eq 73 ]
    [ "$(cat out.jsonl)" = old ]
    [ "$(find . -name '*out*' | wc -l)" = 1 ]
}

@test "import --dry-run counts and stores nothing" {
    fill
    km export >first.jsonl
    second_project
    run_km import "$PLACE/project/first.jsonl" --dry-run
    expect_status 0
    expect_output "Would import 3 memories (0 known already, 0 rejected)"
    [ "$(count_memories)" = 0 ]
}

@test "an empty project exports to something that imports as nothing" {
    run_km export
    expect_status 0
    [ ! -e "$MEMORY" ]
    printf '%s\n' "$output" >empty.jsonl
    run_km import empty.jsonl
    [[ $output == "Imported 0 memories"* ]] || expect_status 2
}

@test "files that are no export are refused, and nothing is stored" {
    run_km import missing.jsonl
    expect_status 3
    expect_message missing.jsonl
    echo "this is not JSON" >bad.jsonl
    run_km import bad.jsonl
    expect_status 2
    expect_message "bad.jsonl"
    head -c 4096 /dev/urandom >random.bin
    run_km import random.bin
    expect_status 2
    [ "$(count_memories)" = 0 ]
}

@test "an entry without a memory is counted and reported by its line; the others are stored" {
    fill
    km export >first.jsonl
    { cat first.jsonl; echo '{"kind": "nothing we know", "x": 1}'; } >mixed.jsonl
    second_project
    run_km import "$PLACE/project/mixed.jsonl"
    expect_status 2
    expect_output_like "^Imported 3 memories .*1 rejected"
    expect_message "line"
}

@test "the memories of the Python program's JSON are read" {
    cat >old.json <<'JSON'
{"memories": [
 {"id": "m-1", "content": "Project uses FastAPI as web framework", "memory_type": "semantic", "source_type": "conversation",
  "importance": 0.8, "confidence": 0.9, "created_at": "2025-03-01T10:00:00", "agent_id": "default"},
 {"id": "m-2", "content": "User prefers dark mode", "memory_type": "preference", "created_at": "2025-03-02T10:00:00"}]}
JSON
    run_km import old.json
    expect_status 0
    [[ $(contents) == *FastAPI* ]]
    [[ $(contents) == *"dark mode"* ]]
    cat >list.json <<'JSON'
[{"content": "The server room is in Bremen", "memory_type": "episodic"}]
JSON
    run_km import list.json
    expect_status 0
    [[ $(contents) == *Bremen* ]]
}

@test "progress of an export as JSON on standard error" {
    fill
    run_km export -o out.jsonl --progress json
    python3 -c 'import json, sys; d = [json.loads(l) for l in sys.argv[1].splitlines()]; assert d[-1]["done"] >= 3' "$stderr"
}
