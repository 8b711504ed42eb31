#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# config and project: effective values, their origins, changes, mistakes; which project is chosen.
load helper

write_user_config() {
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    printf '%s\n' "$1" >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
}

write_project_config() {
    [ -d "$MEMORY" ] || mkdir -m 700 "$MEMORY"
    printf '%s\n' "$1" >"$MEMORY/config.json"
}

value_of() {
    km config get "$1"
}

origin_of() {
    km config get "$1" --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["origin"])'
}

@test "the defaults are those of the guide" {
    while read -r key value; do
        [ "$(value_of "$key")" = "$value" ] || fail "$key is $(value_of "$key")"
        [ "$(origin_of "$key")" = built-in ]
    done <<'DEFAULTS'
async.enabled true
async.max_workers 2
async.max_queue_size 100
async.worker_timeout_seconds 30
async.task_retry_attempts 3
async.cleanup_interval_seconds 60
async.max_task_age_seconds 300
async.queue_full_wait_ms 500
async.durability full
async.max_memory_mb 50
performance.enable_performance_monitoring true
performance.cache_size_mb 5
recall.max_memories 5
recall.max_context_chars 4000
recall.standing_memories 2
learn.redact_secrets true
DEFAULTS
    for pair in async.worker_idle_seconds=5 performance.max_recall_time_ms=100 performance.max_generation_time_ms=200 \
        performance.enhance_timeout_seconds=5 recall.confidence_threshold=0.3; do
        python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(a != b)' "$(value_of "${pair%=*}")" "${pair#*=}"
    done
    [ ! -e "$MEMORY" ]
}

@test "show lists key, value and origin, as text and as JSON" {
    run_km config show
    expect_status 0
    expect_output_like '^KEY +VALUE +ORIGIN'
    [[ $output == *"async.max_workers"*"2"*"built-in"* ]]
    run_km config
    expect_output_like '^KEY'
    run_km config show --format json
    [ "$(json 'sorted(d["entries"][0])')" = "['description', 'key', 'origin', 'range', 'value']" ]
    [ "$(json '{e["key"]: e["value"] for e in d["entries"]}["async.max_workers"]')" = 2 ]
}

@test "user file, project file, environment: the stronger one wins and is named" {
    write_user_config '{"async": {"max_workers": 3, "max_queue_size": 7, "worker_timeout_seconds": 9}}'
    write_project_config '{"async": {"max_workers": 4, "max_queue_size": 8}}'
    export KUZU_MEMORY_ASYNC_WORKERS=5
    [ "$(value_of async.max_workers) $(origin_of async.max_workers)" = "5 KUZU_MEMORY_ASYNC_WORKERS" ]
    [ "$(value_of async.max_queue_size) $(origin_of async.max_queue_size)" = "8 $MEMORY/config.json" ]
    [ "$(value_of async.worker_timeout_seconds) $(origin_of async.worker_timeout_seconds)" = \
        "9 $XDG_CONFIG_HOME/kuzu-memory/config.json" ]
}

@test "without XDG_CONFIG_HOME the user's file is in ~/.config" {
    unset XDG_CONFIG_HOME
    mkdir -p "$HOME/.config/kuzu-memory"
    echo '{"async": {"max_workers": 6}}' >"$HOME/.config/kuzu-memory/config.json"
    [ "$(value_of async.max_workers)" = 6 ]
}

@test "--config takes the place of the project's file" {
    write_project_config '{"async": {"max_workers": 4}}'
    echo '{"async": {"max_workers": 9}}' >other.json
    [ "$(km --config other.json config get async.max_workers)" = 9 ]
    run_km --config missing.json config get async.max_workers
    [ "$status" -ne 0 ]
    expect_message missing.json
}

