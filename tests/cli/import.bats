#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# import of what other programs remember: rules, memory folders, the reference memory server, conversations.
load helper

SESSION=0a1b2c3d-0000-4000-8000-000000000001

write_rules() {
    cat >AGENTS.md <<'MD'
# Shop

This file gives guidance to agents.

## Code style

- Use tabs, never spaces
- Functions stay below fifty lines

## Don't

- Commit to main

```sh
echo "- Always hidden in code"
```
MD
}

# said SPEAKER TEXT TIME: a line of Claude Code's transcript.
said() {
    python3 -c '
import json, sys
kind, text, time, session = sys.argv[1:]
print(json.dumps({"isSidechain": False, "sessionId": session, "type": kind, "timestamp": time,
                  "message": {"role": kind, "content": text}}, separators=(",", ":")))' "$@" "$SESSION"
}

all_memories() {
    km recent --limit 1000 --format json | python3 -c '
import json, sys
for m in json.load(sys.stdin)["memories"]: print(m["type"], m["source"], m["content"], sep="|")' | LC_ALL=C sort
}

@test "rules become standing memories with their source and heading, once" {
    write_rules
    ln -s AGENTS.md CLAUDE.md
    echo '{"not": "ours"}' >data.jsonl
    run_km import . --dry-run
    expect_status 0
    expect_output "Would import 3 memories (0 known already, 0 rejected)"
    [ ! -e "$MEMORY" ]
    run_km import .
    expect_status 0
    expect_output "Imported 3 memories (0 known already, 0 rejected)"
    [ "$(all_memories)" = "rule|AGENTS.md|Code style: Functions stay below fifty lines
rule|AGENTS.md|Code style: Use tabs, never spaces
rule|AGENTS.md|Don't: Commit to main" ]
    run_km import AGENTS.md CLAUDE.md --format json
    [ "$(json 'd["imported"], d["duplicates"], d["replaced"], [f["format"] for f in d["files"]]')" = "(0, 3, 0, ['rules'])" ]
    [[ $(km enhance "Write the parser for the settings file" --format plain) == *"Use tabs, never spaces"* ]]
}

@test "a rule that was changed replaces the old one, also back and forth; one that is gone is told" {
    write_rules
    km import AGENTS.md --quiet
    sed -i 's/Use tabs, never spaces/Use two spaces, never tabs/' AGENTS.md
    run_km import AGENTS.md
    expect_status 0
    [[ $output == *"Imported 1 memories (2 known already"*"said before: 1" ]]
    [[ $(all_memories) == *"Use two spaces"* ]]
    [[ $(all_memories) != *"Use tabs, never"* ]]
    sed -i 's/Use two spaces, never tabs/Use tabs, never spaces/' AGENTS.md
    km import AGENTS.md --quiet
    [[ $(all_memories) == *"Use tabs, never"* ]]
    [[ $(all_memories) != *"Use two spaces"* ]]
    sed -i '/Commit to main/d' AGENTS.md
    run_km import AGENTS.md
    expect_status 0
    expect_output "Imported 0 memories (2 known already, 0 rejected)"
    expect_message "AGENTS.md" "no longer"
}

@test "secrets in rules are removed, and the rule is known again" {
    printf -- '- Deploy with ghp_%s always\n' abcdefghijklmnopqrstuvwxyz0123456789 >AGENTS.md
    km import AGENTS.md --quiet
    [[ $(all_memories) == *"redacted"* ]]
    run grep -r abcdefghijklmnopqrstuvwxyz "$MEMORY"
    expect_status 1
    run_km import AGENTS.md
    expect_output "Imported 0 memories (1 known already, 0 rejected)"
}

@test "Claude Code's memory folder: one memory a file, the index left out, a changed file replaces" {
    local folder=$HOME/.claude/projects/-p/memory
    mkdir -p "$folder"
    printf -- '- [Testing](feedback_testing.md) — a real database\n' >"$folder/MEMORY.md"
    printf -- '---\nname: testing\ndescription: how to test\ntype: feedback\n---\n\nTests hit a real database.\n**Why:** mocks hid a bug.\n' \
        >"$folder/feedback_testing.md"
    run_km import "$HOME/.claude/projects/-p"
    expect_status 0
    expect_output "Imported 1 memories (0 known already, 0 rejected)"
    [ "$(all_memories)" = "rule|claude-code:memory|Tests hit a real database. Why: mocks hid a bug." ]
    printf -- '---\nname: testing\ndescription: how to test\ntype: feedback\n---\n\nAll suites run on falcon.\n' >"$folder/feedback_testing.md"
    km import "$folder/" --quiet
    [ "$(all_memories)" = "rule|claude-code:memory|All suites run on falcon." ]
}

@test "the reference memory server's file: good lines are stored, bad ones told with their number" {
    cat >graph.jsonl <<'JSON'
{"type":"entity","name":"Jane_Doe","entityType":"person","observations":["Speaks fluent Spanish","Jane Doe leads billing"]}
{"type":"relation","from":"Jane_Doe","to":"Acme","relationType":"works_at"}
{"type":"entity","name":"cut
JSON
    run_km import graph.jsonl
    expect_status 2
    expect_output "Imported 3 memories (0 known already, 1 rejected)"
    expect_message "line 3" graph.jsonl
    [[ $(all_memories) == *"|memory-server|Jane Doe works at Acme"* ]]
    [[ $(all_memories) == *"|memory-server|Jane Doe: Speaks fluent Spanish"* ]]
    run_km import - <graph.jsonl
    expect_status 2
    expect_output "Imported 0 memories (3 known already, 1 rejected)"
}

@test "a conversation is learnt once, by import and by hooks, with its times" {
    local folder=$HOME/.claude/projects/-p
    mkdir -p "$folder"
    km init --quiet
    {
        said user "We decided to use Postgres for billing." 2026-10-01T10:00:00Z
        said assistant "The invoices table is partitioned by month." 2026-10-01T10:00:05Z
        said user "/compact" 2026-10-01T10:00:09Z
    } >"$folder/$SESSION.jsonl"
    run_km import "$folder" --dry-run
    expect_status 0
    expect_output "Would learn 2 messages of 1 conversations"
    [ "$(count_memories)" = 0 ]
    run_km import "$folder"
    expect_status 0
    drain
    [ "$(count_memories)" = 2 ]
    run_km recall "billing Postgres" --format json
    [ "$(json 'd["memories"][0]["observed_at"][:10], d["memories"][0]["session"], d["memories"][0]["source"]')" \
        = "('2026-10-01', '$SESSION', 'claude-code')" ]
    echo "{\"session_id\": \"$SESSION\", \"prompt\": \"We decided to use Postgres for billing.\"}" |
        km hook UserPromptSubmit --client claude-code >/dev/null
    km import "$folder/$SESSION.jsonl" --quiet
    drain
    run_km stats --format json
    [ "$(json 'd["memories"]')" = 2 ]
    run_km recall "billing Postgres" --format json
    km export | python3 -c '
import json, sys
assert all(m.get("seen_count", 1) == 1 for m in map(json.loads, sys.stdin) if m["record"] == "memory")'
}

@test "Codex: conversations of other folders are passed over, memories of other folders too" {
    local day=$HOME/.codex/sessions/2026/11/22 id=0a1b2c3d-0000-4000-8000-00000000000
    mkdir -p "$day" "$HOME/.codex/memories"
    for n in 1 2; do
        local cwd=$PLACE/project
        [ "$n" = 1 ] || cwd=/somewhere/else
        printf '%s\n' "{\"timestamp\":\"2026-11-22T10:00:00Z\",\"type\":\"session_meta\",\"payload\":{\"id\":\"$id$n\",\"cwd\":\"$cwd\"}}" \
            "{\"timestamp\":\"2026-11-22T10:00:01Z\",\"type\":\"event_msg\",\"payload\":{\"type\":\"user_message\",\"message\":\"Server $n stands in Bremen.\"}}" \
            >"$day/rollout-2026-11-22T10-00-00-$id$n.jsonl"
    done
    printf '# Task Group: a\n\napplies_to: cwd=%s; x\n\n## User preferences\n\n- tag before publishing [Task 1]\n\n# Task Group: b\n\napplies_to: cwd=/b; x\n\n## User preferences\n\n- not for us here\n' \
        "$PLACE/project" >"$HOME/.codex/memories/MEMORY.md"
    run_km import "$HOME/.codex"
    expect_status 0
    [[ $output == *"Imported 1 memories"*"Learning 1 messages of 1 conversations"* ]]
    expect_message "1 conversations in other folders"
    drain
    [[ $(all_memories) == *"preference|codex:memory|tag before publishing"* ]]
    [[ $(all_memories) == *"Server 1 stands in Bremen."* ]]
    [[ $(all_memories) != *"Server 2"* ]]
}

@test "--from decides, wrong names and empty folders are refused" {
    echo "Never deploy on Fridays." >notes.txt
    run_km import notes.txt
    expect_status 2
    run_km import --from rules notes.txt
    expect_status 0
    [ "$(all_memories)" = "rule|notes.txt|Never deploy on Fridays." ]
    mkdir empty
    run_km import empty
    expect_status 3
    expect_message "empty"
    run_km import --from nothing notes.txt
    expect_status 2
    run_km import --from claude-code - <notes.txt
    expect_status 2
    expect_message "standard input"
}

@test "a dry run on a terminal shows what would come" {
    write_rules
    run python3 "$BATS_TEST_DIRNAME/terminal.py" 100 "$PROGRAM" import . --dry-run --no-color
    [[ $output == *"AGENTS.md: rules for assistants, 3 statements"* ]]
    [[ $output == *"Code style: Use tabs, never spaces"* ]]
}

@test "an import of much leaves no long log, which every reader would go through" {
    python3 -c '
import json
for number in range(2000):
    print(json.dumps({"content": f"The sensor {number} of the greenhouse sends its values to port {9000 + number}."}))' |
        km import - --quiet
    [ "$(stat -c %s kuzu-memories/memories.db-wal 2>/dev/null || echo 0)" -eq 0 ] || fail "$(ls -l kuzu-memories)"
}
