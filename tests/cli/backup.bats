#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# backup and restore: whole, checked, while everything runs, and never at the cost of what is there.
load helper

fill() {
    km remember "Alice decided to use Docker for deployment" --quiet
    km learn "Bob Miller leads the Kiwi project" --sync --quiet
    km remember "The staging server is called falcon" --quiet
    km worker stop --quiet 2>/dev/null || true
}

# Texts that wait and are not learnt yet.
leave_waiting() {
    local i
    for i in $(seq "$1"); do KUZU_MEMORY_PROGRAM=/bin/false km learn "Waiting text number $i" --verbatim --quiet; done
}

second_project() {
    export KUZU_MEMORY_PROJECT=$PLACE/second
    MEMORY=$KUZU_MEMORY_PROJECT/kuzu-memories
    mkdir -p "$KUZU_MEMORY_PROJECT"
}

export_lines() {
    km export | grep -v '"exported_at"'
}

@test "a backup restored into an empty project gives an equal export" {
    fill
    export_lines >"$PLACE/first"
    run_km backup "$PLACE/b.kmbackup"
    expect_status 0
    expect_output_like "^Backed up 3 memories to $PLACE/b.kmbackup \([0-9.]+ MiB, read back and checked\)$"
    [ "$(stat -c %a "$PLACE/b.kmbackup")" = 600 ]
    second_project
    run_km restore --dry-run "$PLACE/b.kmbackup"
    expect_status 0
    expect_output_like '^Would restore 3 memories of 20'
    [ ! -e "$MEMORY" ] || fail "a dry run created something"
    run_km restore "$PLACE/b.kmbackup"
    expect_status 0
    expect_output_like '^Restored 3 memories of 20'
    diff "$PLACE/first" <(export_lines)
    [[ $(km recall docker --format raw) == *Docker* ]]
    run_km doctor
    expect_status 0
}

@test "what waits in the queue is part of it, and waits again after" {
    fill
    leave_waiting 3
    run_km backup "$PLACE/b.kmbackup" --format json
    expect_status 0
    [ "$(json 'd["memories"], d["waiting_tasks"], d["version"]')" = "(3, 3, 1)" ]
    second_project
    km restore "$PLACE/b.kmbackup" --quiet
    drain
    [ "$(count_memories)" = 6 ]
    km restore "$PLACE/b.kmbackup" --quiet # again: nothing is doubled
    drain
    [ "$(count_memories)" = 6 ]
}

@test "texts that wait before there is a store can be backed up" {
    leave_waiting 2
    run_km backup "$PLACE/b.kmbackup" --format json
    expect_status 0
    [ "$(json 'd["memories"], d["waiting_tasks"]')" = "(0, 2)" ]
}

@test "restore keeps the store that was there, and it can be brought back" {
    fill
    km backup "$PLACE/b.kmbackup" --quiet
    km remember "Something newer than the backup" --quiet
    leave_waiting 1
    run_km restore --dry-run "$PLACE/b.kmbackup"
    expect_status 0
    [[ $output == *"The present store (4 memories) would be kept in kuzu-memories/aside/"* ]]
    [[ $output == *"1 tasks that wait would be learnt into the restored memory" ]]
    [ "$(count_memories)" = 4 ]
    run_km restore "$PLACE/b.kmbackup" --format json
    expect_status 0
    [ "$(json 'd["replaces"], d["replaced_memories"], d["waiting_tasks"], d["dry_run"]')" = "(True, 4, 1, False)" ]
    aside=$(json 'd["aside"]')
    drain
    [ "$(count_memories)" = 4 ] # three of the backup, and the one that waited
    [[ $(contents) != *newer* ]]
    run_km restore "$MEMORY/$aside/memories.db"
    expect_status 0
    [[ $(contents) == *newer* ]]
    [ "$(find "$MEMORY/aside" -name memories.db | wc -l)" -eq 2 ]
    [ -z "$(find "$MEMORY" -perm /077)" ] || fail "files open to others"
    run_km doctor
    expect_status 0
    [[ $output == *files.set_aside* ]]
}

