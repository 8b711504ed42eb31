# The memory that follows the user: --user, what enhance makes of both, and what never happens by itself.
# shellcheck disable=SC2154,SC2164 # status, output and stderr are set by bats; a cd that fails ends the test

load helper

OWN=.local/share/kuzu-memory/kuzu-memories

teardown() {
    leave_place
    "$PROGRAM" --user worker stop --force --timeout 5 --quiet >/dev/null 2>&1 || true
}

place_own() {
    printf '%s' "$HOME/$OWN"
}

used() {
    json '[m["content"] for m in d["memories_used"]]'
}

@test "--user has a memory of its own, private, in the data folder" {
    km learn "I prefer answers in German" --user --quiet
    km --user tasks wait --all --timeout 30 --quiet
    run_km recent --user --format raw
    expect_output "I prefer answers in German"
    [ "$(count_memories)" = 0 ]
    [ ! -e "$MEMORY" ]
    [ "$(stat -c %a "$(place_own)")" = 700 ]
    [ "$(stat -c %a "$HOME/.local/share/kuzu-memory")" = 700 ]
    [ "$(stat -c %a "$(place_own)/memories.db")" = 600 ]
}

@test "XDG_DATA_HOME moves it" {
    export XDG_DATA_HOME=$PLACE/data
    km remember --user "I use vim" --quiet
    [ -f "$PLACE/data/kuzu-memory/kuzu-memories/memories.db" ]
    [ ! -e "$HOME/.local" ]
    run_km project --user --format json
    [ "$(json 'd["origin"]')" = user ]
    [ "$(json 'd["root"]')" = "$PLACE/data/kuzu-memory" ]
}

@test "reading never creates it" {
    km remember "The build uses Meson" --quiet
    local command
    for command in "enhance build" "recall build" "recent" "stats" "status" "export" "project"; do
        # shellcheck disable=SC2086 # words
        km --user $command >/dev/null 2>&1 || true
    done
    km enhance "which build?" >/dev/null
    printf '{"session_id":"s","prompt":"which build?"}' | km hook prompt --client generic >/dev/null
    [ ! -e "$HOME/.local" ]
}

@test "--user and --project exclude each other, and install keeps its own --user" {
    run_km --user --project "$PLACE" recent
    expect_status 2
    expect_message --user --project
    run_km install --user --dry-run claude-code
    expect_status 0
    [ ! -e "$HOME/.local/share/kuzu-memory" ]
}

@test "without HOME it says what is missing" {
    run --separate-stderr env -u HOME "$PROGRAM" --user learn text
    expect_status 2
    expect_message HOME XDG_DATA_HOME
}

@test "enhance gives the project's first, then the user's, marked in JSON" {
    km remember "The API answers with JSON and snake_case names" --quiet
    km remember --user "I prefer examples with curl when an API is explained" --quiet
    run_km enhance "How does the API answer?" --format json
    [ "$(used)" = "['The API answers with JSON and snake_case names', 'I prefer examples with curl when an API is explained']" ]
    [ "$(json '[m.get("scope") for m in d["memories_used"]]')" = "[None, 'user']" ]
}

@test "without any project memory the user's is given" {
    km remember --user "I prefer tabs over spaces" --quiet
    run_km enhance "tabs or spaces?" --format plain
    expect_output_like "1. I prefer tabs over spaces"
    [ ! -e "$MEMORY" ]
}

@test "of contradicting ones the project's wins, also where it is the older and the worse match" {
    km remember "My editor is emacs" --quiet
    km remember "This project keeps its data in PostgreSQL" --quiet
    km remember --user "My editor is vim" --quiet
    run_km enhance "Which editor do I use for PostgreSQL?" --format json
    [[ $(used) == *emacs* && $(used) != *vim* ]] || fail "the project's should win"
    km remember --user "My shell is fish" --quiet
    run_km enhance "What is my shell?" --format json
    [[ $(used) == *fish* ]] || fail "what the project does not say should come from the user"
}

@test "what both say comes once" {
    km remember "Always write the tests first" --quiet
    km remember --user "Always write the tests first" --quiet
    run_km enhance "shall I write the tests first?" --format json
    [ "$(used)" = "['Always write the tests first']" ]
}

@test "places and characters are limits for both together" {
    local i
    for i in 1 2 3; do
        km remember "Deployment rule $i of the project says step $i" --quiet
        km remember --user "Deployment habit $i of mine says act $i" --quiet
    done
    run_km enhance "deployment rule habit says" --max-memories 4 --confidence-threshold 0 --format json
    [ "$(json 'len(d["memories_used"])')" = 4 ]
    [ "$(json '[m.get("scope") for m in d["memories_used"]]')" = "[None, None, None, 'user']" ]
    run_km enhance "deployment rule habit says" --max-chars 100 --confidence-threshold 0 --format json
    [ "$(json 'len(d["memories_used"])')" = 2 ]
}

@test "a broken memory of the user takes nothing away" {
    km remember "The API answers with JSON" --quiet
    km remember --user "I prefer curl" --quiet
    printf 'no database at all, but long enough to be looked at as one: %0100d' 0 >"$(place_own)/memories.db"
    rm -f "$(place_own)"/memories.db-*
    run_km enhance "How does the API answer?" --format plain
    expect_status 0
    expect_output_like "1. The API answers with JSON"
    expect_message "your own memory"
}

