#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# The cache of enhance: found the second time, gone with the first change, and never in the way.
load helper

# A store in which the cache has its place.
fill_store() {
    python3 - >many.jsonl <<'PYTHON'
import json
things = "cellar orchard kiln loom quarry ferry granary".split()
deeds = ["closes early", "needs a new roof", "was painted green", "is owned by Ada", "burns oak only"]
for i in range(1200):
    print(json.dumps({"content": "The %s number %d %s since year %d" % (things[i % 7], i, deeds[i % 5], i % 90)}))
PYTHON
    km learn --batch many.jsonl --verbatim --quiet
    drain
}

# An answer in JSON without what differs from call to call.
without_times() {
    sed -E 's/"elapsed_ms":[0-9.]+,"cached":(true|false),//'
}

answer() {
    km enhance "$@" --format json | without_times
}

# expect_found True|False PROMPT...: was the answer found in the cache? Sets output.
expect_found() {
    local expected=$1
    shift
    run_km enhance "$@" --format json
    expect_status 0
    [ -z "$stderr" ] || fail "a message"
    [ "$(json 'd["cached"]')" = "$expected" ] || fail "expected cached: $expected for $*"
}

@test "the second time is found in the cache, and reads the same in every format" {
    fill_store
    [ ! -e "$MEMORY/state/cache" ]
    for prompt in "Which kiln needs a new roof?" "oak" "Is anything known of whales?" $'ferry 20\nferry 21'; do
        for limits in "" "--max-memories 2 --max-chars 120" "--confidence-threshold 0.05 --max-memories 20"; do
            # shellcheck disable=SC2086 # several words
            first=$(answer "$prompt" $limits)
            # shellcheck disable=SC2086
            expect_found True "$prompt" $limits
            [ "$(without_times <<<"$output")" = "$first" ] || fail "JSON differs for $prompt $limits"
        done
    done
    for format in plain context markdown; do
        cached=$(km enhance "Which kiln needs a new roof?" --format $format)
        rm "$MEMORY/state/cache"
        [ "$(km enhance "Which kiln needs a new roof?" --format $format)" = "$cached" ] || fail "$format differs"
    done
    [ "$(stat -c %a "$MEMORY/state/cache")" = 600 ]
    [ "$(stat -c %s "$MEMORY/state/cache")" -le $((5 * 1024 * 1024)) ]
    [ "$(du -k "$MEMORY/state/cache" | cut -f1)" -le 64 ]
}

