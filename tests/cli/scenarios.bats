# Scenarios of everyday use: what enhance gives and leaves out (tests/data/recall/scenarios.txt).

load helper

@test "the scenarios hold" {
    run timeout -k 5 250 python3 "$BATS_TEST_DIRNAME/scenarios.py" "$PROGRAM" \
        "$BATS_TEST_DIRNAME/../data/recall/scenarios.txt"
    [ "$status" -eq 0 ] || fail "$(grep -A8 '^not ok' <<<"$output")"
    # Every prompt was asked.
    [[ $output == *"1..$(grep -c '^? ' "$BATS_TEST_DIRNAME/../data/recall/scenarios.txt")"* ]] || fail "prompts are missing"
}
