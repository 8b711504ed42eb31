#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# Bad input and bad surroundings: a message that says what and what to do, the documented exit code, nothing lost,
# nothing half written. enhance gives the prompt back in all of them.
load helper

# In a mount namespace of its own.
mounted() {
    if [ "$(id -u)" = 0 ]; then
        timeout 100 unshare --mount bash -c "$@"
    else
        timeout 100 unshare --map-root-user --mount bash -c "$@"
    fi
}

expect_prompt_back() {
    run --separate-stderr "$@" enhance "How do I deploy this?" --format plain
    expect_status 0
    [[ $output == *"How do I deploy this?" ]] || fail "the prompt is lost"
}

@test "empty and blank texts" {
    for text in "" " " $'\n\t  \n' $'\xc2\xa0\xe2\x80\x83'; do
        for command in learn remember; do
            run_km "$command" "$text"
            expect_status 2
            expect_output ""
            expect_message
            run_km "$command" - <<<"$text"
            expect_status 2
        done
        run_km learn --sync "$text"
        expect_status 2
    done
    run_km learn </dev/null
    expect_status 2
    [ ! -e "$MEMORY/memories.db" ]
    [ "$(km stats | tail -4 | head -1)" = "Async queue size: 0 tasks" ]
}

@test "a text of exactly one megabyte is learnt, one byte more is refused with the limit" {
    head -c 1048576 /dev/zero | tr '\0' a >exact.txt
    run_km learn --verbatim --sync --quiet <exact.txt
    expect_status 0
    [ "$(km recent --format raw | tr -d '\n' | wc -c)" = 1048576 ]
    head -c 1048577 /dev/zero | tr '\0' b >long.txt
    for option in --sync --quiet --verbatim; do
        run_km learn $option <long.txt
        expect_status 2
        expect_message "1048576"
    done
    [ "$(count_memories)" = 1 ]
    run_km remember <long.txt
    expect_status 2
}