@test "learn, edit and forget put an answer out of use at once" {
    fill_store
    prompt="Which door has the lighthouse?"
    expect_found False "$prompt"
    expect_found True "$prompt"
    km learn "The lighthouse has a blue door" --verbatim --quiet
    drain
    expect_found False "$prompt"
    [[ $output == *"blue door"* ]] || fail "not learnt"
    expect_found True "$prompt"
    id=$(km recall lighthouse --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')
    km edit "$id" "The lighthouse has a red door" --quiet
    expect_found False "$prompt"
    [[ $output == *"red door"* && $output != *"blue door"* ]] || fail "not edited"
    expect_found True "$prompt"
    km forget "$id" --confirm --quiet
    [ ! -e "$MEMORY/state/cache" ]
    expect_found False "$prompt"
    [[ $output != *"red door"* ]] || fail "not forgotten"
}

@test "stats tells hits, misses, rate and size" {
    fill_store
    for i in 1 2 3 4; do km enhance "Which quarry is painted green?" >/dev/null; done
    run_km stats --format json
    [ "$(json 'd["cache"]["hits"], d["cache"]["misses"], d["cache"]["hit_rate"], d["cache"]["evictions"], d["cache"]["aside"]')" = \
        "(3, 1, 0.75, 0, 0)" ]
    [ "$(json 'd["cache"]["needed"], d["cache"]["limit_bytes"], 0 < d["cache"]["disk_bytes"] <= 65536')" = "(True, 5242880, True)" ]
    run_km stats
    expect_output_like $'\n'"Cache Hit Rate: 75% \(3 of 4\)"$'\n'
    run_km stats --detailed
    expect_output_like "Cache:"$'\n'"  Hits: 3"$'\n'"  Misses: 1"$'\n'"  Evictions: 0"$'\n'
}

@test "a small store does without, and stats says so" {
    km learn "Team decided to use Docker for deployment" --quiet
    drain
    for i in 1 2 3; do expect_found False "How do I deploy this?"; done
    [ ! -e "$MEMORY/state/cache" ]
    run_km stats
    expect_output_like $'\n'"Cache: not needed below 1000 memories"$'\n'
    run_km stats --format json
    [ "$(json 'd["cache"]["hits"], d["cache"]["misses"], d["cache"]["aside"], d["cache"]["needed"]')" = "(0, 0, 3, False)" ]
}

@test "performance.cache_size_mb 0 turns it off; another size makes another file" {
    fill_store
    km config set performance.cache_size_mb 0 --quiet
    for i in 1 2; do expect_found False "Which kiln needs a new roof?"; done
    [ ! -e "$MEMORY/state/cache" ]
    run_km stats
    expect_output_like $'\n'"Cache: off"$'\n'
    km config set performance.cache_size_mb 1 --quiet
    expect_found False "Which kiln needs a new roof?"
    expect_found True "Which kiln needs a new roof?"
    [ "$(stat -c %s "$MEMORY/state/cache")" = 1048576 ]
    km config set performance.cache_size_mb 2 --quiet
    expect_found False "Which kiln needs a new roof?"
    [ "$(stat -c %s "$MEMORY/state/cache")" = 2097152 ]
}

@test "where the cache cannot be written, enhance goes on without it, silently" {
    fill_store
    prompt="Which kiln needs a new roof?"
    expected=$(answer "$prompt")
    rm "$MEMORY/state/cache"
    (
        ulimit -f 256 # a file of 5 MiB cannot be made
        [ "$(answer "$prompt")" = "$expected" ]
    )
    [ ! -e "$MEMORY/state/cache" ]
    mkdir "$MEMORY/state/cache"
    for i in 1 2; do expect_found False "$prompt"; done
    rmdir "$MEMORY/state/cache"
    ln -s "$PLACE/elsewhere" "$MEMORY/state/cache"
    expect_found False "$prompt"
    [ ! -e "$PLACE/elsewhere" ]
    rm "$MEMORY/state/cache"
    mkfifo "$MEMORY/state/cache"
    expect_found False "$prompt"
    rm "$MEMORY/state/cache"
    [ "$(answer "$prompt")" = "$expected" ]
    if [ "$(id -u)" -ne 0 ]; then
        rm "$MEMORY/state/cache"
        chmod 500 "$MEMORY/state"
        [ "$(answer "$prompt")" = "$expected" ]
        [ ! -e "$MEMORY/state/cache" ]
        chmod 700 "$MEMORY/state"
    fi
}

@test "a damaged, foreign or shortened file does no harm and is replaced" {
    fill_store
    prompt="Which kiln needs a new roof?"
    expected=$(answer "$prompt")
    for size in 0 10 64 5000 100000; do
        truncate -s "$size" "$MEMORY/state/cache"
        [ "$(answer "$prompt")" = "$expected" ]
        expect_found True "$prompt"
    done
    echo "this is somebody's shopping list" >"$MEMORY/state/cache"
    [ "$(answer "$prompt")" = "$expected" ]
    expect_found True "$prompt"
    head -c 5242880 /dev/urandom >"$MEMORY/state/cache"
    [ "$(answer "$prompt")" = "$expected" ]
    expect_found True "$prompt"
    # random bytes behind a good header
    dd if=/dev/urandom of="$MEMORY/state/cache" bs=4096 seek=1 count=1279 conv=notrunc status=none
    [ "$(answer "$prompt")" = "$expected" ]
    expect_found True "$prompt"
}

# answer_read_only PROMPT: the lines that a process gets which may not write.
answer_read_only() {
    plainly "$PROGRAM" enhance "$1" --format plain
}

@test "a read-only project answers as before" {
    fill_store
    expected=$(km enhance "Which kiln needs a new roof?" --format plain)
    chmod -R a-w "$MEMORY"
    kept=$(answer_read_only "Which kiln needs a new roof?")
    new=$(answer_read_only "Which ferry burns oak only?")
    chmod -R u+w "$MEMORY"
    [ "$kept" = "$expected" ]
    [[ $new == *"## Relevant Context:"* ]]
}

@test "processes at once share it" {
    fill_store
    expected=$(answer "Which kiln needs a new roof?")
    rm "$MEMORY/state/cache"
    for i in $(seq 8); do answer "Which kiln needs a new roof?" >"answer-$i" & done
    wait
    for i in $(seq 8); do [ "$(cat "answer-$i")" = "$expected" ] || fail "answer $i differs"; done
    expect_found True "Which kiln needs a new roof?"
}
