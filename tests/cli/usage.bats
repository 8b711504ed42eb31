#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# The command line itself: commands, options, help, wrong usage.
load helper

COMMANDS="init learn remember enhance recall recent show edit forget stats status metrics alerts logs tasks worker export import backup restore doctor config install uninstall project mcp hook completion help"

@test "without a command: usage error on standard error" {
    run_km
    expect_status 2
    expect_output ""
    expect_message "no command given" "--help"
}

@test "--help prints every command on standard output" {
    for option in --help -h help; do
        run_km $option
        expect_status 0
        [ -z "$stderr" ]
        for command in $COMMANDS; do
            [[ $output == *$'\n'"  $command "* ]] || fail "no $command in $option"
        done
    done
}

@test "every command and verb has help, by three ways, within 80 columns" {
    for command in $COMMANDS "tasks list" "tasks show" "tasks wait" "tasks retry" "tasks cancel" "tasks purge" \
        "worker run" "worker start" "worker stop" "worker status" "config show" "config get" "config set" "config check"; do
        run_km $command --help
        expect_status 0
        expect_output_like "^usage: kuzu-memory $command"
        by_option=$output
        [ "$(awk 'length > 80' <<<"$output")" = "" ] || fail "a line of $command is too long"
        run_km help $command
        expect_output "$by_option"
        run_km $command -h
        expect_output "$by_option"
    done
}

@test "help wins over everything that is wrong behind it" {
    run_km learn --help --priority 77 a b c
    expect_status 0
    expect_output_like "^usage: kuzu-memory learn"
}

@test "help on an unknown command" {
    run_km help nonsense
    expect_status 2
    expect_message "nonsense"
}

@test "--version" {
    run_km --version
    expect_status 0
    expect_output_like '^kuzu-memory [0-9]+\.[0-9]+\.[0-9]+$'
    run_km learn --version
    expect_status 0
}

@test "an unknown command suggests a near spelling" {
    run_km lern "text"
    expect_status 2
    expect_output ""
    expect_message 'unknown command "lern"' 'did you mean "learn"?'
    run_km enhnace x
    expect_message 'did you mean "enhance"?'
    run_km tasks lst
    expect_status 2
    expect_message 'unknown command "tasks lst"' 'did you mean "tasks list"?'
    run_km qwertz
    expect_status 2
    expect_message 'unknown command "qwertz"'
    [[ $stderr != *"did you mean"* ]]
}

@test "an unknown option suggests a near spelling" {
    run_km learn --fromat json text
    expect_status 2
    expect_message 'unknown option "--fromat"' 'did you mean "--format"?'
    run_km stats --priority 3
    expect_status 2
    expect_message 'unknown option "--priority"'
    run_km learn -x text
    expect_status 2
    expect_message 'unknown option "-x"' "--"
}

@test "long options are not abbreviated" {
    run_km learn --form json text
    expect_status 2
    expect_message 'unknown option "--form"'
}

@test "an option of another verb is refused" {
    run_km tasks list --timeout 3
    expect_status 2
    expect_message '"tasks list" has no option "--timeout"'
    run_km worker status --force
    expect_status 2
}

@test "options may stand before and after arguments, and -- ends them" {
    run_km learn --format json "The first text is about cats" --dry-run
    expect_status 0
    run_km learn "The first text is about cats" --dry-run --format json
    expect_status 0
    [ "$(json 'd["status"]')" = "dry-run" ]
    run_km learn --dry-run --verbatim --format json -- "--verbatim is the option we always use"
    expect_status 0
    [ "$(json 'd["memories"][0]["content"]')" = "--verbatim is the option we always use" ]
}

@test "a text that looks like an option is explained" {
    run_km learn "-5 degrees is the limit of the sensor"
    expect_status 2
    expect_message "-- before a text that begins with a dash"
}

@test "global options stand anywhere" {
    mkdir -p other
    run_km --project "$PWD/other" project
    expect_output_like "Root: +$PWD/other"
    first=$output
    run_km project --project "$PWD/other"
    expect_output "$first"
    run_km config show --project "$PWD/other"
    expect_status 0
    run_km --quiet learn "A quiet text about dogs" --dry-run
    expect_output ""
}

@test "memory CMD is CMD" {
    run_km memory project
    expect_status 0
    first=$output
    run_km project
    expect_output "$first"
    run_km memory --quiet tasks list
    expect_status 0
    run_km memory lern
    expect_status 2
    expect_message 'did you mean "learn"?'
    run_km memory
    expect_status 2
}

