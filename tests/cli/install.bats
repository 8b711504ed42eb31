#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# install and uninstall: exact, repeatable, undone to the byte, and nobody else's lines touched.
load helper

setup() {
    fresh_place
    unset XDG_CONFIG_HOME XDG_STATE_HOME CODEX_HOME CLAUDE_CONFIG_DIR
    mkdir -p "$HOME/.claude" "$HOME/.codex"
    printf '{\n    "permissions": {\n        "allow": ["Bash"]\n    }\n}\n' >"$HOME/.claude/settings.json"
    printf '# mine\nmodel = "m"\n\n[mcp_servers.other] # keep\ncommand = "x"\n' >"$HOME/.codex/config.toml"
    cp -a "$HOME" "$PLACE/before"
}

expect_untouched() {
    rm -rf "$HOME/.local"
    diff -r "$PLACE/before" "$HOME"
}

@test "install adds server and hooks, twice is once, uninstall puts back every byte" {
    run_km install claude-code codex
    expect_status 0
    [[ $output == *'+         "SessionStart": ['* ]]
    [[ $output == *"/hooks"* ]]
    python3 - "$HOME" "$PROGRAM" <<'END'
import json, sys, tomllib
home, program = sys.argv[1:]
server = json.load(open(home + "/.claude.json"))["mcpServers"]["kuzu-memory"]
assert server["args"] == ["mcp"] and server["command"].endswith("kuzu-memory"), server
settings = json.load(open(home + "/.claude/settings.json"))
assert settings["permissions"] == {"allow": ["Bash"]}
hook = settings["hooks"]["UserPromptSubmit"][0]["hooks"][0]
assert hook["args"] == ["hook", "UserPromptSubmit", "--client", "claude-code"], hook
config = tomllib.load(open(home + "/.codex/config.toml", "rb"))
assert config["mcp_servers"]["kuzu-memory"]["args"] == ["mcp"] and config["mcp_servers"]["other"]["command"] == "x"
assert "hook Stop --client codex" in json.load(open(home + "/.codex/hooks.json"))["hooks"]["Stop"][0]["hooks"][0]["command"]
END
    [ "$(stat -c %a "$HOME/.claude.json")" = 600 ]
    cp -a "$HOME" "$PLACE/once"
    run_km install claude-code codex
    expect_status 0
    diff -r "$PLACE/once" "$HOME"
    run_km uninstall
    expect_status 0
    expect_untouched
}

@test "uninstall leaves what others wrote since" {
    km install claude-code codex --quiet
    printf '\n[profiles.a]\nmodel = "n"\n' >>"$HOME/.codex/config.toml"
    sed -i 's/"Bash"/"Bash", "Read"/' "$HOME/.claude/settings.json"
    run_km uninstall claude-code codex --quiet
    expect_status 0
    expect_output ""
    diff <(cat "$PLACE/before/.codex/config.toml" && printf '\n[profiles.a]\nmodel = "n"\n') "$HOME/.codex/config.toml"
    diff <(sed 's/"Bash"/"Bash", "Read"/' "$PLACE/before/.claude/settings.json") "$HOME/.claude/settings.json"
    [ ! -e "$HOME/.claude.json" ]
}

@test "two clients in one file: the first one out leaves the other" {
    run_km install gemini antigravity --quiet
    expect_status 0
    km install copilot claude-code --project --quiet
    grep -q kuzu-memory .mcp.json
    run_km uninstall --project --quiet
    expect_status 0
    [ -z "$(find . -name .git -prune -o -type f -print)" ]
    km uninstall --quiet
    expect_untouched
}

@test "--dry-run, --print and --list write nothing" {
    run_km install --dry-run
    expect_status 0
    [[ $output == *"Dry run: nothing was written"* ]]
    run_km install --print zed opencode
    expect_status 0
    [[ $output == *"~/.config/zed/settings.json:"*'"context_servers"'* ]]
    run_km install --list --format json
    expect_status 0
    [ "$(json '[(c["present"], c["server"]) for c in d["clients"] if c["name"] == "codex"]')" = "[(True, 'no')]" ]
    expect_untouched
}

@test "a file that the client would not load is left alone, the others are written" {
    printf '{ // mine\n}\n' >"$HOME/.claude/settings.json"
    run_km install claude-code
    expect_status 4
    [[ $stderr == *"settings.json: it has a comment"* ]]
    [ "$(head -n 1 "$HOME/.claude/settings.json")" = "{ // mine" ]
    grep -q kuzu-memory "$HOME/.claude.json"
    printf '{"hooks": [' >"$HOME/.claude/settings.json"
    run_km install claude-code --format json
    expect_status 2
    [ "$(json '[f["action"] for f in d["files"]]')" = "['none', 'problem']" ]
}

