# To be sourced: the program's server, for scripts that ask it something.
#
#   start_server LOG PROGRAM [options of serve]   on the first free port from 5000; returns when it
#                                                 listens, with server_url and server_pid set
#   stop_server                                   ends it, if there is one
server_pid=

start_server() {
  local log=$1 program=$2
  shift 2
  "$program" serve "$@" --json >"$log.json" 2>"$log" &
  server_pid=$!
  for _ in $(seq 300); do
    server_url=$(/usr/bin/python3 -c 'import json, sys
with open(sys.argv[1]) as text: print(json.load(text)["url"].rstrip("/"))' "$log.json" 2>/dev/null) && return
    kill -0 "$server_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "the server did not start:" >&2
  tail -n 20 "$log" >&2
  return 1
}

stop_server() {
  [ -n "$server_pid" ] || return 0
  kill "$server_pid" 2>/dev/null || true
  wait "$server_pid" 2>/dev/null || true
  server_pid=
}
