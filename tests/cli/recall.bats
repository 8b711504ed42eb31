#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# recall, recent, show, edit, forget.
load helper

store_three() {
    km learn "The billing service is written in Rust" --verbatim --sync --quiet --source review --session s1 \
        --at 2026-01-10 --key b1 --type fact
    km learn "We chose PostgreSQL as database of the billing service" --verbatim --sync --quiet --source chat --session s2 \
        --at 2026-02-10 --type decision
    km learn "The search service is written in Zig" --verbatim --sync --quiet --source chat --at 2026-03-10 --type fact
}

@test "json has every key of the contract" {
    store_three
    run_km recall "billing service" --format json
    expect_status 0
    [ "$(json 'd["query"]')" = "billing service" ]
    [ "$(json 'd["elapsed_ms"] > 0')" = True ]
    [ "$(json 'sorted(set(d["memories"][0]) & {"id", "key", "content", "type", "source", "speaker", "session", "created_at", "observed_at", "score", "confidence", "reason"})')" = \
        "['confidence', 'content', 'created_at', 'id', 'key', 'observed_at', 'reason', 'score', 'session', 'source', 'speaker', 'type']" ]
    [ "$(json '[m["score"] for m in d["memories"]] == sorted((m["score"] for m in d["memories"]), reverse=True)')" = True ]
    [ "$(json '{m["content"].split()[-1] for m in d["memories"][:2]} == {"Rust", "service"}')" = True ]
}

@test "in a pipe the default is a list, one memory a line, whole" {
    store_three
    run_km recall "billing Rust" --limit 1
    expect_status 0
    expect_output_like $'^[0-9a-f-]{36}\tfact\t2026-01-10\tThe billing service is written in Rust$'
    run_km recall "billing Rust" --limit 1 --format list --explain
    expect_output_like $'Rust\t[0-9.]+\t.+$'
}

@test "raw prints the texts alone, table prints columns" {
    store_three
    run_km recall "billing Rust" --limit 1 --format raw
    expect_output "The billing service is written in Rust"
    run_km recall "billing Rust" --limit 1 --format table
    expect_output_like '^ID +TYPE +DATE +MEMORY'
    [[ $output == *"The billing service is written in Rust" ]]
}

@test "filters: source, type, session, since, until, limit" {
    store_three
    texts() { km recall "$@" --format json | python3 -c 'import json, sys; print(sorted(m["content"].split()[-1] for m in json.load(sys.stdin)["memories"]))'; }
    [ "$(texts "service" --source chat)" = "['Zig', 'service']" ]
    [ "$(texts "service" --type decision)" = "['service']" ]
    [ "$(texts "service" --session s1)" = "['Rust']" ]
    [ "$(texts "service" --since 2026-02-01)" = "['Zig', 'service']" ]
    [ "$(texts "service" --until 2026-02-01)" = "['Rust']" ]
    [ "$(texts "service" --since 2026-02-01 --until 2026-03-01)" = "['service']" ]
    [ "$(texts "service" --source nobody)" = "[]" ]
    [ "$(km recall service --limit 2 --format raw | wc -l)" = 2 ]
}

@test "all filters together: a memory must pass each of them" {
    # One memory passes all; of each other one exactly one property is different.
    while IFS='|' read -r name source type session at; do
        km learn "The $name invoice was paid" --verbatim --sync --quiet --source "$source" --type "$type" --session "$session" \
            --at "$at"
    done <<'EOF'
whole|desk|fact|s1|2026-04-10
mailed|mail|fact|s1|2026-04-10
decided|desk|decision|s1|2026-04-10
other|desk|fact|s2|2026-04-10
early|desk|fact|s1|2026-03-31
late|desk|fact|s1|2026-05-01
EOF
    texts() { km recall invoice --format json "$@" | python3 -c 'import json, sys; print(*sorted(m["content"].split()[1] for m in json.load(sys.stdin)["memories"]))'; }
    local source=(--source desk) type=(--type fact) session=(--session s1) since=(--since 2026-04-01) until=(--until 2026-04)
    [ "$(texts "${source[@]}" "${type[@]}" "${session[@]}" "${since[@]}" "${until[@]}")" = whole ]
    # Each filter is the one that keeps its memory out.
    [ "$(texts "${type[@]}" "${session[@]}" "${since[@]}" "${until[@]}")" = "mailed whole" ]
    [ "$(texts "${source[@]}" "${session[@]}" "${since[@]}" "${until[@]}")" = "decided whole" ]
    [ "$(texts "${source[@]}" "${type[@]}" "${since[@]}" "${until[@]}")" = "other whole" ]
    [ "$(texts "${source[@]}" "${type[@]}" "${session[@]}" "${until[@]}")" = "early whole" ]
    [ "$(texts "${source[@]}" "${type[@]}" "${session[@]}" "${since[@]}")" = "late whole" ]
    [ "$(texts "${source[@]}" "${type[@]}" --session s2 --since 2026-05 --until 2026-05)" = "" ]
}

