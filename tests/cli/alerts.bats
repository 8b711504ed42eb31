#!/usr/bin/env bats
# shellcheck disable=SC2154 # status, output and stderr are set by run
# alerts: occur, are recorded, shown once, acknowledged, and told to the user's own program and to nobody else's.
load helper

setup() {
    fresh_place
    mkdir -p "$XDG_CONFIG_HOME/kuzu-memory"
    NOTED=$PLACE/noted
}

# The user's own configuration: alerts.command and limits.
user_config() {
    printf '%s\n' "$1" >"$XDG_CONFIG_HOME/kuzu-memory/config.json"
}

# A program that notes what it is told.
make_noter() {
    printf '#!/bin/sh\ncat >>"%s"\n' "$NOTED" >"$PLACE/noter"
    chmod 755 "$PLACE/noter"
}

# Waits, with a limit, until a file holds that many lines.
wait_for_lines() {
    local i
    for ((i = 0; i < 500; i++)); do
        [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ] && return
        sleep 0.02
    done
    fail "$1 never got $2 lines: $(cat "$1" 2>/dev/null)"
}

# A queue of four places with all of them taken, and no worker.
fill_queue() {
    for i in 1 2 3 4; do KUZU_MEMORY_PROGRAM=/bin/false KUZU_MEMORY_ASYNC_QUEUE_SIZE=4 km learn "A waiting text number $i" --quiet; done
}

@test "no alerts: nothing printed, nothing created" {
    run_km alerts
    expect_status 0
    expect_output ""
    run_km alerts list --format json
    expect_output '{"alerts":[]}'
    run_km alerts ack
    expect_output "Acknowledged 0 alerts"
    [ ! -e "$MEMORY" ]
}

@test "a full queue: listed, shown once by stats, acknowledged, and anew when it comes back" {
    export KUZU_MEMORY_PROGRAM=/bin/false KUZU_MEMORY_ASYNC_QUEUE_SIZE=4
    fill_queue
    run_km stats
    expect_status 0
    expect_message "alert queue_full" "100% full" "alerts ack queue_full"
    run_km stats
    [ -z "$stderr" ] || fail "shown twice"
    run_km alerts
    expect_status 0
    [[ ${lines[0]} == "queue_full: the queue is 100% full (limit 80%) (active)" ]]
    [[ ${lines[1]} == *", 1 times" ]]
    run_km stats --format json
    [ "$(json '[(a["alert"], a["active"], a["count"], a["value"], a["limit"]) for a in d["alerts"]]')" = "[('queue_full', True, 1, 100, 80)]" ]
    [ "$(json 'sorted(d["alerts"][0])')" = "['acknowledged_at', 'active', 'alert', 'count', 'first_at', 'last_at', 'limit', 'message', 'remedy', 'value']" ]
    run_km alerts ack no_such_alert
    expect_status 2
    run_km alerts ack disk_space
    expect_output "Acknowledged 0 alerts"
    run_km alerts ack queue_full --format json
    expect_output '{"acknowledged":1}'
    run_km alerts
    expect_output ""
    run_km alerts --all --format json
    [ "$(json 'd["alerts"][0]["acknowledged_at"] is not None')" = True ]
    run_km stats
    [ -z "$stderr" ] || fail "acknowledged, and told again"
    unset KUZU_MEMORY_PROGRAM
    drain
    run_km alerts
    expect_output ""
    export KUZU_MEMORY_PROGRAM=/bin/false
    km worker stop --quiet
    fill_queue
    run_km stats
    expect_message "alert queue_full"
}

@test "what is over is told until it is acknowledged" {
    export KUZU_MEMORY_ASYNC_QUEUE_SIZE=4
    fill_queue
    KUZU_MEMORY_PROGRAM=/bin/false km alerts >/dev/null
    drain
    run_km alerts
    [[ ${lines[0]} == *"(over)" ]] || fail "not over"
}

@test "the oldest waiting task and failures are watched, too" {
    user_config '{"alerts": {"oldest_waiting_seconds": 1}}'
    export KUZU_MEMORY_PROGRAM=/bin/false
    km learn "A text that waits for nobody" --quiet --at 2020-01-01
    run_km alerts --format json
    [ "$(json 'd["alerts"]')" = "[]" ] # not yet: --at is when it was said, not since when it waits
    sleep 1.1
    run_km alerts --format json
    [ "$(json '[a["alert"] for a in d["alerts"]]')" = "['oldest_waiting']" ]
}