@test "both spellings of the guide are accepted" {
    write_project_config '{"async": {"worker_timeout": 12, "retry_attempts": 7}}'
    [ "$(value_of async.worker_timeout_seconds)" = 12 ]
    [ "$(value_of async.task_retry_attempts)" = 7 ]
    [ "$(value_of async.worker_timeout)" = 12 ]
    [ "$(value_of async.retry_attempts)" = 7 ]
    run_km config check
    expect_status 0
    expect_output "Configuration is fine"
}

@test "the two configuration blocks of the guide are valid" {
    write_project_config '{"async": {"max_workers": 2, "max_queue_size": 100, "worker_timeout": 30, "retry_attempts": 3}}'
    run_km config check
    expect_output "Configuration is fine"
    write_project_config '{
  "async": {"enabled": true, "max_workers": 2, "max_queue_size": 100, "worker_timeout_seconds": 30,
    "task_retry_attempts": 3, "cleanup_interval_seconds": 60, "max_task_age_seconds": 300},
  "performance": {"max_recall_time_ms": 100.0, "max_generation_time_ms": 200.0, "enable_performance_monitoring": true}}'
    run_km config check
    expect_output "Configuration is fine"
}

@test "redaction turned off is warned about, also by status" {
    write_project_config '{"learn": {"redact_secrets": false}}'
    run_km config check
    expect_status 0
    expect_message '"learn.redact_secrets" is false: secrets in texts are stored as they are'
    run_km learn --sync 'The pump runs at noon.'
    expect_status 0
    run_km status
    expect_status 1
    expect_output_like 'learn.redact_secrets" is false: secrets in texts are stored as they are'
}

@test "an own pattern that does not compile is refused with its position, and nothing is queued" {
    write_project_config '{"learn": {"custom_patterns": {"bad": {"regex": "(a", "type": "note"}}}}'
    run_km config check
    expect_status 2
    expect_message 'learn.custom_patterns: pattern "bad" does not compile: pattern is wrong at offset 2'
    local mode
    for mode in '' --sync --dry-run; do
        run_km learn $mode 'The pump runs at noon.'
        expect_status 2
        expect_message 'config.json": learn.custom_patterns: pattern "bad" does not compile: pattern is wrong at offset 2'
    done
    run_km config set learn.custom_patterns '{"good": {"regex": "(a)", "type": "note"}}'
    expect_status 0
    run_km learn 'The pump runs at noon.'
    expect_status 0
}

@test "get: an unknown key is 3 with a suggestion" {
    run_km config get async.max_worker
    expect_status 3
    expect_message 'unknown key "async.max_worker"' 'did you mean "async.max_workers"?'
}

@test "set checks the value, keeps other members, and takes effect" {
    km init --quiet
    write_project_config '{"note": "ours", "async": {"max_workers": 2}}'
    run_km config set async.max_queue_size 500
    expect_status 0
    expect_output "Set async.max_queue_size"
    [ "$(value_of async.max_queue_size)" = 500 ]
    grep -q '"note"' "$MEMORY/config.json"
    km config set async.durability process --quiet
    [ "$(value_of async.durability)" = process ]
    km config set async.enabled false --quiet
    run_km learn "Learnt without a worker"
    expect_output_like "Using synchronous processing"
    run_km config set async.worker_timeout 44
    expect_status 0
    [ "$(value_of async.worker_timeout_seconds)" = 44 ]
    [ "$(stat -c %a "$MEMORY/config.json")" = 600 ]
}