@test "words are found by their stem" {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    run_km recall "how do I deploy" --format raw
    expect_output "Team decided to use Docker for deployment"
}

@test "nothing found, and no memory yet: empty result, exit code 0, nothing created" {
    run_km recall "anything" --format json
    expect_status 0
    [ "$(json 'd["memories"]')" = "[]" ]
    run_km recall "anything"
    expect_output ""
    [ -z "$stderr" ]
    run_km recent
    expect_status 0
    expect_output ""
    [ ! -e "$MEMORY" ]
}

@test "a query with the syntax of the search engine is only words" {
    store_three
    for query in '"billing' 'billing AND' 'NEAR(billing' 'content:billing' '*' "bill'ing" '-billing' '^billing ( OR )' '\\'; do
        run_km recall -- "$query"
        expect_status 0
        [ -z "$stderr" ]
    done
}

@test "the query comes from standard input" {
    store_three
    [ "$(echo "billing Rust" | km recall --limit 1 --format raw)" = "The billing service is written in Rust" ]
    [ "$(echo "billing Rust" | km recall - --limit 1 --format raw)" = "The billing service is written in Rust" ]
}

@test "recent: newest first, --limit and --count, --source" {
    store_three
    [ "$(km recent --format raw | head -1)" = "The search service is written in Zig" ]
    [ "$(km recent --count 2 --format raw | wc -l)" = 2 ]
    [ "$(km recent --limit 1 --format raw)" = "The search service is written in Zig" ]
    [ "$(km recent --source review --format raw)" = "The billing service is written in Rust" ]
    for i in $(seq 12); do echo "{\"content\": \"Number $i is a number that we like\"}"; done | km learn --batch - --sync --quiet --verbatim
    [ "$(km recent --format raw | wc -l)" = 10 ]
}

# ---- batch ----

write_queries() {
    cat >queries.jsonl <<'LINES'
{"id": "q1", "query": "billing Rust", "limit": 1}
{"id": 2, "query": "search service", "now": "2026-03-11T00:00:00Z"}

{"query": "database"}
LINES
}

@test "--batch answers every line with its id and the memories with their keys" {
    store_three
    write_queries
    km recall --batch queries.jsonl >answers.jsonl
    [ "$(wc -l <answers.jsonl)" = 3 ]
    python3 - <<'PYTHON'
import json
answers = [json.loads(line) for line in open("answers.jsonl", encoding="utf-8")]
assert [a["id"] for a in answers] == ["q1", 2, None]
assert len(answers[0]["memories"]) == 1 and answers[0]["memories"][0]["key"] == "b1"
assert answers[1]["memories"][0]["content"].endswith("Zig")
assert answers[2]["memories"][0]["content"].startswith("We chose PostgreSQL")
PYTHON
    km recall --batch - --limit 1 <queries.jsonl | python3 -c 'import json, sys; assert all(len(json.loads(l)["memories"]) <= 1 for l in sys.stdin)'
}

