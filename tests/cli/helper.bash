# Shared by the end-to-end tests: every test gets its own home, configuration folder and project, and leaves nothing
# running. The program under test is named by KUZU_MEMORY_PROGRAM_UNDER_TEST, or by KM_PROGRAM in the test suite.

# shellcheck disable=SC2034,SC2154 # variables that the tests use, and those that run sets

bats_require_minimum_version 1.5.0

PROGRAM=${KUZU_MEMORY_PROGRAM_UNDER_TEST:-${KM_PROGRAM:?name the program under test}}

fresh_place() {
    local name
    for name in $(compgen -e KUZU_MEMORY_); do unset "$name"; done
    unset NO_COLOR COLUMNS XDG_DATA_HOME
    PLACE=$BATS_TEST_TMPDIR/place
    mkdir -p "$PLACE/home" "$PLACE/config" "$PLACE/project" "$PLACE/tmp"
    export HOME=$PLACE/home XDG_CONFIG_HOME=$PLACE/config KUZU_MEMORY_PROJECT=$PLACE/project TMPDIR=$PLACE/tmp
    export TERM=xterm
    MEMORY=$PLACE/project/kuzu-memories
    cd "$PLACE/project" || return
}

leave_place() {
    "$PROGRAM" worker stop --force --timeout 5 --quiet >/dev/null 2>&1 || true
}

setup() {
    fresh_place
}

teardown() {
    leave_place
}

# Runs the program with a limit on its time, so that a hang is a failure.
km() {
    timeout -k 5 60 "$PROGRAM" "$@"
}

# Without the capabilities that let root pass by file modes.
plainly() {
    if [ "$(id -u)" = 0 ]; then
        timeout 60 setpriv --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
    else
        timeout 60 "$@"
    fi
}

# run_km ARGUMENTS...: sets status, output (standard output) and stderr.
run_km() {
    run --separate-stderr timeout -k 5 60 "$PROGRAM" "$@"
}

# Waits until everything queued is learnt.
drain() {
    km tasks wait --all --timeout 30 --quiet
}

# json EXPRESSION: the value of a Python expression over d, the JSON document in $output.
json() {
    printf '%s' "$output" | python3 -c '
import json, sys
d = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"
}

fail() {
    printf '%s\n' "$*" "status: ${status:-}" "stdout: ${output:-}" "stderr: ${stderr:-}" >&2
    return 1
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "expected exit code $1"
}

# The whole of standard output.
expect_output() {
    [ "$output" = "$1" ] || fail "expected output: $1"
}

expect_output_like() {
    [[ $output =~ $1 ]] || fail "expected output like: $1"
}

# Standard error is one message of ours that contains the words.
expect_message() {
    [[ $stderr == "kuzu-memory: "* ]] || fail "expected a message"
    local word
    for word in "$@"; do
        [[ $stderr == *"$word"* ]] || fail "expected in the message: $word"
    done
}

# The memories' texts, newest first.
contents() {
    km recent --limit 1000 --format raw
}

count_memories() {
    km recent --limit 10000 --format json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["memories"]))'
}

# on_terminal COLUMNS COMMAND...: runs it with all three descriptors on a terminal; sets status and output.
on_terminal() {
    local columns=$1
    shift
    run timeout -k 5 60 python3 "$BATS_TEST_DIRNAME/../cli/terminal.py" "$columns" "$@"
}