@test "set refuses unknown keys and wrong values, and changes nothing" {
    km init --quiet
    cp "$MEMORY/config.json" before.json
    while IFS='|' read -r key value; do
        run_km config set -- "$key" "$value"
        [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || fail "set $key $value"
        expect_message "$key"
        cmp before.json "$MEMORY/config.json"
    done <<'CASES'
async.max_workers|0
async.max_workers|65
async.max_workers|two
async.max_workers|-2
async.max_workers|2.5
async.enabled|maybe
async.durability|best
async.max_queue_size|1000001
recall.confidence_threshold|1.5
performance.enhance_timeout_seconds|0
learn.custom_patterns|[]
async.nonsense|1
nonsense|1
CASES
}

# Each key, a value that is out of its range, and one of a wrong type.
WRONG='async.enabled 1 "yes"
async.max_workers 0 "2"
async.max_workers 65 2.5
async.max_queue_size 0 []
async.max_queue_size 1000001 true
async.worker_timeout_seconds 0 "x"
async.worker_timeout 3601 {}
async.task_retry_attempts 21 null_text
async.retry_attempts -1 "3"
async.cleanup_interval_seconds 0 "x"
async.max_task_age_seconds 2592001 "x"
async.worker_idle_seconds -1 "x"
async.queue_full_wait_ms 60001 "x"
async.durability "never" 1
async.max_memory_mb 15 "x"
performance.max_recall_time_ms 0 "x"
performance.max_generation_time_ms 60001 "x"
performance.enable_performance_monitoring 1 "true"
performance.enhance_timeout_seconds 0.01 "x"
performance.cache_size_mb 1025 "x"
recall.max_memories 0 "x"
recall.confidence_threshold 1.1 "x"
recall.max_context_chars 99 "x"
recall.standing_memories 21 "x"
learn.redact_secrets 1 "no"
learn.custom_patterns 1 "x"
retention.status -1 "x"
alerts.queue_percent 101 "x"
alerts.oldest_waiting_seconds 0 "x"
alerts.failure_percent 101 "x"
alerts.disk_free_mb -1 "x"
alerts.repeat_minutes -1 "x"'

@test "every key refuses wrong ranges and types, naming file, key and value; learn exits with 2, nothing is stored" {
    mkdir -m 700 "$MEMORY"
    while read -r key first second; do
        for value in "$first" "${second/null_text/\"three\"}"; do
            section=${key%%.*} name=${key#*.}
            printf '{"%s": {"%s": %s}}\n' "$section" "$name" "$value" >"$MEMORY/config.json"
            run_km learn "A text that must not be stored" --sync
            expect_status 2
            expect_message "$MEMORY/config.json" "$name"
            run_km config check
            expect_status 2
            run_km recall "anything"
            expect_status 0
            expect_message "$name"
        done
    done <<<"$WRONG"
    [ ! -e "$MEMORY/memories.db" ]
    rm "$MEMORY/config.json"
    [ "$(count_memories)" = 0 ]
}

@test "unknown keys warn and are no error" {
    write_project_config '{"async": {"max_worker": 3}, "colour": "blue"}'
    run_km config check
    expect_status 0
    [[ $stderr == *max_worker* ]]
    [[ $stderr == *colour* ]]
    run_km learn "A text that is stored all the same" --sync --quiet
    expect_status 0
    run_km config check --format json
    [ "$(json 'd["ok"], len(d["warnings"])')" = "(True, 2)" ]
}

@test "a file that is no JSON names the line" {
    write_project_config '{"async": {
"max_workers": 2,}}'
    run_km config check
    expect_status 2
    expect_message "$MEMORY/config.json" "line 2"
    run_km learn "A text that must not be stored"
    expect_status 2
    run_km config check --format json
    [ "$(json 'd["ok"]')" = False ]
    write_project_config '[1, 2]'
    run_km config check
    expect_status 2
}

@test "an alert command is taken from the user's file only" {
    write_project_config '{"alerts": {"command": ["/bin/touch", "/tmp/pwned"]}}'
    [ "$(origin_of alerts.command)" = built-in ]
    write_user_config '{"alerts": {"command": ["/bin/true"]}}'
    [[ $(value_of alerts.command) == *"/bin/true"* ]]
}

