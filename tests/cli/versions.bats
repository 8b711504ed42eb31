#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# Files that a later program wrote: refused plainly, left as they are, and what was handed over meanwhile is not lost.
load helper

# A store with one memory and one text that waits, as nobody uses it.
fill() {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    km worker stop --quiet || true
    KUZU_MEMORY_PROGRAM=/bin/false km learn "The heron is the name of the staging server" --quiet
}

# set_version NUMBER: of the store, in the file itself; says which it was.
set_version() {
    python3 - "$MEMORY/memories.db" "$1" <<'PY'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
print(database.execute("PRAGMA user_version").fetchone()[0])
database.execute(f"PRAGMA user_version={int(sys.argv[2])}")
database.commit()
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
PY
}

@test "a store of a later program: every command refuses plainly, changes nothing, and texts wait for that program" {
    fill
    id=$(km recent --limit 1 --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')
    km export -o "$PLACE/export.jsonl" --quiet
    km backup "$PLACE/backup.kmb" --quiet
    known=$(set_version 99)
    before=$(md5sum <"$MEMORY/memories.db")
    while read -r words; do
        # shellcheck disable=SC2086
        run_km $words
        expect_status 69
        expect_message "newer kuzu-memory (schema 99, this one knows $known)" "update this program"
        [ "$(md5sum <"$MEMORY/memories.db")" = "$before" ] || fail "$words changed the store"
    done <<EOF
learn A-text-about-geese --sync
remember Geese-fly
recall deployment
recent
show $id
edit $id Other-words
forget $id
stats
metrics
tasks list
tasks retry --all
tasks purge
tasks wait --all --timeout 2
worker run --until-idle
export
backup $PLACE/other.kmb
import $PLACE/export.jsonl
init
EOF
    for words in status doctor "doctor --fix"; do
        # shellcheck disable=SC2086
        run_km $words
        expect_status 2
        [[ $output == *"newer kuzu-memory (schema 99"*"which -a kuzu-memory"* ]] || fail "$words does not say so"
        [[ $output != *"new store"* ]] || fail "$words would make another store"
    done
    run_km enhance "How do we deploy?" --format plain
    expect_status 0
    expect_output "How do we deploy?"
    run_km learn "Swans were seen at the lake"
    expect_status 0
    [ "$(md5sum <"$MEMORY/memories.db")" = "$before" ]
    [ ! -e "$MEMORY/aside" ]
    # One worker after the other would be started while somebody waits for it.
    [ "$(grep -c worker_started "$MEMORY/worker.log")" -lt 12 ] || fail "too many workers"
    set_version "$known" >/dev/null
    drain
    [[ $(contents) == *Swans*heron*Docker* ]] || fail "something is lost: $(contents)"
}

# The version of an upgrade that was killed stands in the log alone.
@test "doctor --fix leaves a store of a later program alone whose version stands in the log" {
    fill
    python3 - "$MEMORY/memories.db" <<'PY'
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.execute("CREATE TABLE later(x)")
database.execute("INSERT INTO later VALUES('precious')")
version = database.execute("PRAGMA user_version").fetchone()[0]
database.execute(f"PRAGMA user_version={version + 1}")
database.commit()
os._exit(0)
PY
    [ -s "$MEMORY/memories.db-wal" ]
    run_km doctor --fix
    expect_status 2
    [[ $output == *"newer kuzu-memory"* ]] || fail "not told"
    [ ! -e "$MEMORY/aside" ] || fail "set aside"
    [ "$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT x FROM later").fetchone()[0])' "$MEMORY/memories.db")" = precious ]
}

@test "a journal of a later program: what needs the queue refuses plainly, the rest works, the file stays as it is" {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    km worker stop --quiet || true
    install -m 600 "$KM_TEST_DATA/compat/journal-later" "$MEMORY/queue/journal"
    id=$(km recent --limit 1 --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["memories"][0]["id"])')
    while read -r words; do
        # shellcheck disable=SC2086
        run_km $words
        expect_status 69
        expect_message "newer version of kuzu-memory; upgrade this one"
        cmp "$KM_TEST_DATA/compat/journal-later" "$MEMORY/queue/journal" || fail "$words changed the journal"
    done <<EOF
learn A-text-about-geese
forget $id
stats
tasks list
tasks show 0
tasks purge
tasks wait --all --timeout 2
worker run --until-idle
backup $PLACE/other.kmb
EOF
    for words in status doctor "doctor --fix"; do
        # shellcheck disable=SC2086
        run_km $words
        expect_status 2
        [[ $output == *"queue.unreadable"*"newer version"*"which -a kuzu-memory"* ]] || fail "$words does not say so"
    done
    run_km recall deployment
    expect_status 0
    [[ $output == *Docker* ]]
    run_km learn "Geese fly south" --sync --quiet
    expect_status 0
    cmp "$KM_TEST_DATA/compat/journal-later" "$MEMORY/queue/journal"
    # The program that can read it has lost nothing.
    cat "$KM_TEST_DATA/compat/journal-1" >"$MEMORY/queue/journal"
    drain
    [[ $(contents) == *"said more than this one knows"*"port 8080"*Podman*Geese*Docker* ]] || fail "$(contents)"
}