@test "--batch -o writes a private file that appears only when complete" {
    store_three
    write_queries
    run_km recall --batch queries.jsonl -o answers.jsonl
    expect_status 0
    expect_output ""
    [ "$(wc -l <answers.jsonl)" = 3 ]
    [ "$(stat -c %a answers.jsonl)" = 600 ]
    cp answers.jsonl before.jsonl
    run_km recall --batch missing.jsonl -o answers.jsonl
    expect_status 3
    cmp answers.jsonl before.jsonl
    run_km recall --batch queries.jsonl -o "$PLACE/no/such/folder/answers.jsonl"
    expect_status 73
    expect_message "no such folder"
    run_km recall --batch queries.jsonl -o "$PLACE"
    expect_status 2
    [ "$(find . -name 'answers.jsonl*' | wc -l)" = 1 ]
}

@test "-o on a link replaces the file behind it, on a pipe writes into it" {
    store_three
    write_queries
    echo old >real.jsonl
    ln -s real.jsonl link.jsonl
    km recall --batch queries.jsonl -o link.jsonl
    [ -L link.jsonl ]
    [ "$(wc -l <real.jsonl)" = 3 ]
    mkfifo pipe
    cat pipe >through &
    km recall --batch queries.jsonl -o pipe
    wait
    [ -p pipe ]
    [ "$(wc -l <through)" = 3 ]
    km recall --batch queries.jsonl -o /dev/null
    [ -c /dev/null ]
}

@test "a bad line of a batch is reported with its number, the others are answered, exit code 2" {
    store_three
    printf '%s\n' '{"id": 1, "query": "billing"}' 'no json' '{"id": 3}' '{"id": 4, "query": "x", "limit": 0}' \
        '{"id": 5, "query": "x", "now": "soon"}' '{"id": 6, "query": 6}' '{"id": 7, "query": "search"}' >bad.jsonl
    run_km recall --batch bad.jsonl
    expect_status 2
    [ "$(wc -l <<<"$output")" = 2 ]
    for number in 2 3 4 5 6; do
        [[ $stderr == *"kuzu-memory: line $number of \"bad.jsonl\": "* ]] || fail "line $number is not reported"
    done
    expect_message "5 bad lines"
}

@test "--batch with a query beside it or another format is wrong usage" {
    write_queries
    run_km recall --batch queries.jsonl "and a query"
    expect_status 2
    run_km recall --batch queries.jsonl --format table
    expect_status 2
    run_km recall --batch queries.jsonl --format json
    expect_status 0
}

# ---- show, edit, forget ----

@test "show prints one memory by id or unique prefix, as text and as JSON" {
    store_three
    run_km recall "billing Rust" --limit 1 --format json
    id=$(json 'd["memories"][0]["id"]')
    run_km show "$id"
    expect_status 0
    [[ $output == *"ID:"*"$id"* ]]
    [[ $output == *"Source:"*"review"* ]]
    [[ $output == *$'\n\n'"The billing service is written in Rust" ]]
    run_km show "$id" --format json
    [ "$(json 'd["memory"]["id"], d["memory"]["seq"], d["memory"]["seen_count"], d["supersedes"]')" = "('$id', 1, 1, [])" ]
    run_km show "${id:0:23}" --format json
    [ "$(json 'd["memory"]["id"]')" = "$id" ]
}

@test "show: unknown id 3, ambiguous prefix 4, no id at all 2" {
    store_three
    run_km show 00000000-0000
    expect_status 3
    expect_message "00000000-0000"
    id=$(km recent --format list | head -1 | cut -c1-2)
    run_km show "$id"
    expect_status 4
    run_km show "not an id"
    expect_status 2
}

@test "edit replaces the text, in search too, and keeps the rest" {
    store_three
    run_km recall "billing Rust" --limit 1 --format json
    id=$(json 'd["memories"][0]["id"]')
    run_km edit "$id" "The billing service is written in Elixir"
    expect_status 0
    expect_output "Changed memory $id"
    [ -z "$(km recall Rust --format raw)" ]
    run_km recall "Elixir" --format json
    [ "$(json '[d["memories"][0][k] for k in ("id", "key", "source", "observed_at", "type")]')" = \
        "['$id', 'b1', 'review', '2026-01-10T00:00:00.000000Z', 'fact']" ]
    echo "The billing service is written in Haskell" | km edit "$id" --quiet
    [ "$(km recall Haskell --format raw)" = "The billing service is written in Haskell" ]
    run_km edit "$id" "   "
    expect_status 2
    run_km edit 00000000-0000 "text"
    expect_status 3
    [ "$(km recall Haskell --format raw)" = "The billing service is written in Haskell" ]
}

