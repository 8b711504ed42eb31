#!/usr/bin/env python3
"""Random configuration files of assistants: install adds our entries and nothing else changes, a second install changes
nothing, uninstall puts every byte back; and when somebody changed the file in between, only ours goes. Prints TAP.

    tests/install/roundtrip.py [--rounds N] [--seed N]     the program is named by KM_PROGRAM

A failure prints the seed of its round; --seed SEED --rounds 1 repeats it.
"""

import argparse
import json
import os
import random
import re
import stat
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROGRAM = os.environ["KM_PROGRAM"]
LIMIT_S = 30
MARK = "a value of somebody else"
CHANGED = "what it is now, // and \\\\ \\\" more"

# client: file below the home directory, what may stand in it, where our server goes.
FILES = {
    "claude-code": (".claude.json", "strict", ("mcpServers",)),
    "codex": (".codex/config.toml", "toml", ("mcp_servers",)),
    "gemini": (".gemini/settings.json", "comments", ("mcpServers",)),
    "copilot": (".copilot/mcp-config.json", "comments", ("mcpServers",)),
    "opencode": (".config/opencode/opencode.json", "comments", ("mcp",)),
    "cursor": (".cursor/mcp.json", "strict", ("mcpServers",)),
    "vscode": (".config/Code/User/mcp.json", "comments", ("servers",)),
    "claude-desktop": (".config/Claude/claude_desktop_config.json", "strict", ("mcpServers",)),
    "windsurf": (".codeium/windsurf/mcp_config.json", "strict", ("mcpServers",)),
    "antigravity": (".gemini/antigravity/mcp_config.json", "strict", ("mcpServers",)),
    "zed": (".config/zed/settings.json", "comments", ("context_servers",)),
    "kiro": (".kiro/settings/mcp.json", "strict", ("mcpServers",)),
    "cline": (
        ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        "strict",
        ("mcpServers",),
    ),
}
# Files of hooks, which install touches as well.
HOOK_FILES = {"claude-code": (".claude/settings.json", "strict"), "codex": (".codex/hooks.json", "strict")}


class Broken(Exception):
    """The property that does not hold."""


# ---- Random files ----


def random_word(dice):
    pieces = ["alpha", "b-2", "gamma ray", "ü", "日本", "x/y", "q'uote", "{", "}", "[]", "//no", "#no", ",", "kuzu"]
    return dice.choice(pieces) + str(dice.randrange(100))