@test "init creates memory, configuration and store with private modes, and is safe to repeat" {
    run_km init
    expect_status 0
    expect_output "Created $MEMORY"
    [ "$(stat -c %a "$MEMORY")" = 700 ]
    [ "$(stat -c %a "$MEMORY/config.json")" = 600 ]
    [ "$(stat -c %a "$MEMORY/memories.db")" = 600 ]
    [ -e "$MEMORY/.gitignore" ]
    km learn "Kept through every init" --sync --quiet
    km config set async.max_workers 7 --quiet
    run_km init --format json
    [ "$(json 'd["created"], d["memory_dir"]')" = "(False, '$MEMORY')" ]
    [ "$(value_of async.max_workers)" = 7 ]
    km init --force --quiet
    [ "$(value_of async.max_workers)" = 2 ]
    [ "$(contents)" = "Kept through every init" ]
}

@test "modes do not depend on the umask" {
    umask 000
    km learn "Written under an open umask" --sync --quiet
    [ -z "$(find "$MEMORY" -perm /077)" ] || fail "$(find "$MEMORY" -perm /077)"
    umask 777
    cd "$PLACE/home"
    umask 277
    km learn "Written under a closed umask" --project "$PLACE/home/second" --sync --quiet 2>/dev/null || true
    umask 022
}

# ---- project ----

@test "project: option, environment, nearest memory, git root, current directory" {
    mkdir -p a/b/c option
    run_km project --project "$PWD/option" --format json
    [ "$(json 'd["root"], d["origin"]')" = "('$PWD/option', 'option')" ]
    run_km project --format json
    [ "$(json 'd["root"], d["origin"], d["memory_exists"], d["store_exists"]')" = "('$PLACE/project', 'environment', False, False)" ]
    unset KUZU_MEMORY_PROJECT
    cd a/b/c
    run_km project --format json
    [ "$(json 'd["root"], d["origin"]')" = "('$PWD', 'current')" ]
    mkdir -p "$PLACE/project/a/.git"
    run_km project --format json
    [ "$(json 'd["root"], d["origin"]')" = "('$PLACE/project/a', 'git')" ]
    mkdir -m 700 "$PLACE/project/a/b/kuzu-memories"
    run_km project --format json
    [ "$(json 'd["root"], d["origin"], d["memory_exists"]')" = "('$PLACE/project/a/b', 'memory', True)" ]
    run_km project
    expect_output_like "Root: +$PLACE/project/a/b"
    [[ $output == *"Chosen:"*"nearest"* ]]
}

@test "project: a linked worktree shares the memory of the main one" {
    unset KUZU_MEMORY_PROJECT
    # The files that `git worktree add` makes.
    mkdir -p main/.git/worktrees/linked "$PLACE/linked"
    echo "gitdir: $PWD/main/.git/worktrees/linked" >"$PLACE/linked/.git"
    echo "../.." >main/.git/worktrees/linked/commondir
    echo "$PLACE/linked/.git" >main/.git/worktrees/linked/gitdir
    cd "$PLACE/linked"
    run_km project --format json
    [ "$(json 'd["root"], d["origin"]')" = "('$PLACE/project/main', 'git')" ]
}

# make_worktree MAIN_GIT LINKED: the files that `git worktree add` makes.
make_worktree() {
    mkdir -p "$1/worktrees/linked" "$2"
    echo "gitdir: $1/worktrees/linked" >"$2/.git"
    echo "../.." >"$1/worktrees/linked/commondir"
    echo "$2/.git" >"$1/worktrees/linked/gitdir"
}

@test "project: a kuzu-memories/ that came with a worktree is no memory until something is learnt in it" {
    unset KUZU_MEMORY_PROJECT
    mkdir -p main/.git
    make_worktree "$PWD/main/.git" "$PLACE/linked"
    mkdir -m 700 "$PLACE/linked/kuzu-memories" # as version control brings it: the configuration alone
    echo '{}' >"$PLACE/linked/kuzu-memories/config.json"
    (cd main && km remember "We use tabs" --quiet)
    cd "$PLACE/linked" && mkdir -p src
    run_km project --format json
    [ "$(json 'd["origin"], d["root"].endswith("/main"), d["directory"].endswith("/linked")')" = "('git', True, True)" ]
    cd src
    run_km recall tabs --format raw
    expect_output "We use tabs"
    km --project "$PLACE/linked" remember "We use spaces" --quiet # a memory of its own, on purpose
    run_km recent --format raw
    expect_output "We use spaces"
}