@test "while a worker learns and others hand over, a backup holds all that was accepted before" {
    km learn "The first text" --verbatim --quiet
    for i in $(seq 40); do
        km learn "Steady text number $i" --verbatim --quiet
        if [ "$i" -eq 20 ]; then
            km backup "$PLACE/b.kmbackup" --quiet
        fi
    done
    drain
    second_project
    km restore "$PLACE/b.kmbackup" --quiet
    drain
    for i in $(seq 20); do [[ $(contents) == *"Steady text number $i"* ]] || fail "text $i is missing"; done
    run_km doctor
    expect_status 0
}

@test "restore under a running worker: it leaves, and another one goes on" {
    fill
    km backup "$PLACE/b.kmbackup" --quiet
    km worker start --quiet
    km learn "Text for the running worker" --verbatim --quiet
    drain
    run_km restore "$PLACE/b.kmbackup"
    expect_status 0
    [ "$(count_memories)" = 3 ]
    km learn "Text after the restore" --verbatim --quiet
    drain
    [ "$(count_memories)" = 4 ]
}

@test "damaged, cut and foreign files are refused, and nothing is changed" {
    fill
    leave_waiting 1
    km backup "$PLACE/good" --quiet
    size=$(stat -c %s "$PLACE/good")
    before=$(export_lines)
    for kind in flipped-store flipped-tail cut empty text sqlite newer; do
        cp "$PLACE/good" "$PLACE/bad"
        python3 - "$PLACE/bad" "$size" "$kind" <<'PY'
import os, sqlite3, struct, sys
path, size, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(path, "r+b") as f:
    def change(at, change):
        f.seek(at); byte = f.read(1); f.seek(at); f.write(bytes([change(byte[0])]))
    if kind == "flipped-store": change(20000, lambda b: b ^ 4)
    elif kind == "flipped-tail": change(size - 80, lambda b: b ^ 1)
    elif kind == "cut": f.truncate(size - 5000)
    elif kind == "empty": f.truncate(0)
    elif kind == "newer": f.seek(size - 120); f.write(struct.pack("<I", 9))
if kind == "text": open(path, "w").write("hello\n" * 100)
if kind == "sqlite":
    os.unlink(path)
    c = sqlite3.connect(path); c.execute("CREATE TABLE t(a)"); c.commit()
PY
        run_km restore "$PLACE/bad"
        case $kind in
        newer) expect_status 69 && expect_message "newer kuzu-memory" ;;
        sqlite) expect_status 69 && expect_message "not a store of kuzu-memory" ;;
        cut) [ "$status" -ne 0 ] || fail "$kind was accepted" ;;
        *) expect_status 2 && expect_message "$PLACE/bad" ;;
        esac
        [[ $stderr == "kuzu-memory: "* ]] || fail "$kind: no message"
    done
    [ "$before" = "$(export_lines)" ] || fail "the memory changed"
    [ ! -e "$MEMORY/aside" ]
    run_km restore "$PLACE/absent"
    expect_status 3
    run_km restore "$PLACE"
    expect_status 2
}

@test "backup replaces a backup and nothing else, and leaves nothing behind" {
    fill
    echo "my letters" >"$PLACE/letters"
    run_km backup "$PLACE/letters"
    expect_status 4
    expect_message "is no backup"
    [ "$(cat "$PLACE/letters")" = "my letters" ]
    km backup "$PLACE/b" --quiet
    km remember "One more" --quiet
    run_km backup "$PLACE/b"
    expect_status 0
    [[ $output == *"4 memories"* ]]
    run_km backup "$PLACE/absent/b"
    expect_status 73
    run_km backup "$PLACE/"
    expect_status 2
    [ -z "$(find "$PLACE" -name '*.tmp*')" ]
}

@test "without a memory there is nothing to back up" {
    run_km backup "$PLACE/b"
    expect_status 3
    [ ! -e "$MEMORY" ]
}