@test "text that is no UTF-8 names the position of the first bad byte" {
    while read -r position bytes; do
        printf "$bytes" >bad.txt
        run_km learn <bad.txt
        expect_status 2
        expect_message "UTF-8" "$position"
        run_km learn --sync --verbatim <bad.txt
        expect_status 2
        run_km remember <bad.txt
        expect_status 2
        run_km recall <bad.txt
        expect_status 2
    done <<'CASES'
4 abcd\xff
0 \x80abc
2 ab\xc3(
3 abc\xe2\x82
1 a\xed\xa0\x80
0 \xf5\x80\x80\x80
5 hello\xc0\xafx
CASES
    [ ! -e "$MEMORY/memories.db" ]
}

@test "a NUL byte is refused with its position" {
    printf 'ab\0cd' >nul.txt
    run_km learn <nul.txt
    expect_status 2
    expect_message "2"
    printf '{"content": "ab\\u0000cd"}\n{"content": "a fine line here"}\n' >nul.jsonl
    run_km learn --batch nul.jsonl --sync --verbatim --quiet
    expect_status 2
    expect_message 'line 1 of "nul.jsonl"'
    [ "$(contents)" = "a fine line here" ]
}

@test "control characters are kept in a text and refused in a label" {
    km learn $'Bell \a and escape \033[1m inside' --verbatim --sync --quiet
    run_km recent --format json
    [ "$(json 'd["memories"][0]["content"]')" = $'Bell \a and escape \033[1m inside' ]
    run_km learn "A text with a strange source" --source $'a\nb' --sync
    if [ "$status" -eq 0 ]; then
        [ "$(km recent --limit 1 --format list | wc -l)" = 1 ]
    else
        expect_status 2
    fi
}

@test "labels longer than their limit are refused" {
    long=$(head -c 1025 /dev/zero | tr '\0' a)
    for option in --source --session --speaker --key; do
        run_km learn "A text with a long label" $option "$long"
        expect_status 2
        expect_message "1024"
    done
    run_km learn "A text with long metadata" --metadata "{\"a\": \"$(head -c 65536 /dev/zero | tr '\0' a)\"}"
    expect_status 2
    expect_message "65536"
    [ ! -e "$MEMORY/memories.db" ]
}

@test "JSON of batches: duplicate keys, wrong types, deep nesting, trailing text" {
    {
        echo '{"content": "a b c", "content": "d e f"}'
        echo '{"content": "a b c"} {"content": "d e f"}'
        python3 -c 'print("{\"content\": \"deep\", \"metadata\": " + "[" * 5000 + "]" * 5000 + "}")'
        echo '{"content": {"a": 1}}'
        echo '{"content": "a b c", "session": 5}'
        printf '{"content": "lone \\ud800 surrogate"}\n'
        echo '{"content": "unfinished'
    } >bad.jsonl
    run_km learn --batch bad.jsonl --sync --verbatim
    expect_status 2
    [ "$(grep -c 'line [1-7] of' <<<"$stderr")" = 7 ] || fail "not every line is reported"
    [ "$(count_memories)" = 0 ]
}

@test "a folder that cannot be written: exit code 77, the name, nothing written" {
    km learn "Stored before the folder was locked" --sync --quiet
    km worker stop --quiet || true
    mkdir locked
    chmod 500 locked
    run --separate-stderr plainly "$PROGRAM" learn "A text" --project "$PWD/locked"
    expect_status 77
    expect_message "locked"
    run --separate-stderr plainly "$PROGRAM" init --project "$PWD/locked"
    expect_status 77
    expect_prompt_back plainly "$PROGRAM" --project "$PWD/locked"
    [ -z "$(ls -A locked)" ]
    chmod 700 locked
    chmod 500 "$MEMORY" "$MEMORY/queue"
    chmod 400 "$MEMORY"/memories.db* "$MEMORY"/queue/*
    for command in "learn text" "learn text --sync" "remember text"; do
        # shellcheck disable=SC2086
        run --separate-stderr plainly "$PROGRAM" $command
        expect_status 77
        expect_message "$(basename "$MEMORY")"
    done
    expect_prompt_back plainly "$PROGRAM"
    chmod -R u+rwX "$MEMORY"
    [ "$(contents)" = "Stored before the folder was locked" ]
}

@test "a read-only file system: exit code 73, reading goes on" {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    km worker stop --quiet || true
    run mounted '
        mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" || exit 99
        cd "$0"
        "$1" learn "A text"; echo "learn $?"
        "$1" learn "A text" --sync; echo "sync $?"
        "$1" enhance "How do I deploy this?" --format plain; echo "enhance $?"
        "$1" recall deployment --format raw; echo "recall $?"' "$PLACE/project" "$PROGRAM"
    [[ $output == *"learn 73"* ]] || fail
    [[ $output == *"sync 73"* ]] || fail
    [[ $output == *"Docker"*"How do I deploy this?"*"enhance 0"* ]] || fail
    [[ $output == *"Docker"*"recall 0"* ]] || fail
}

@test "a full disk: refused with 73, everything accepted before is there" {
    run mounted '
        mkdir small && mount -t tmpfs -o size=1m tmpfs small || exit 99
        export KUZU_MEMORY_PROJECT=$PWD/small
        accepted=0
        for i in $(seq 400); do
            head -c 20000 /dev/urandom | base64 -w0 | KUZU_MEMORY_PROGRAM=/bin/false "$0" learn --verbatim --quiet 2>message
            code=$?
            [ $code = 0 ] && accepted=$((accepted + 1))
            [ $code = 0 ] || break
        done
        echo "code $code accepted $accepted"
        cat message
        "$0" enhance "How do I deploy this?" --format plain; echo "enhance $?"
        mount -o remount,size=100m small
        "$0" worker start --quiet
        "$0" tasks wait --all --timeout 60 --quiet; echo "drained $?"
        echo "stored $("$0" recent --limit 1000 --format list | wc -l)"
        "$0" worker stop --force --quiet' "$PROGRAM"
    [[ $output =~ code\ 73\ accepted\ ([0-9]+) ]] || [[ $output =~ code\ 75\ accepted\ ([0-9]+) ]] || fail
    [[ $output == *"kuzu-memory: "* ]]
    [[ $output == *"How do I deploy this?"*"enhance 0"* ]] || fail
    [[ $output == *"drained 0"*"stored ${BASH_REMATCH[1]}"* ]] || fail
}

@test "a file size limit is an error, not the end of the process" {
    km learn "Stored before the limit" --sync --quiet
    km worker stop --quiet || true
    # Standard error must be a pipe here: a file could not be written either.
    limited() { (ulimit -f 0 && exec timeout 60 "$PROGRAM" "$@") 2>&1 | cat; return "${PIPESTATUS[0]}"; }
    run limited learn "A text" --quiet
    [ "$status" -eq 73 ] || [ "$status" -eq 0 ] || fail "no exit code of ours"
    accepted=$((status == 0))
    run limited learn "A text" --sync
    expect_status 73
    expect_output_like "^kuzu-memory: "
    run limited enhance "How do I deploy this?" --format plain
    expect_status 0
    [[ $output == *"How do I deploy this?" ]]
    drain
    [ "$(count_memories)" = $((1 + accepted)) ]
}

@test "a foreign file in the store's place: exit code 69, untouched" {
    mkdir -m 700 "$MEMORY"
    echo "this is somebody's shopping list, not a database at all" >"$MEMORY/memories.db"
    chmod 600 "$MEMORY/memories.db"
    before=$(md5sum "$MEMORY/memories.db")
    for command in "learn text --sync" "remember text" "recall text" "recent" "show 0192" "forget 0192" "export" "init"; do
        # shellcheck disable=SC2086
        run_km $command
        expect_status 69
        expect_message "memories.db"
    done
    expect_prompt_back timeout 60 "$PROGRAM"
    expect_message "memories.db"
    [ "$(md5sum "$MEMORY/memories.db")" = "$before" ]
}

@test "another program's database: exit code 69, untouched" {
    mkdir -m 700 "$MEMORY"
    python3 - "$MEMORY/memories.db" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("CREATE TABLE recipes (name TEXT)")
db.execute("INSERT INTO recipes VALUES ('bread')")
db.commit()
PYTHON
    chmod 600 "$MEMORY/memories.db"
    before=$(md5sum "$MEMORY/memories.db")
    for command in "learn text --sync" "recall text" "init"; do
        # shellcheck disable=SC2086
        run_km $command
        expect_status 69
    done
    expect_prompt_back timeout 60 "$PROGRAM"
    [ "$(md5sum "$MEMORY/memories.db")" = "$before" ]
}

@test "a store of a newer version: exit code 69 with both numbers, queued texts wait" {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    km worker stop --quiet || true
    python3 -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("PRAGMA user_version = 9999"); db.commit()' "$MEMORY/memories.db"
    for command in "learn text --sync" "recall text" "recent" "export"; do
        # shellcheck disable=SC2086
        run_km $command
        expect_status 69
        expect_message "9999" "newer"
    done
    expect_prompt_back timeout 60 "$PROGRAM"
    expect_message "9999"
    run_km learn "A text that waits for the newer program"
    expect_status 0
    [ "$(km stats 2>/dev/null | tail -4 | head -1)" = "Async queue size: 1 tasks" ]
}

@test "a damaged store: exit code 69, queued texts wait" {
    km learn "Team decided to use Docker for deployment" --sync --quiet
    km worker stop --quiet || true
    rm -f "$MEMORY"/memories.db-*
    dd if=/dev/urandom of="$MEMORY/memories.db" bs=4096 count=2 conv=notrunc status=none
    run_km recall deployment
    expect_status 69
    expect_prompt_back timeout 60 "$PROGRAM"
    run_km learn "A text that waits for a repaired store"
    expect_status 0
}

@test "a link, a folder or a device in place of our files is not followed" {
    mkdir "$PLACE/elsewhere"
    ln -s "$PLACE/elsewhere" "$MEMORY"
    run_km learn "A text that must not go elsewhere"
    expect_status 77
    expect_message "kuzu-memories"
    [ -z "$(ls -A "$PLACE/elsewhere")" ]
    expect_prompt_back timeout 60 "$PROGRAM"
    rm "$MEMORY"
    mkdir -m 700 "$MEMORY" "$MEMORY/queue"
    touch "$PLACE/elsewhere/target"
    ln -s "$PLACE/elsewhere/target" "$MEMORY/queue/journal"
    run_km learn "A text that must not go elsewhere"
    expect_status 77
    [ ! -s "$PLACE/elsewhere/target" ]
    rm "$MEMORY/queue/journal"
    ln -s /dev/zero "$MEMORY/memories.db"
    run_km learn "A text that must not go elsewhere" --sync
    [ "$status" -eq 77 ] || [ "$status" -eq 69 ] || fail "followed"
    expect_prompt_back timeout 60 "$PROGRAM"
}

@test "closed descriptors: no message ends up in a file of ours" {
    run bash -c '"$1" learn "Learnt with everything closed" <&- >&- 2>&-' _ "$PROGRAM"
    expect_status 0
    run bash -c '"$1" learn "Learnt in this process with everything closed" --sync <&- >&- 2>&-' _ "$PROGRAM"
    expect_status 0
    run bash -c '"$1" learn <&- >&- 2>&-' _ "$PROGRAM"
    expect_status 2
    run bash -c '"$1" recall closed --no-such-option >&- 2>&-' _ "$PROGRAM"
    expect_status 2
    run bash -c '"$1" enhance "How?" <&- 2>&-' _ "$PROGRAM"
    expect_status 0
    drain
    run ! grep -rqa "kuzu-memory: " "$MEMORY"
    run ! grep -rqa "✅" "$MEMORY"
    [ "$(count_memories)" = 2 ]
    [ "$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])' "$MEMORY/memories.db")" = ok ]
}

@test "the project's folder is deleted in between" {
    km learn "A text of a project that goes away" --quiet
    until rm -rf "$PLACE/project"; do :; done # the worker may be making a file just now
    run_km learn "A text for a folder that is gone"
    [ "$status" -ne 0 ]
    expect_message "$PLACE/project"
    expect_prompt_back timeout 60 "$PROGRAM"
    [ ! -e "$PLACE/project" ]
    mkdir -p "$PLACE/project"
    cd "$PLACE/project"
    run_km learn "A text for the new folder" --sync --quiet
    expect_status 0
    [ "$(contents)" = "A text for the new folder" ]
}

@test "the memory's folder is deleted under a running worker" {
    km learn "A text of a memory that goes away" --quiet
    drain
    until rm -rf "$MEMORY"; do :; done
    run_km learn "A text for the new memory" --quiet
    expect_status 0
    drain
    [ "$(contents)" = "A text for the new memory" ]
}

@test "the current folder is gone" {
    unset KUZU_MEMORY_PROJECT
    mkdir gone
    cd gone
    rmdir "$PLACE/project/gone"
    run_km learn "A text from nowhere"
    [ "$status" -ne 0 ]
    expect_message "directory"
    expect_prompt_back timeout 60 "$PROGRAM"
}

@test "a file in place of the project, and a path that is too long" {
    echo text >file
    run_km learn "A text" --project "$PWD/file"
    [ "$status" -ne 0 ]
    expect_message "file"
    run_km learn "A text" --project "/$(head -c 5000 /dev/zero | tr '\0' a)"
    [ "$status" -ne 0 ]
    expect_message
}

@test "no more descriptors: an error or an accepted text, never a crash" {
    km init --quiet
    for limit in 4 5 6 7 8 9 10; do
        run --separate-stderr bash -c 'ulimit -n "$2"; exec "$1" learn "A text under a limit of $2 descriptors" --verbatim' _ "$PROGRAM" $limit
        case $status in
        0 | 73 | 75 | 1) ;;
        127) [[ $stderr == *"shared libraries"* ]] ;; # the loader of a dynamically linked build
        *) fail "limit $limit" ;;
        esac
    done
    drain
}

@test "messages never contain the text" {
    run_km learn "Quetzalcoatl" --metadata '{"a": '
    expect_status 2
    [[ $stderr != *Quetzalcoatl* ]]
    echo '{"content": "Quetzalcoatl", "at": "x"}' >bad.jsonl
    run_km learn --batch bad.jsonl
    expect_status 2
    [[ $stderr != *Quetzalcoatl* ]]
    printf 'Quetzalcoatl \xff' >bad.txt
    run_km learn <bad.txt
    expect_status 2
    [[ $stderr != *Quetzalcoatl* ]]
}