files_hold() {
    grep -rqaF "$1" "$PLACE/project"
}

@test "forget erases the words from every file" {
    km learn "The secret codename of the next release is Quetzalcoatl" --sync --quiet
    km learn "The search service is written in Zig" --sync --quiet
    km recall Quetzalcoatl >/dev/null
    files_hold Quetzalcoatl
    run_km recall Quetzalcoatl --format json
    id=$(json 'd["memories"][0]["id"]')
    run_km forget "$id"
    expect_status 0
    expect_output "Forgot 1 memories"
    [ -z "$(km recall Quetzalcoatl)" ]
    run ! files_hold Quetzalcoatl
    run ! files_hold quetzalcoatl
    [ "$(contents)" = "The search service is written in Zig" ]
    run_km forget "$id"
    expect_status 3
}

@test "forget takes many ids, all or none" {
    store_three
    mapfile -t ids < <(km recent --format list | cut -f1)
    run_km forget "${ids[0]}" 00000000-0000
    expect_status 3
    [ "$(count_memories)" = 3 ]
    run_km forget "${ids[0]}" "${ids[1]}" --format json
    expect_status 0
    [ "$(json 'd["count"], d["erased"], d["dry_run"], sorted(d["ids"])')" = \
        "(2, True, False, ['$(printf '%s\n' "${ids[0]}" "${ids[1]}" | sort | paste -sd, | sed "s/,/', '/")'])" ]
    [ "$(count_memories)" = 1 ]
}

@test "forget --dry-run changes nothing" {
    store_three
    id=$(km recent --limit 1 --format list | cut -f1)
    run_km forget "$id" --dry-run
    expect_status 0
    [[ $output == *Zig*"Would forget 1 memories" ]]
    run_km forget --query "billing" --dry-run --format json
    [ "$(json 'd["dry_run"], d["count"] >= 2')" = "(True, True)" ]
    [ "$(count_memories)" = 3 ]
}

@test "forget --query needs --confirm where nobody can be asked" {
    store_three
    run_km forget --query "billing service"
    expect_status 2
    expect_message "--confirm" "--dry-run"
    [ "$(count_memories)" = 3 ]
    run_km forget --query "Zig" --limit 1 --confirm
    expect_status 0
    [ "$(count_memories)" = 2 ]
    run_km forget --query "nothing like this exists" --confirm
    expect_output "Forgot 0 memories"
}

@test "forget --query asks on a terminal" {
    store_three
    TYPED=$'n\n' on_terminal 80 "$PROGRAM" forget --query "Zig" --limit 1
    expect_status 130
    [[ $output == *"Zig"*"[y/N]"* ]]
    [ "$(count_memories)" = 3 ]
    TYPED=$'y\n' on_terminal 80 "$PROGRAM" forget --query "Zig" --limit 1
    expect_status 0
    [ "$(count_memories)" = 2 ]
}

# ---- times, speakers, --explain ----

store_talk() {
    cat >talk.jsonl <<'LINES'
{"content": "We looked into an importer crash with an invoice of the bakery", "at": "2026-11-10T09:00:00Z", "session": "a", "speaker": "Ana"}
{"content": "We looked into an importer crash with an invoice of the florist", "at": "2026-03-04T09:00:00Z", "session": "b", "speaker": "Ben"}
{"content": "We looked into an importer crash with an invoice of the brewery", "at": "2025-11-12T09:00:00Z", "session": "c", "speaker": "assistant"}
LINES
    km learn --batch talk.jsonl --verbatim --sync --quiet
}

first() {
    km recall "$@" --now 2026-11-18 --limit 1 --format raw
}