@test "project: worktrees of a repository without a main one" {
    unset KUZU_MEMORY_PROJECT
    make_worktree "$PWD/shop.git" "$PLACE/one"
    make_worktree "$PWD/bare/.bare" "$PLACE/two"
    cd "$PLACE/one"
    run_km project --format json
    [ "$(json 'd["root"].endswith("/project/shop.git")')" = True ]
    cd "$PLACE/two"
    run_km project --format json
    [ "$(json 'd["root"].endswith("/project/bare")')" = True ]
}

@test "project: a folder that only claims to be a worktree is not handed the memory" {
    unset KUZU_MEMORY_PROJECT
    mkdir -p main/.git
    make_worktree "$PWD/main/.git" "$PLACE/linked"
    (cd main && km remember "The vault opens at nine" --quiet)
    mkdir -p "$PLACE/stranger" "$PLACE/forger/own"
    cp "$PLACE/linked/.git" "$PLACE/stranger/.git"
    echo "gitdir: own" >"$PLACE/forger/.git"
    echo "$PWD/main/.git" >"$PLACE/forger/own/commondir"
    echo "$PLACE/forger/.git" >"$PLACE/forger/own/gitdir"
    for place in stranger forger; do
        cd "$PLACE/$place"
        run_km project --format json
        [ "$(json 'd["root"].endswith("/'"$place"'")')" = True ] || fail "$place"
        run_km recall vault --format raw
        expect_output ""
    done
}

@test "project: subfolders, links and nested repositories; clones are projects of their own" {
    unset KUZU_MEMORY_PROJECT
    mkdir -p shop/.git shop/src/deep clone/.git
    ln -s "$PWD/shop" link
    (cd shop && km remember "We use tabs" --quiet)
    for place in shop/src/deep link link/src; do
        (cd "$place" && [ "$(km recall tabs --format raw)" = "We use tabs" ]) || fail "$place"
    done
    run_km --project link recall tabs --format raw
    expect_output "We use tabs"
    cd clone
    run_km project --format json
    [ "$(json 'd["root"].endswith("/clone"), d["memory_exists"]')" = "(True, False)" ]
    # One memory for both, by name; and what one has is brought into the other.
    run_km --project ../shop recall tabs --format raw
    expect_output "We use tabs"
    km --project ../shop export | km import - --quiet
    [ "$(km recent --format raw)" = "We use tabs" ]
    km --project ../shop export | km import - --quiet
    [ "$(count_memories)" = 1 ]
}

@test "project: a memory in the home folder is not used for everything under it" {
    unset KUZU_MEMORY_PROJECT
    mkdir -p "$HOME/work/thing"
    mkdir -m 700 "$HOME/kuzu-memories"
    cd "$HOME/work/thing"
    run_km project --format json
    [ "$(json 'd["root"]')" = "$HOME/work/thing" ]
}

@test "an own pattern that costs too much is given up and told, and the text is learnt" {
    text="the lid of the green box near the door of the hall was mended by the old team of the yard and it holds now"
    run_km config set learn.custom_patterns '{"slow": {"regex": "(?:[a-z ]+)+[#$]", "type": "note"}}'
    expect_status 0
    run_km learn "$text" --dry-run --format json
    expect_status 0
    [ "$(json 'len(d["memories"])')" = 1 ]
    [ "$(json '[s["text"] for s in d["skipped"] if s["reason"] == "costly pattern"]')" = "['custom:slow']" ]
    run_km learn "$text" --quiet
    expect_status 0
    drain
    [[ $(contents) == *"green box"* ]]
    grep -q '"event":"costly_pattern","pattern":"custom:slow","task":"' "$KUZU_MEMORY_PROJECT/kuzu-memories/worker.log"
}