@test "recall.user_memory = false leaves it out, and a project cannot turn it on again" {
    km remember --user "I prefer tabs over spaces" --quiet
    km remember "We use clang-format" --quiet
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    printf '{"recall": {"user_memory": false}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    run_km enhance "tabs or spaces?" --format json
    [ "$(used)" = "[]" ]
    printf '{"recall": {"user_memory": true}}' >"$MEMORY/config.json"
    run_km enhance "tabs or spaces?" --format json
    [ "$(used)" = "[]" ]
    run_km config check
    [[ $output$stderr == *"recall.user_memory"* ]] || fail "expected a warning"
    rm "$XDG_CONFIG_HOME/kuzu-memory/config.json"
    run_km enhance "tabs or spaces?" --format json
    [ "$(used)" = "['I prefer tabs over spaces']" ]
}

@test "nothing is learnt there by itself; learn.user_preferences adds what the user prefers" {
    km learn "I prefer tabs over spaces. The build uses Meson." --sync --quiet
    [ ! -e "$HOME/.local" ]
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    printf '{"learn": {"user_preferences": true}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    km learn "I prefer short answers. The build uses Meson." --format json >/dev/null
    km learn "I prefer long lines." --speaker assistant --quiet
    km remember "I like dark themes" --type preference --quiet
    drain
    km --user tasks wait --all --timeout 30 --quiet
    run_km --user recent --format raw
    expect_output "I like dark themes
I prefer short answers."
    [[ $(contents) == *"I prefer short answers."* ]]
    run_km learn "I prefer ours." --format json
    [ "$(json 'd["user_preferences"]')" = 1 ]
}

@test "learn.user_preferences is not taken from a project, redacts, and counts a key once" {
    km init >/dev/null
    printf '{"learn": {"user_preferences": true}}' >"$MEMORY/config.json"
    km learn "I prefer tabs over spaces." --sync --quiet
    [ ! -e "$HOME/.local" ]
    rm "$MEMORY/config.json"
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    printf '{"learn": {"user_preferences": true}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    km learn "I prefer the key AKIAIOSFODNN7EXAMPLE for tests." --key once --quiet
    km learn "I prefer the key AKIAIOSFODNN7EXAMPLE for tests." --key once --quiet
    km --user tasks wait --all --timeout 30 --quiet
    run_km --user recent --format json
    [ "$(json 'len(d["memories"])')" = 1 ]
    [[ $output != *AKIAIOSFODNN7EXAMPLE* ]] || fail "the secret is there"
    [[ $(km --user show "$(json 'd["memories"][0]["id"]')") == *"Seen:"*" 1"* ]]
}

@test "a memory of the user that cannot be written is told and fails nothing" {
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory" "$HOME/.local/share"
    printf '{"learn": {"user_preferences": true}}' >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
    printf file >"$HOME/.local/share/kuzu-memory"
    run_km learn "I prefer short answers."
    expect_status 0
    expect_message "your own"
    drain
    [[ $(contents) == *"I prefer short answers."* ]]
}

@test "forget says where it looked, and --everywhere looks in both" {
    km remember "The staging server is called heron" --quiet
    km remember --user "I call the staging server heron" --quiet
    local id
    id=$(km --user recent --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')
    run_km forget "$id"
    expect_status 3
    expect_message "your own memory" --user --everywhere
    run_km forget --query "staging server heron" --confirm
    expect_output "Forgot 1 memories"
    [ "$(km --user recent --format raw | wc -l)" = 1 ]
    km remember "The staging server is called heron" --quiet
    run_km forget --query "staging server heron" --everywhere --dry-run
    [[ $output == *"Would forget 2 memories"*"your own"* ]] || fail "both should be shown"
    run_km forget --query "staging server heron" --everywhere --confirm --format json
    [ "$(json 'd["count"], d["erased"], len(d["ids"])')" = "(2, True, 2)" ]
    [ "$(count_memories)" = 0 ]
    run ! grep -q heron "$(place_own)/memories.db"
}

@test "hooks and the tools of assistants see both" {
    km remember "The API answers with JSON" --quiet
    km remember --user "I prefer curl for every API" --quiet
    run_km hook prompt --client generic <<<'{"session_id":"s1","prompt":"How do I call the API?"}'
    [[ $output == *JSON*curl* ]] || fail "both should be there"
    run_km hook session-start --client generic <<<'{"session_id":"s2"}'
    expect_output_like "I prefer curl for every API"
    local id
    id=$(km --user recent --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')
    run_km mcp <<<'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"recall","arguments":{"query":"curl API"}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"forget","arguments":{"ids":["'"$id"'"]}}}'
    [[ $output == *"\"scope\":\"user\""* && $output == *"Erased 1 note"* ]] || fail "the tools should reach both"
    [ "$(km --user recent --format raw | wc -l)" = 0 ]
}

@test "the worker of the user's memory is its own" {
    km learn --user "I prefer tabs" --quiet
    km --user tasks wait --all --timeout 30 --quiet
    run_km --user worker status --format json
    expect_status 0
    run_km --user stats --format json
    [ "$(json 'd["completed_tasks"]')" = 1 ]
    run_km --user export
    [[ $output == *"I prefer tabs"* ]]
    printf '%s\n' "$output" >"$PLACE/own.jsonl"
    run_km import "$PLACE/own.jsonl"
    expect_status 0
    [[ $(contents) == *"I prefer tabs"* ]]
}

@test "import --user goes to the user's memory alone, and once" {
    km init --quiet
    printf '# Rules\n\n- Never push to main on Fridays.\n' >"$PLACE/AGENTS.md"
    for _ in 1 2; do
        run_km --user import "$PLACE/AGENTS.md"
        expect_status 0
        km --user tasks wait --all --timeout 30 --quiet
    done
    [ "$(km --user recent --format raw | grep -c "Never push to main on Fridays")" = 1 ]
    [ "$(count_memories)" = 0 ]
}