@test "a time in the question prefers what was said then, counted from --now" {
    store_talk
    [[ $(first "Where did the importer crash last week?") == *bakery ]]
    [[ $(first "Where did the importer crash in March?") == *florist ]]
    [[ $(first "Where did the importer crash on 4 March 2026?") == *florist ]]
    [[ $(first "Where did the importer crash last year?") == *brewery ]]
    [[ $(km recall "Where did the importer crash last week?" --now 2025-11-20 --limit 1 --format raw) == *brewery ]]
}

@test "a name in the question prefers that speaker, \"you told\" the assistant" {
    store_talk
    [[ $(first "What did Ben say of the importer?") == *florist ]]
    [[ $(first "What does Ana know of the importer?") == *bakery ]]
    [[ $(first "What did you tell of the importer?") == *brewery ]]
}

@test "--since and --until take times in words" {
    store_talk
    texts() { km recall importer --now 2026-11-18 --format raw "$@" | awk '{ print $NF }' | sort | paste -sd' '; }
    [ "$(texts --since "last week")" = bakery ]
    [ "$(texts --since 2026-03)" = "bakery florist" ]
    [ "$(texts --until 2026-03)" = "brewery florist" ]
    [ "$(texts --since march --until march)" = florist ]
    [ "$(texts --until "last year")" = brewery ]
    [ "$(texts --until 2026-03-04)" = "brewery florist" ]
    [ "$(texts --until 2026-03-04T08:00)" = brewery ]
    [ "$(texts --since "8 days ago" --until yesterday)" = bakery ]
    run_km recall importer --since "when it rained"
    expect_status 2
    expect_message "--since" "last week"
}

@test "--explain tells words, speaker, times, priors and gate as JSON" {
    store_talk
    run_km recall "When did the importer crash in March, Ben?" --now 2026-11-18 --explain --format json
    expect_status 0
    [ "$(json 'sorted(t["text"] for t in d["explanation"]["terms"])')" = "['ben', 'crash', 'import', 'march']" ]
    [ "$(json 'all(t["weight"] > 0 for t in d["explanation"]["terms"])')" = True ]
    [ "$(json 'd["explanation"]["speaker"], d["explanation"]["asks_when"]')" = "('Ben', True)" ]
    [ "$(json 'd["explanation"]["times"]')" = "[{'phrase': 'March', 'from': '2026-03-01T00:00:00.000000Z', 'until': '2026-04-01T00:00:00.000000Z'}]" ]
    [ "$(json 'd["explanation"]["threshold"], d["explanation"]["silent"] == (d["explanation"]["confidence"] < 0.3)')" = "(0.3, True)" ]
    [ "$(json '0 <= d["explanation"]["coverage"] <= 1 and d["explanation"]["unseen_share"] == 0.5 and d["explanation"]["units"] == 3')" = True ]
    [ "$(json 'd["memories"][0]["match"]["speaker"], d["memories"][0]["match"]["date"]')" = "(1, 0.7)" ]
    [ "$(json 'all(abs(m["match"]["words"] * m["match"]["factor"] - m["score"]) < 1e-3 * m["score"] for m in d["memories"])')" = True ]
    run_km recall importer --format json
    [ "$(json '"explanation" in d or "match" in d["memories"][0]')" = False ]
}

@test "--explain as text: what was understood, then each memory with its parts" {
    store_talk
    run_km recall "Where did the importer crash last week?" --now 2026-11-18 --explain
    expect_status 0
    [[ $output == "# words:"*import* ]]
    [[ $output == *'# time: "last week" is 2026-11-09 to 2026-11-15'* ]]
    [[ $output == *"threshold 0.30: enhance gives what is relevant"* ]]
    expect_output_like $'bakery\t[0-9.]+\twords [0-9.]+, cover [0-9]+%.*date 0.70; times [0-9.]+'
    echo '{"id": 1, "query": "importer"}' | km recall --batch - --explain >answers.jsonl
    python3 -c 'import json; a = json.loads(open("answers.jsonl").read()); assert a["explanation"]["terms"] and a["memories"][0]["match"]'
}
