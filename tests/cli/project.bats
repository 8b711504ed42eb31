# Which folders share one memory: worktrees, subfolders, links, clones, and what a person chooses.
# shellcheck disable=SC2154,SC2164 # status, output and stderr are set by bats; a cd that fails ends the test

load helper

setup() {
    fresh_place
    unset KUZU_MEMORY_PROJECT
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
    export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org
    mkdir -p "$HOME/work"
    cd "$HOME/work"
}

teardown() {
    local dir
    for dir in "$HOME"/work/* "$PLACE"/other/*; do
        if [ -d "$dir/kuzu-memories" ]; then
            "$PROGRAM" worker stop --force --timeout 5 --quiet --project "$dir" >/dev/null 2>&1 || true
        fi
    done
}

repository() {
    git init -q "$1"
    git -C "$1" commit -q --allow-empty -m start
}

# root DIR: the root of the project for someone who works in DIR
root() {
    (cd "$1" && km project --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["root"])')
}

expect_root() {
    local got
    got=$(root "$1")
    [ "$got" = "$2" ] || fail "the root of $1 is $got, not $2"
}

note() {
    (cd "$1" && km project --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["note"])')
}

@test "subfolders, worktrees inside and outside, and links share the main worktree's memory" {
    repository shop
    mkdir -p shop/src/deep "$PLACE/other"
    git -C shop worktree add -q ../shop-fix
    git -C shop worktree add -q "$PLACE/other/shop-far"
    git -C shop worktree add -q "$PWD/shop/.trees/near"
    ln -s shop/src linked
    local dir
    for dir in shop shop/src/deep shop-fix "$PLACE/other/shop-far" shop/.trees/near linked; do
        expect_root "$dir" "$HOME/work/shop"
    done
    (cd shop-fix && km remember "The shop uses Django" --quiet)
    [ "$(cd shop/src/deep && km recent --format raw)" = "The shop uses Django" ]
    [ ! -e shop-fix/kuzu-memories ]
    [ "$(note shop-fix)" = None ]
}

@test "a worktree moved by git is found, one moved by hand says what to do" {
    repository shop
    git -C shop worktree add -q ../fix
    git -C shop worktree move ../fix ../moved
    expect_root moved "$HOME/work/shop"
    mv moved torn
    expect_root torn "$HOME/work/torn"
    [[ $(note torn) == *"git worktree repair"* ]] || fail "it should say how to mend it"
    git -C shop worktree repair "$PWD/torn" >/dev/null
    expect_root torn "$HOME/work/shop"
    [ "$(note torn)" = None ]
}

@test "a repository and its worktrees that move together stay together, whatever their path" {
    repository shop
    git -C shop worktree add -q ../shop-fix
    # as git writes them with worktree.useRelativePaths
    printf 'gitdir: ../shop/.git/worktrees/shop-fix\n' >shop-fix/.git
    printf '../../../../shop-fix/.git\n' >shop/.git/worktrees/shop-fix/gitdir
    (cd shop && km remember "It lives here" --quiet)
    mkdir "$PLACE/other"
    mv shop shop-fix "$PLACE/other"
    expect_root "$PLACE/other/shop-fix" "$PLACE/other/shop"
    [ "$(cd "$PLACE/other/shop-fix" && km recent --format raw)" = "It lives here" ]
}

@test "a folder that only claims to be a worktree keeps to itself, and says so" {
    repository shop
    (cd shop && km remember "The shop's secret plan" --quiet)
    mkdir stranger
    printf 'gitdir: %s/shop/.git/worktrees/stranger\n' "$PWD" >stranger/.git
    expect_root stranger "$HOME/work/stranger"
    [[ $(note stranger) == *worktree* ]]
    [[ $(cd stranger && km enhance "what is the secret plan?" 2>&1) != *"shop's secret"* ]]
}

@test "a submodule is a project of its own, unless the one around it has a memory" {
    repository lib
    repository shop
    git -C shop -c protocol.file.allow=always submodule --quiet add "$PWD/lib" vendor/lib
    expect_root shop/vendor/lib "$HOME/work/shop/vendor/lib"
    (cd shop && km remember "The shop uses lib" --quiet)
    expect_root shop/vendor/lib "$HOME/work/shop"
}

@test "bare repositories: worktrees share the folder around .bare, or the repository's own" {
    repository seed
    mkdir shop
    git clone -q --bare seed shop/.bare
    git -C shop/.bare worktree add -q ../main-tree
    expect_root shop/main-tree "$HOME/work/shop"
    git clone -q --bare seed plain.git
    git -C plain.git worktree add -q ../plain-tree
    expect_root plain-tree "$HOME/work/plain.git"
}

@test "git's variables do not choose a memory" {
    repository shop
    repository other
    cd shop
    GIT_DIR=$HOME/work/other/.git GIT_WORK_TREE=$HOME/work/other km remember "Learnt in a git hook" --quiet
    [ -d "$HOME/work/shop/kuzu-memories" ]
    [ ! -e "$HOME/work/other/kuzu-memories" ]
}

@test "the nearest memory counts, and a home that is reached through a link is not passed" {
    repository shop
    mkdir -p shop/part/deep
    km remember "Of the whole" --project shop --quiet
    km remember "Of the part" --project shop/part --quiet
    expect_root shop/part/deep "$HOME/work/shop/part"
    mkdir -p "$PLACE/real/me/notes"
    ln -s "$PLACE/real/me" "$PLACE/me"
    km remember "Of the home" --project "$PLACE/real/me" --quiet
    [ "$(HOME=$PLACE/me root "$PLACE/real/me/notes")" = "$PLACE/real/me/notes" ]
}

@test "two clones are two projects; project use makes them one, both ways known" {
    repository one
    git clone -q one two 2>/dev/null
    (cd one && km remember "Known in one" --quiet)
    expect_root two "$HOME/work/two"
    cd two
    km remember "Known in two" --quiet
    run_km project use ../one
    expect_status 0
    expect_output "Uses $HOME/work/one/kuzu-memories"
    expect_message "1 memories stay unused" "project merge"
    expect_root . "$HOME/work/one"
    [ "$(contents)" = "Known in one" ]
    run_km project --format json
    [ "$(json 'd["origin"], d["linked_from"]')" = "('link', '$HOME/work/two')" ]
    run_km project
    expect_output_like "project use"
    km learn "Learnt in two" --quiet
    drain
    [[ $(cd ../one && contents) == *"Learnt in two"* ]]
    [ "$(stat -c %a kuzu-memories/link)" = 600 ]
    git -C . check-ignore -q kuzu-memories/link
    km project merge . --quiet
    [[ $(contents) == *"Known in two"* ]]
    km project use --own --quiet
    expect_root . "$HOME/work/two"
    [ "$(contents)" = "Known in two" ]
    [ ! -s ../one/kuzu-memories/links ]
}

@test "a link holds when both folders move, and when only this one does" {
    mkdir one two
    (cd one && km remember "Known in one" --quiet)
    (cd two && km project use ../one --quiet)
    mkdir "$PLACE/other"
    mv one two "$PLACE/other"
    expect_root "$PLACE/other/two" "$PLACE/other/one"
    mv "$PLACE/other/two" "$HOME/work/two"
    (cd two && km project use "$PLACE/other/one" --quiet)
    mkdir deeper
    mv two deeper/two
    expect_root deeper/two "$PLACE/other/one"
}

@test "a broken link is told, and the folder keeps its own memory" {
    mkdir one two
    (cd one && km remember "Known in one" --quiet)
    (cd two && km project use ../one --quiet)
    mv one gone
    cd two
    run_km learn "Said meanwhile" --sync
    expect_status 0
    expect_message "own memory" "not there"
    run_km hook prompt --client generic <<<'{"session_id":"s","prompt":"what was said meanwhile?"}'
    expect_status 0
    [ -z "$stderr" ] || fail "a hook is silent"
    km tasks wait --all --quiet # the prompt is learnt, too
    mv ../gone ../one
    [ "$(contents)" = "Known in one" ]
    km project merge . --quiet
    [[ $(contents) == *"Said meanwhile"* ]]
}

@test "a folder cannot choose a memory by itself" {
    mkdir -p one stranger/kuzu-memories
    (cd one && km remember "The secret plan of one" --quiet)
    printf 'kuzu-memory link 1\n%032d\n../one\n%s/one\n' 0 "$PWD" >stranger/kuzu-memories/link
    expect_root stranger "$HOME/work/stranger"
    [[ $(note stranger) == *"does not list"* ]]
    printf 'rubbish' >stranger/kuzu-memories/link
    expect_root stranger "$HOME/work/stranger"
    cd stranger
    run_km enhance "what is the secret plan?"
    expect_status 0
    [[ $output != *"plan of one"* ]]
}

@test "links in a ring and to oneself are refused" {
    mkdir one two
    cd one
    run_km project use .
    expect_status 4
    (cd ../two && km project use ../one --quiet)
    run_km project use ../two
    expect_status 4
    expect_message two
    run_km project use ../nowhere
    expect_status 3
    run_km project use
    expect_status 2
    run_km --user project use ../two
    expect_status 2
}

@test "merge brings everything over, once, and shows it first" {
    mkdir one two
    (cd one && km remember "Our database is MySQL" --quiet && km remember "Our database is PostgreSQL" --quiet)
    (cd one && km learn "Sarah owns the billing service" --session s9 --at 2026-03-01T10:00:00Z --quiet)
    cd two
    km remember "Known in two" --quiet
    run_km project merge ../one --dry-run
    expect_status 0
    [[ $output == *PostgreSQL*"Would merge"*"$HOME/work/one"* ]] || fail "a preview is expected"
    [ "$(contents)" = "Known in two" ]
    run_km project merge ../one --format json
    expect_status 0
    [ "$(json 'd["merged"], d["duplicates"], d["dry_run"]')" = "(3, 0, False)" ]
    run_km recall "who owns billing?" --format json
    [ "$(json 'd["memories"][0]["session"], d["memories"][0]["observed_at"]')" = "('s9', '2026-03-01T10:00:00.000000Z')" ]
    [[ $(km enhance "which database?" --format plain) != *MySQL* ]] || fail "what was superseded stays so"
    run_km project merge ../one --format json
    [ "$(json 'd["merged"], d["duplicates"]')" = "(0, 3)" ]
    [ "$(count_memories)" = 3 ]
    [ "$(cd ../one && count_memories)" = 2 ]
    run_km project merge .
    expect_status 4
    mkdir ../empty
    run_km project merge ../empty
    expect_status 3
    [ ! -e ../empty/kuzu-memories ]
}

@test "a project that cannot be written: reading goes on, linking is refused with the reason" {
    mkdir one two
    (cd one && km remember "Known in one" --quiet)
    chmod 500 one/kuzu-memories
    cd two
    run --separate-stderr plainly "$PROGRAM" project use ../one
    chmod 700 ../one/kuzu-memories
    [ "$status" -eq 73 ] || [ "$status" -eq 77 ] || fail "expected 73 or 77"
    expect_message links
    [ ! -e kuzu-memories/link ]
    expect_root . "$HOME/work/two"
}