def random_value(dice, depth):
    kind = dice.randrange(8 if depth < 3 else 5)
    if kind == 0:
        return dice.choice([True, False, None])
    if kind == 1:
        return dice.choice([0, -1, 3.5, 10**12, 1e-7])
    if kind <= 4:
        return random_word(dice)
    if kind == 5:
        return [random_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {random_word(dice): random_value(dice, depth + 1) for _ in range(dice.randrange(4))}


class Layout:
    """One person's habits."""

    def __init__(self, dice, has_comments):
        self.dice = dice
        self.has_comments = has_comments
        self.newline = dice.choice(["\n", "\n", "\n", "\r\n"])
        self.indent = dice.choice(["  ", "    ", "\t", " ", "", "   "])
        self.is_compact = dice.random() < 0.15
        self.is_odd = dice.random() < 0.2
        self.colon = dice.choice([": ", ":", " : "])
        self.has_trailing_commas = has_comments and dice.random() < 0.2

    def comment(self, depth):
        if not self.has_comments or self.dice.random() > 0.15:
            return ""
        text = random_word(self.dice).replace("*/", "")
        if self.is_compact or self.dice.random() < 0.4:
            return f"/* {text} \" */"
        return f"// {text} \" {{{self.newline}{self.margin(depth)}"

    def margin(self, depth):
        extra = " " * self.dice.randrange(3) if self.is_odd else ""
        return self.indent * depth + extra

    def break_line(self, depth):
        return "" if self.is_compact else self.newline + self.margin(depth)

    def items(self, parts, opening, closing, depth):
        if not parts:
            return opening + self.dice.choice(["", "", " ", self.break_line(depth)]) + closing
        text = opening
        for number, part in enumerate(parts):
            text += self.break_line(depth + 1) + self.comment(depth + 1) + part
            is_last = number == len(parts) - 1
            text += "," if not is_last or self.has_trailing_commas else ""
            if not is_last and self.is_compact and self.dice.random() < 0.5:
                text += " "
        return text + self.comment(depth) + self.break_line(depth) + closing

    def dump(self, value, depth=0):
        if isinstance(value, dict):
            parts = [json.dumps(key, ensure_ascii=False) + self.colon + self.dump(item, depth + 1) for key, item in value.items()]
            return self.items(parts, "{", "}", depth)
        if isinstance(value, list):
            return self.items([self.dump(item, depth + 1) for item in value], "[", "]", depth)
        return json.dumps(value, ensure_ascii=self.dice.random() < 0.5)


def random_json(dice, has_comments, container):
    value = {random_word(dice): random_value(dice, 0) for _ in range(dice.randrange(4))}
    value["marked"] = MARK
    if container and dice.random() < 0.6:
        value[container] = {random_word(dice): {"command": "x", "args": [random_word(dice)]} for _ in range(dice.randrange(3))}
    if dice.random() < 0.3:
        entry = {"hooks": [{"type": "command", "command": random_word(dice)}]}
        value["hooks"] = dice.choice([{}, {"Stop": []}, {"Stop": [entry]}, {"PreToolUse": [entry], "SessionStart": [entry]}])
    keys = list(value)
    dice.shuffle(keys)
    layout = Layout(dice, has_comments)
    text = layout.comment(0) + layout.dump({key: value[key] for key in keys})
    return text + dice.choice([layout.newline, layout.newline, "", layout.newline * 2, " "])


def random_toml(dice):
    newline = dice.choice(["\n", "\n", "\r\n"])
    lines = [f'marked = "{MARK}"']
    if dice.random() < 0.5:
        lines.insert(0, "# at the top [mcp_servers.kuzu-memory]")
    if dice.random() < 0.4:
        lines.append('text = """')
        lines.append("[mcp_servers.kuzu-memory]")
        lines.append('command = "not ours" """')
    for number in range(dice.randrange(4)):
        names = ["profiles.a{}", 'projects."/x # {}"', "mcp_servers.other{}", "mcp_servers . spaced{}", "'quo#ted'.b{}"]
        name = dice.choice(names).format(number)
        lines.append("")
        lines.append(dice.choice(["", "  "]) + f"[{name}]" + dice.choice(["", " # why", "   "]))
        lines.append(dice.choice(['command = "c"', "n = 1 # one", "list = [\n  1, # one\n  2,\n]", "k.d = { a = 1 }"]).replace("\n", newline))
    if dice.random() < 0.2:
        lines.append("[[hooks.Stop]]")
        lines.append("x = 1")
    return newline.join(lines) + dice.choice([newline, newline, "", newline * 3])


def random_text(dice, form, container):
    if dice.random() < 0.08:
        return dice.choice(["", "{}", "{ }\n", "{\n}\n"]) if form != "toml" else ""
    text = random_toml(dice) if form == "toml" else random_json(dice, form == "comments", container)
    return text


# ---- Reading them back ----


def strip_comments(text):
    text = re.sub(r'("(?:\\.|[^"\\])*")|/\*.*?\*/|//[^\r\n]*', lambda found: found[1] or " ", text, flags=re.S)
    return re.sub(r'("(?:\\.|[^"\\])*")|,(\s*[}\]])', lambda found: found[1] or found[2], text)


def parse(data, form):
    text = data.decode("utf-8-sig")
    if form == "toml":
        return tomllib.loads(text)
    return json.loads(strip_comments(text)) if text.strip() else {}


def is_ours(value):
    return isinstance(value, dict) and "kuzu-memory" in json.dumps(value) and ("hook" in json.dumps(value))


def without_ours(value, containers):
    """The content without our entries and without what is empty then."""
    value = json.loads(json.dumps(value))
    for container in containers:
        if isinstance(value.get(container), dict):
            value[container].pop("kuzu-memory", None)
    hooks = value.get("hooks")
    if isinstance(hooks, dict):
        for event in list(hooks):
            if isinstance(hooks[event], list):
                hooks[event] = [item for item in hooks[event] if not is_ours(item)]
            if not hooks[event]:
                del hooks[event]
    return {key: item for key, item in value.items() if item not in ({}, [])}


def server_of(value, containers):
    for container in containers:
        value = value[container]
    return value["kuzu-memory"]


# ---- One round ----


class Round:
    """A home of its own, one client, one or two files that were there before."""

    def __init__(self, dice, place):
        self.dice = dice
        self.home = Path(place) / "home"
        self.home.mkdir()
        self.client = dice.choice(sorted(FILES))
        self.files = {}  # path: (form, containers, bytes before, mode)
        name, form, containers = FILES[self.client]
        self.make(name, form, containers)
        if self.client in HOOK_FILES and dice.random() < 0.7:
            name, form = HOOK_FILES[self.client]
            self.make(name, form, ())

    def make(self, name, form, containers):
        dice = self.dice
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = random_text(dice, form, containers[0] if containers else None)
        data = (b"\xef\xbb\xbf" if form != "toml" and text and dice.random() < 0.1 else b"") + text.encode()
        real = path
        if dice.random() < 0.15:
            real = self.home / "dotfiles" / (path.name + ".real")
            real.parent.mkdir(exist_ok=True)
            path.symlink_to(real if dice.random() < 0.5 else os.path.relpath(real, path.parent))
        real.write_bytes(data)
        mode = dice.choice([0o600, 0o644, 0o640, 0o444])
        real.chmod(mode)
        self.files[path] = (form, containers, data, mode)

    def run(self, *words):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUZU_MEMORY_", "XDG_", "CODEX_", "CLAUDE_"))}
        result = subprocess.run(
            [PROGRAM, *words, self.client, "--quiet"],
            env={**kept, "HOME": str(self.home)},
            cwd=self.home,
            capture_output=True,
            timeout=LIMIT_S,
        )
        if result.returncode != 0:
            raise Broken(f"{words}: exit {result.returncode}: {result.stderr.decode()}")

    def tree(self):
        skipped = self.home / ".local"
        names = (path for path in self.home.rglob("*") if not path.is_relative_to(skipped))
        return {path: os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None for path in names}

    def expect_installed(self):
        for path, (form, containers, before, _) in self.files.items():
            now = parse(path.read_bytes(), form)
            if containers and "mcp" not in json.dumps(server_of(now, containers)):
                raise Broken(f"{path}: no server of ours")
            if not containers and not any(is_ours(item) for items in now["hooks"].values() for item in items):
                raise Broken(f"{path}: no hook of ours")
            was = parse(before, form)
            if without_ours(now, containers) != without_ours(was, containers):
                raise Broken(f"{path}: something else changed")
            if form == "comments":
                text = path.read_bytes().decode("utf-8-sig")
                lost = [word for word in re.findall(r"/\* .*? \*/|// [^\r\n]*", before.decode("utf-8-sig")) if word not in text]
                if lost:
                    raise Broken(f"{path}: comments are lost: {lost}")

    def play(self):
        before = self.tree()
        self.run("install")
        self.expect_installed()
        installed = self.tree()
        self.run("install")
        if self.tree() != installed:
            raise Broken("a second install changed something")
        is_changed = self.dice.random() < 0.5
        if is_changed:
            for path in self.files:
                if MARK.encode() in path.read_bytes():
                    path.write_bytes(path.read_bytes().replace(MARK.encode(), CHANGED.encode()))
        self.run("uninstall")
        after = self.tree()
        if is_changed:
            before = {path: data.replace(MARK.encode(), CHANGED.encode()) if isinstance(data, bytes) else data for path, data in before.items()}
        if after != before:
            raise Broken("\n".join(self.differences(before, after)))
        for path, (_, _, _, mode) in self.files.items():
            if stat.S_IMODE(path.stat().st_mode) != mode:
                raise Broken(f"{path}: mode {oct(path.stat().st_mode)}, was {oct(mode)}")

    def differences(self, before, after):
        for path in sorted(set(before) | set(after)):
            if before.get(path, "not there") != after.get(path, "not there"):
                yield f"{path}:\n  was {before.get(path, 'not there')!r}\n  is  {after.get(path, 'not there')!r}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    failures = 0
    print("1..1", flush=True)
    for number in range(options.rounds):
        seed = options.seed + number
        with tempfile.TemporaryDirectory(prefix="km-install-") as place:
            dice = random.Random(seed)
            try:
                one = Round(dice, place)
                one.play()
            except (Broken, ValueError, KeyError, OSError) as reason:
                failures += 1
                told = f"seed {seed}, {one.client}: {type(reason).__name__}: {reason}"
                print("# " + told.replace("\n", "\n# "), flush=True)
                if failures == 5:
                    break
    print(f"{'not ok' if failures else 'ok'} 1 - {options.rounds} random files are installed into and put back", flush=True)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