@test "values that are missing, wrong or out of range are refused with their range" {
    while IFS='|' read -r words expected; do
        # shellcheck disable=SC2086
        run_km $words
        expect_status 2
        expect_output ""
        expect_message "$expected"
    done <<'CASES'
learn text --priority|--priority needs a value
learn text --priority 10|--priority must be a whole number from 0 to 9, not "10"
learn text --priority -1|--priority must be a whole number from 0 to 9, not "-1"
learn text --priority 1.5|--priority must be a whole number from 0 to 9, not "1.5"
learn text --priority 0x3|--priority must be a whole number
learn text --priority 99999999999999999999|--priority must be a whole number
learn text --priority high|--priority must be a whole number
learn text --wait=-1|--wait must be a number from 0 to 86400, not "-1"
learn text --wait=soon|--wait must be a number
learn text --type opinion|--type must be one of fact, identity, preference
learn text --format yaml|--format must be one of text, json, not "yaml"
learn text --at yesterday|--at: "yesterday" is not a time
learn text --source=|--source must not be empty
learn text --sync=yes|--sync takes no value
learn one two|unexpected argument "two"
enhance text --max-memories 0|--max-memories must be a whole number from 1 to 100
enhance text --max-memories 101|--max-memories must be a whole number from 1 to 100
enhance text --confidence-threshold 1.01|--confidence-threshold must be a number from 0 to 1
enhance text --confidence-threshold nan|--confidence-threshold must be a number from 0 to 1
enhance text --confidence-threshold -0.1|--confidence-threshold must be a number from 0 to 1
enhance text --max-chars 99|--max-chars must be a whole number from 100 to 1000000
enhance text --format csv|--format must be one of context, plain, json, markdown
recall text --limit 0|--limit must be a whole number from 1 to 10000
recall text --limit -3|--limit must be a whole number from 1 to 10000
recall text --format context|--format must be one of table, json, list, raw
recall text --since 2026-13-01|--since: "2026-13-01" is not a time
recall text --until 25:00|--until: "25:00" is not a time
recall text --now tomorrow|--now: "tomorrow" is not a time
recall text --output file|--output belongs to --batch
recent --count many|--count must be a whole number
tasks list --state lost|--state must be one of queued, processing, retrying, completed, failed, cancelled
tasks wait|no task named
tasks wait --all 0192|either an ID or --all
tasks wait --all --timeout -1|--timeout must be a number from 0 to 86400
tasks retry|no task named
tasks cancel|"cancel" needs ID
tasks show|"show" needs ID
worker stop --timeout never|--timeout must be a number from 0 to 3600
worker stop now|unexpected argument "now"
show|"show" needs ID
forget|no memory named
forget 0192 --query cats|either IDs or --query
import|"import" needs FILE
config get|"get" needs KEY
config set async.enabled|"set" needs KEY VALUE
completion|needs bash|zsh|fish
completion ksh|no completion for "ksh"
export --format xml|--format must be one of jsonl, json
stats --progress always|unknown option "--progress"
learn text --strict|--strict belongs to --batch
CASES
}

@test "wrong usage creates nothing" {
    run_km learn text --priority 10
    expect_status 2
    run_km remember text --type opinion
    expect_status 2
    run_km import
    expect_status 2
    [ ! -e "$MEMORY" ]
}

@test "control characters of the command line do not reach the terminal" {
    run_km $'le\033[31marn'
    expect_status 2
    [[ $stderr != *$'\033'* ]]
    run_km learn $'--no\033[31m'
    [[ $stderr != *$'\033'* ]]
}

@test "completion scripts know commands, options and choices" {
    km completion bash >completion.bash
    bash -n completion.bash
    # shellcheck disable=SC1091
    source completion.bash
    complete_words() {
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        COMPREPLY=()
        _kuzu_memory
        echo " ${COMPREPLY[*]} "
    }
    [ "$(complete_words kuzu-memory lea)" = " learn " ]
    [[ $(complete_words kuzu-memory learn --ver) == *" --verbatim "* ]]
    [ "$(complete_words kuzu-memory learn --format '')" = " text json " ]
    [[ $(complete_words kuzu-memory tasks '') == *" retry "* ]]
    [ "$(complete_words kuzu-memory --project /x worker st)" = " start stop status " ]
    [ "$(complete_words kuzu-memory recall --type pref)" = " preference " ]
    for shell in zsh fish; do
        run_km completion $shell
        expect_status 0
        for command in $COMMANDS; do [[ $output == *$command* ]] || fail "$shell: no $command"; done
        [[ $output == *confidence-threshold* ]]
        [[ $output != *inherited-lock* ]]
    done
}

@test "the manual page lists every option that help lists" {
    km completion man >page.1
    for command in $COMMANDS "tasks wait" "worker stop" "config set"; do
        # shellcheck disable=SC2086
        for option in $(km $command --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
            grep -qF -- "${option//-/\\-}" page.1 || fail "no $option of $command"
        done
    done
    run ! grep -q inherited page.1
}