@test "comments are fine where the client takes them, and stay" {
    mkdir -p "$HOME/.gemini"
    printf '{ // mine\n  "theme": "dark", /* why */\n}\n' >"$HOME/.gemini/settings.json"
    cp "$HOME/.gemini/settings.json" "$PLACE/gemini"
    run_km install gemini --quiet
    expect_status 0
    grep -q '^{ // mine$' "$HOME/.gemini/settings.json"
    grep -q '/\* why \*/' "$HOME/.gemini/settings.json"
    run_km uninstall gemini --quiet
    expect_status 0
    cmp "$PLACE/gemini" "$HOME/.gemini/settings.json"
}

@test "what was empty before us stays, also when something else changed" {
    printf '{"mcpServers": { }, "theme": "dark"}' >"$HOME/.claude.json"
    printf 'model = "m"' >"$HOME/.codex/config.toml"
    km install claude-code codex --quiet
    sed -i 's/dark/light/' "$HOME/.claude.json"
    sed -i 's/"m"/"n"/' "$HOME/.codex/config.toml"
    km uninstall claude-code codex --quiet
    [ "$(cat "$HOME/.claude.json")" = '{"mcpServers": { }, "theme": "light"}' ]
    [ "$(cat "$HOME/.codex/config.toml"; echo x)" = 'model = "n"x' ]
}

@test "Continue has a file of its own in the project" {
    km install continue --project --quiet
    [ "$(python3 -c 'import json; print(json.load(open(".continue/mcpServers/kuzu-memory.json"))["mcpServers"]["kuzu-memory"]["args"])')" = "['mcp']" ]
    run_km install --list --project --format json
    [ "$(json '[c["server"] for c in d["clients"] if c["name"] == "continue"]')" = "['yes']" ]
    km uninstall --project --quiet
    [ ! -e .continue ]
}

@test "doctor finds hooks that codex does not trust, and is content when it does" {
    km init --quiet
    run_km doctor
    expect_status 0
    km install codex --quiet
    run_km doctor --format json
    expect_status 1
    [ "$(json '[f["code"] for f in d["findings"]]')" = "['hooks.untrusted']" ]
    [ "$(json 'd["findings"][0]["what"]')" = "codex trusts 0 of our 5 hooks and runs no other" ]
    python3 - "$HOME/.codex" <<'END'
import hashlib, json, re, sys
folder = sys.argv[1]
with open(folder + "/config.toml", "a") as config:
    for event, groups in json.load(open(folder + "/hooks.json"))["hooks"].items():
        name = re.sub("(?<!^)(?=[A-Z])", "_", event).lower()
        hook = {"async": False, **groups[0]["hooks"][0]}
        hook["timeout"] = min(hook["timeout"], 3) if name == "session_end" else hook["timeout"]
        text = json.dumps({"event_name": name, "hooks": [hook]}, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        config.write(f'\n[hooks.state."{folder}/hooks.json:{name}:0:0"]\ntrusted_hash = "sha256:{digest}"\n')
END
    run_km doctor
    expect_status 0
    sed -i 's/hook Stop/hook  Stop/' "$HOME/.codex/hooks.json"
    run_km doctor
    expect_status 1
    [[ $output == *"codex trusts 4 of our 5 hooks"* ]]
}

@test "links are followed, modes kept, moved folders found" {
    mkdir "$PLACE/dotfiles"
    mv "$HOME/.codex/config.toml" "$PLACE/dotfiles/codex.toml"
    ln -s "$PLACE/dotfiles/codex.toml" "$HOME/.codex/config.toml"
    chmod 640 "$PLACE/dotfiles/codex.toml"
    km install codex --quiet
    [ -L "$HOME/.codex/config.toml" ]
    grep -q '^\[mcp_servers.kuzu-memory\]$' "$PLACE/dotfiles/codex.toml"
    [ "$(stat -c %a "$PLACE/dotfiles/codex.toml")" = 640 ]
    CODEX_HOME=$PLACE/elsewhere km install codex --quiet
    [ -f "$PLACE/elsewhere/config.toml" ]
    CODEX_HOME=$PLACE/elsewhere km uninstall codex --quiet
    [ ! -e "$PLACE/elsewhere" ]
}

@test "wrong names and contradictions are refused" {
    run_km install claude-cod
    expect_status 2
    [[ $stderr == *'did you mean "claude-code"?'* ]]
    run_km install --user --project codex
    expect_status 2
    HOME='' run_km install codex
    expect_status 2
    [[ $stderr == *HOME* ]]
    expect_untouched
}