@test "alerts.command gets the alert as JSON, once in alerts.repeat_minutes, by the worker" {
    make_noter
    user_config "{\"alerts\": {\"command\": [\"$PLACE/noter\"], \"disk_free_mb\": 1048576}}"
    km learn "A text that starts a worker" --quiet
    wait_for_lines "$NOTED" 1
    drain
    km alerts >/dev/null
    km learn "A second text for the same worker" --quiet
    drain
    km worker stop --quiet
    km learn "A third text for another worker" --quiet
    drain
    km stats >/dev/null 2>&1
    km worker stop --quiet
    [ "$(wc -l <"$NOTED")" = 1 ] || fail "told more than once: $(cat "$NOTED")"
    output=$(cat "$NOTED")
    [ "$(json 'sorted(d)')" = "['alert', 'count', 'first_at', 'last_at', 'limit', 'message', 'project', 'remedy', 'test', 'value']" ]
    [ "$(json '(d["alert"], d["limit"], d["test"], d["count"], d["project"])')" = "('disk_space', 1048576, False, 1, '$PLACE/project')" ]
    grep -q '"event":"alert","alert":"disk_space"' "$MEMORY/worker.log"
    grep -q '"event":"alert_told","alert":"disk_space","exit_code":"0"' "$MEMORY/worker.log"
}

@test "a project's file cannot name a program, nor can --config" {
    make_noter
    mkdir -m 700 "$MEMORY"
    echo "{\"alerts\": {\"command\": [\"$PLACE/noter\"], \"disk_free_mb\": 1048576}}" >"$MEMORY/config.json"
    cp "$MEMORY/config.json" other.json
    km learn "A text that starts a worker" --quiet
    drain
    km stats >/dev/null 2>&1
    run_km alerts --format json
    [ "$(json '[a["alert"] for a in d["alerts"]]')" = "['disk_space']" ] # the limit counts, the program does not
    run_km alerts test
    expect_status 3
    expect_message "your own configuration file only"
    run_km --config other.json alerts test
    expect_status 3
    run_km config check
    [[ $output$stderr == *"alerts.command"*"ignored"* ]] || fail "no warning"
    run_km config set alerts.command "[\"$PLACE/noter\"]"
    [ "$status" -ne 0 ] || fail "could be set in the project's file"
    km worker stop --quiet
    [ ! -e "$NOTED" ] || fail "the project's program was run: $(cat "$NOTED")"
}

@test "alerts test runs the command and tells what came of it" {
    run_km alerts test
    expect_status 3
    user_config '{"alerts": {"command": ["sh", "-c", "cat; echo \"$0\" \"$1\"", "a b", "*"]}}'
    run_km alerts test
    expect_status 0
    expect_output_like "^alerts.command ended well after "
    [[ $stderr == *'"test":true}'*'a b *' ]] || fail "output"
    user_config '{"alerts": {"command": ["sh", "-c", "exit 9"]}}'
    run_km alerts test --format json
    expect_status 4
    [ "$(json 'd["exit_code"], d["timed_out"]')" = "(9, False)" ]
    user_config '{"alerts": {"command": ["no-such-program-anywhere"]}}'
    run_km alerts test
    expect_status 3
    expect_message "no-such-program-anywhere"
    user_config '{"alerts": {"command": "echo hello"}}'
    run_km alerts test
    expect_status 2
}

@test "a command that hangs or fails hurts neither worker nor commands" {
    user_config "{\"alerts\": {\"command\": [\"sh\", \"-c\", \"echo \$\$ >$NOTED; exec sleep 60\"], \"disk_free_mb\": 1048576}}"
    km learn "A text that starts a worker" --quiet
    wait_for_lines "$NOTED" 1
    SECONDS=0
    km learn "Another text for the same worker" --quiet
    drain
    km worker stop --quiet
    [ "$SECONDS" -lt 8 ] || fail "somebody waited for the command"
    [ "$(count_memories)" = 2 ]
    kill "$(cat "$NOTED")" || fail "the command is not running any more"
    for ((i = 0; i < 500; i++)); do
        grep -q '"event":"alert_not_told","alert":"disk_space","exit_code":"143"' "$MEMORY/worker.log" && break
        sleep 0.02
    done
    [ "$i" -lt 500 ] || fail "$(cat "$MEMORY/worker.log")"
}

@test "the examples of the documentation: a web hook on this machine, a notification" {
    cat >server.py <<'END'
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        open(sys.argv[1], "wb").write(self.headers["Content-Type"].encode() + b" " + body)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *arguments):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.handle_request()
END
    python3 server.py "$NOTED" >port 3>&- &
    wait_for_lines port 1
    guide=$KM_SOURCE_DIR/docs/operations-alerts.md
    example=$(sed -n '/^```json web-hook/,/^```$/p' "$guide" | sed '1d;$d')
    user_config "${example//https:\/\/hooks.example.org\/kuzu-memory/http://127.0.0.1:$(cat port)/}"
    run_km alerts test
    expect_status 0
    wait_for_lines "$NOTED" 1
    [[ $(cat "$NOTED") == 'application/json {"alert":"queue_full",'* ]] || fail "$(cat "$NOTED")"
    # The notification: its program is played by one that notes its arguments.
    mkdir bin
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s"\n' "$NOTED" >bin/notify-send
    chmod 755 bin/notify-send
    user_config "$(sed -n '/^```json desktop/,/^```$/p' "$guide" | sed '1d;$d')"
    PATH=$PWD/bin:$PATH run_km alerts test
    expect_status 0
    grep -qx 'kuzu-memory' "$NOTED"
    grep -q 'the queue is 80% full' "$NOTED"
}
