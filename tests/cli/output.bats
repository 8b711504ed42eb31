#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# Pipes against terminals: decoration, widths, colours, control characters, closed and failing descriptors.
load helper

LONG="Our nightly build compiles the firmware of every sensor, runs the hardware tests in Hall 7 and sends the report to the whole team"

@test "in a pipe nothing is cut, wrapped or coloured" {
    km learn "$LONG" --verbatim --sync --quiet
    for format in table list raw; do
        run_km recent --format $format
        [[ $output == *"$LONG"* ]]
        [[ $output != *$'\033'* ]]
    done
    TERM=xterm-256color COLUMNS=40 run_km recent --format table
    [[ $output == *"$LONG"* ]]
}

@test "a terminal of 60 columns gets a table that fits, in colours" {
    km learn "$LONG" --verbatim --sync --quiet
    km learn "日本語のテキストは幅が広いので、表の中では二倍の場所を取ります。とても長い文です。" --verbatim --sync --quiet
    on_terminal 60 "$PROGRAM" recent
    expect_status 0
    [[ $output == *$'\033[1m'* ]]
    [[ $output == *"…"* ]]
    python3 - "$output" <<'PYTHON'
import re, sys, unicodedata
for line in sys.argv[1].splitlines():
    plain = re.sub("\033\\[[0-9;]*m", "", line)
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain)
    assert width <= 60, (width, plain)
PYTHON
}

@test "NO_COLOR, TERM=dumb and --no-color switch colours off" {
    km learn "$LONG" --verbatim --sync --quiet
    NO_COLOR=1 on_terminal 80 "$PROGRAM" recent
    [[ $output != *$'\033'* ]]
    [[ $output == *"MEMORY"* ]]
    TERM=dumb on_terminal 80 "$PROGRAM" recent
    [[ $output != *$'\033'* ]]
    on_terminal 80 "$PROGRAM" recent --no-color
    [[ $output != *$'\033'* ]]
    NO_COLOR='' on_terminal 80 "$PROGRAM" recent
    [[ $output == *$'\033'* ]]
}

@test "a terminal is never sent the control characters of a memory" {
    km learn $'Evil \033[31mred\033[0m text \033]0;title\007 and \xc2\x9b31m too' --verbatim --sync --quiet
    NO_COLOR=1 on_terminal 80 "$PROGRAM" recent --format raw
    [[ $output != *$'\033'* ]]
    [[ $output != *$'\007'* ]]
    [[ $output != *$'\xc2\x9b'* ]]
    NO_COLOR=1 on_terminal 80 "$PROGRAM" recent
    [[ $output != *$'\033'* ]]
    run_km recent --format raw
    [[ $output == *$'\033[31mred'* ]]
    run_km recent --format json
    [[ $output != *$'\033'* ]]
    [[ $(json 'd["memories"][0]["content"]') == *$'\033[31mred'* ]]
}

@test "the guide's lines keep their emoji in a pipe and on a terminal" {
    run_km learn "Team decided to use Docker for deployment"
    expect_output_like "^✅ Learning task"
    on_terminal 80 "$PROGRAM" learn "Team decided to use Podman for development"
    expect_output_like "^✅ Learning task"
    drain
    on_terminal 80 "$PROGRAM" enhance "How do I deploy this?"
    expect_output_like "🧠 Enhanced with"
}

@test "an empty result is told on a terminal only, and not with --quiet" {
    on_terminal 80 "$PROGRAM" recall anything
    expect_output_like "no memories found"
    on_terminal 80 "$PROGRAM" recall anything --quiet
    expect_output ""
    run_km recall anything
    expect_output ""
    [ -z "$stderr" ]
}

@test "progress is shown on a terminal, not in a pipe, and as asked" {
    for i in $(seq 3000); do echo "{\"id\": $i, \"query\": \"warehouse shelf $i\"}"; done >queries.jsonl
    km learn "The warehouse has many shelves" --sync --quiet
    on_terminal 80 "$PROGRAM" recall --batch queries.jsonl -o answers.jsonl --progress always
    [[ $output == *"/3000 queries"* ]] || fail "no progress"
    run_km recall --batch queries.jsonl -o answers.jsonl
    [ -z "$stderr" ]
    run_km recall --batch queries.jsonl -o answers.jsonl --progress always
    [[ $stderr == *"3000/3000 queries"* ]]
    run_km recall --batch queries.jsonl -o answers.jsonl --progress json
    [[ $stderr == *'"done":3000,"total":3000'* ]]
    on_terminal 80 "$PROGRAM" recall --batch queries.jsonl -o answers.jsonl --progress never
    expect_output ""
}

@test "a reader that goes away early is no error" {
    for i in $(seq 3000); do echo "{\"content\": \"Shelf number $i of the warehouse holds screws of size $i\"}"; done |
        km learn --batch - --verbatim --sync --quiet
    run bash -c '"$1" export 2>message | head -1 >first; echo "${PIPESTATUS[0]}"' _ "$PROGRAM"
    expect_output 0
    [ ! -s message ]
    [ -s first ]
    run bash -c '"$1" recent --limit 3000 2>message | head -1 >first; echo "${PIPESTATUS[0]}"' _ "$PROGRAM"
    expect_output 0
    [ ! -s message ]
}

@test "a full disk behind standard output is an error, and the text is learnt" {
    [ -c /dev/full ]
    run bash -c '"$1" learn "A text whose answer finds no room" >/dev/full' _ "$PROGRAM"
    expect_status 73
    [[ $output == *"kuzu-memory: cannot write to standard output"* ]]
    drain
    [ "$(count_memories)" = 1 ]
    for command in "recent" "stats" "export" "config show" "--help" "recall text --format json"; do
        # shellcheck disable=SC2016
        run bash -c '$1 $2 >/dev/full' _ "$PROGRAM" "$command"
        expect_status 73
    done
}

@test "standard error that cannot be written changes nothing" {
    run bash -c '"$1" learn "   " 2>/dev/full' _ "$PROGRAM"
    expect_status 2
    run bash -c '"$1" learn "A text that is learnt" --debug 2>/dev/full' _ "$PROGRAM"
    expect_status 0
}