@test "a damaged store is not backed up as if it was sound" {
    for i in $(seq 3); do km learn --batch - --verbatim --sync --quiet < <(seq "$((i * 100))" "$((i * 100 + 99))" | sed 's/.*/{"content":"Line & of the damaged store, long enough to fill some pages"}/'); done
    km worker stop --quiet 2>/dev/null || true
    python3 - "$MEMORY/memories.db" <<'PY'
import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1]); c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
page = c.execute("SELECT pageno FROM dbstat WHERE name='memories' AND pagetype='leaf' LIMIT 1 OFFSET 2").fetchone()[0]
c.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((page - 1) * 4096); f.write(os.urandom(4096))
PY
    run_km backup "$PLACE/b"
    expect_status 69
    expect_message "damaged"
    [ ! -e "$PLACE/b" ]
}

@test "progress: JSON on standard error when asked for, nothing in a pipe" {
    fill
    run_km backup "$PLACE/b" --progress json
    expect_status 0
    [[ $stderr == *'"progress":"pages"'*'"progress":"bytes checked"'* ]] || fail "no progress"
    run_km restore "$PLACE/b" --progress json
    expect_status 0
    [[ $stderr == *'"progress":"bytes restored"'* ]] || fail "no progress"
    run_km backup "$PLACE/b"
    [ "$stderr" = "" ]
    km export >lines.jsonl
    run_km import lines.jsonl --progress json
    expect_status 0
    [[ $stderr == *'"progress":"bytes"'* ]] || fail "no progress of import"
}

# A backup around a database, as backup writes it: seal DATABASE FILE [VERSION OF THE FORM]
seal() {
    python3 - "$@" <<'PY'
import hashlib, struct, sys
store = open(sys.argv[1], "rb").read()
form = int(sys.argv[3]) if len(sys.argv) > 3 else 1
schema = int.from_bytes(store[60:64], "big")
head = struct.pack("<8sIIQQqQQQ16sQQ", b"KMBACKUP", form, 128, len(store), 0, 0, 1, 0, schema, b"0.0.9", 0, 0)
open(sys.argv[2], "wb").write(store + head + hashlib.sha256(store + head).digest())
PY
}

@test "a backup of an older version is brought up to date, one of a newer version refused" {
    old=$BATS_TEST_DIRNAME/../data/compat/store-1.db
    seal "$old" "$PLACE/old.kmbackup"
    cp "$old" "$PLACE/old.db"
    for file in "$PLACE/old.kmbackup" "$PLACE/old.db"; do
        run_km restore --dry-run "$file"
        expect_status 0
        [ ! -e "$MEMORY/memories.db" ] || fail "the preview made a store"
        run_km restore "$file"
        expect_status 0
        run_km stats --format json
        [ "$(json 'd["schema_version"]')" -ge 2 ]
        run_km doctor
        [[ $output != *store.* && $output != *counters.wrong* && $output != *search.* ]] || fail "not sound"
        run_km recall Docker
        [[ $output == *"Docker for deployment"* ]] || fail "not found"
        rm -rf "$MEMORY"
    done
    km remember "The warehouse is blue" --quiet
    before=$(contents)
    seal "$old" "$PLACE/form.kmbackup" 9
    cp "$old" "$PLACE/new.db"
    python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA user_version=99")' "$PLACE/new.db"
    seal "$PLACE/new.db" "$PLACE/schema.kmbackup"
    for file in form.kmbackup schema.kmbackup new.db; do
        run_km restore --dry-run "$PLACE/$file"
        expect_status 69
        expect_message newer
        run_km restore "$PLACE/$file"
        expect_status 69
        expect_message newer
        [ "$(contents)" = "$before" ] || fail "$file changed something"
    done
}

@test "a database that SQLite cannot make anything of is a damaged backup, whatever its checksum says" {
    km remember "The warehouse is blue" --quiet
    python3 - "$BATS_TEST_DIRNAME/../data/compat/store-1.db" "$PLACE/odd.db" <<'PY'
import sys
store = bytearray(open(sys.argv[1], "rb").read())
store[47] = 99 # the format of the schema, of which SQLite knows 1 to 4
open(sys.argv[2], "wb").write(store)
PY
    seal "$PLACE/odd.db" "$PLACE/odd.kmbackup"
    run_km restore "$PLACE/odd.kmbackup"
    expect_status 2
    expect_message damaged
    [ "$(contents)" = "The warehouse is blue" ]
}
