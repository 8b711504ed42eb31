# shellcheck shell=bash
# Running and counting the steps of the test suite. A step is one case; a Meson run counts the cases of its junit
# report. Sourced by tools/test, after which $passed, $failed and $skipped hold the sums.

passed=0
failed=0
skipped=0
log_dir=${KM_TEST_LOGS:-build-test/logs}
mkdir -p "$log_dir"

# show_log FILE: the end of a log, indented, never endless.
show_log() {
    tail -n 80 "$1" | cut -c 1-400 | sed 's/^/    /'
}

# step NAME COMMAND...: one case. Prints its log only when it fails. Returns the command's status.
step() {
    local name=$1 log status started=$SECONDS
    shift
    log=$log_dir/${name//[^a-z0-9]/-}.log
    "$@" >"$log" 2>&1 </dev/null
    status=$?
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok   $name ($((SECONDS - started)) s)"
    else
        failed=$((failed + 1))
        echo "FAIL $name (exit $status, $((SECONDS - started)) s)"
        show_log "$log"
    fi
    return "$status"
}

# count_junit FILE...: "cases failures skipped" of Meson's reports.
count_junit() {
    cat "$@" 2>/dev/null | awk '
        { gsub(/></, ">\n<") }
        {
            count = split($0, tags, "\n")
            for (i = 1; i <= count; i++) {
                if (tags[i] ~ /<testcase[ >]/) { cases++; counted = 0 }
                if (tags[i] ~ /<(failure|error)[ \/>]/ && !counted) { failures++; counted = 1 }
                if (tags[i] ~ /<skipped[ \/>]/) skips++
            }
        }
        END { print cases + 0, failures + 0, skips + 0 }'
}

# failed_parts LOG: from Meson's text log, what the tests printed that did not pass.
failed_parts() {
    awk '
        function flush() { if (is_bad) printf "%s", part; part = ""; is_bad = 0 }
        /^Summary of Failures|^Ok: / { exit }
        /^=+ [0-9]+\/[0-9]+ =+$/ { flush() }
        { part = part $0 "\n" }
        /^not ok/ && !/# (SKIP|TODO)/ { is_bad = 1 }
        /^result: +(exit status [1-9]|killed|timeout|.*[Ff]ail|.*[Ee]rror)/ { is_bad = 1 }
        END { flush() }
    ' "$1" | grep -v '^ok ' | head -n 150 | cut -c 1-400 | sed 's/^/    /'
}

# suite NAME BUILD_DIR MESON_ARGUMENTS...: a Meson run; every case of it counts. A run that Meson calls failed counts at
# least that many failures (a TAP program killed after its first "ok" reports none), and one without cases is a failure.
suite() {
    local name=$1 build=$2 base started=$SECONDS status cases failures skips
    shift 2
    base=${name//[^a-z0-9]/-}
    rm -f "$build"/meson-logs/"$base"*
    meson test -C "$build" --no-rebuild --num-processes 2 --logbase "$base" "$@" >"$log_dir/$base.log" 2>&1 </dev/null
    status=$?
    read -r cases failures skips < <(count_junit "$build"/meson-logs/"$base"*.junit.xml)
    if [ "$failures" -lt "$status" ]; then failures=$status; fi
    if [ "$cases" -eq 0 ]; then
        failures=$((failures + 1))
        echo "    no test was run" >>"$log_dir/$base.log"
    fi
    if [ "$cases" -lt $((failures + skips)) ]; then cases=$((failures + skips)); fi
    passed=$((passed + cases - failures - skips))
    failed=$((failed + failures))
    skipped=$((skipped + skips))
    if [ "$failures" -eq 0 ]; then
        echo "ok   $name: $((cases - skips)) cases${skips:+, $skips skipped} ($((SECONDS - started)) s)"
        return 0
    fi
    echo "FAIL $name: $failures of $cases cases ($((SECONDS - started)) s)"
    if compgen -G "$build/meson-logs/$base*.txt" >/dev/null; then
        failed_parts "$(compgen -G "$build/meson-logs/$base*.txt" | head -n 1)"
    fi
    grep -E '^ *[0-9]+/[0-9]+ .*(FAIL|TIMEOUT|ERROR)|^    no test' "$log_dir/$base.log" | sed 's/^/    /'
    return 1
}

# finish: the closing line; exits non-zero when anything failed or nothing was counted.
finish() {
    if [ $((passed + failed)) -eq 0 ]; then failed=1; fi
    echo
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}
