# shellcheck shell=bash
# What every part of cluster/ shares: where things lie, how a step reports, how a refusal reads. Sourced, never run.

# By its real path, which is how /proc/mounts and Docker name what lies in it.
PARLEY_CACHE=$(readlink -m "${PARLEY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/parley}")
export PARLEY_CACHE
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/cluster
bin=$PARLEY_CACHE/bin
logs=$PARLEY_CACHE/log
heartbeat_seconds=30
# The project's own: a clean machine has no other Python, or an old one.
python=$repo/.venv/bin/python

say() { printf '%s\n' "$*" >&2; }

# die MESSAGE: one line that says what is wrong and what to do about it.
die() {
  say "parley-cluster: $*"
  exit 1
}

# one_at_a_time: the rest of this process runs while no other parley-cluster changes the same cache's cluster.
one_at_a_time() {
  mkdir -p "$PARLEY_CACHE"
  exec 9>"$PARLEY_CACHE/lock"
  flock --nonblock 9 && return
  say "waiting for another parley-cluster"
  flock --timeout 900 9 || die "another parley-cluster has been at work for 15 minutes; end it first"
}

# need_python: $python is there.
need_python() {
  [ -x "$python" ] || "$here/python-env" >&2
}

# step NAME COMMAND...: runs COMMAND with its output in $logs/NAME.log and says how long it took; a long one says so
# while it runs. Shows the end of the log where it fails. INT and TERM end COMMAND, too, with all that it started.
step() {
  local name=$1 start=$SECONDS log=$logs/${1//[^a-zA-Z0-9._-]/-}.log beat job rc=0
  shift
  mkdir -p "$logs"
  say "$name …"
  heartbeat "$name" "$start" </dev/null >/dev/null &
  beat=$!
  # A subshell with errexit of its own: errexit is off in the caller's condition. A process group of its own: what runs
  # in the background ignores INT, so an interrupt has to be passed on, as a TERM to the whole group.
  # Its locals show in COMMAND: none may have a name that a caller of step uses for itself.
  set -m
  (set -e && "$@") >"$log" 2>&1 </dev/null &
  job=$!
  set +m
  trap 'abandon "$job" "$beat"; exit 130' INT
  trap 'abandon "$job" "$beat"; exit 143' TERM
  wait "$job" || rc=$?
  trap - INT TERM
  # The heartbeat may have ended by itself, and one that was told to end gives a signal's status.
  kill "$beat" 2>/dev/null || true
  wait "$beat" 2>/dev/null || true
  if [ "$rc" != 0 ]; then
    tail -n 20 "$log" >&2
    die "$name failed; the whole log is $log"
  fi
  say "$name $((SECONDS - start)) s"
}

# heartbeat NAME START: says every while that NAME still runs, for as long as this program lives. It holds no lock: it
# outlives a killed program by one of its naps.
heartbeat() {
  local nap
  exec 8>&- 9>&-
  trap 'kill "$nap" 2>/dev/null; exit' TERM
  while :; do
    sleep "$heartbeat_seconds" &
    nap=$!
    wait "$nap"
    kill -0 $$ 2>/dev/null || exit 0
    say "$1 … $((SECONDS - $2)) s"
  done
}

# abandon WORK BEAT: ends an interrupted step's work, a process group, and its heartbeat. Either may have ended by itself.
abandon() {
  kill -- "-$1" 2>/dev/null || true
  kill "$2" 2>/dev/null || true
  wait 2>/dev/null || true
}

# attempt COMMAND...: runs it in a subshell with errexit on, and puts its status into $status. Not for a condition:
# there bash switches errexit off in all that the command calls.
attempt() {
  set +e
  (set -e; "$@")
  status=$?
  set -e
}

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds; returns 1 and names WHAT where it does not in time, or where
# COMMAND returns $hopeless.
hopeless=3
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $? = "$hopeless" ] || [ "$SECONDS" -ge "$deadline" ]; then
      say "parley-cluster: waited in vain for $what"
      return 1
    fi
    sleep 0.1
  done
}

# need_packages COMMAND=PACKAGE...: installs from Debian what has no COMMAND (a name in PATH, or a file's path).
need_packages() {
  local pair missing=()
  for pair in "$@"; do
    [ -e "${pair%%=*}" ] || command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "install ${missing[*]} first (this is not a Debian with apt-get)"
  [ "$(id -u)" = 0 ] || die "run as root: apt-get install --yes --no-install-recommends ${missing[*]}"
  step "packages: ${missing[*]}" install_packages "${missing[@]}"
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  local install=(apt-get install --yes --quiet --no-install-recommends)
  # A package's own service must not start: the node runs its programs itself.
  local deny=/usr/sbin/policy-rc.d mark='# parley-cluster, while it installs packages'
  # One with our mark was left by an installation that was killed.
  if [ ! -e "$deny" ] || grep -qxF "$mark" "$deny"; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$deny"
    chmod 755 "$deny"
  fi
  "${install[@]}" "$@" || { apt-get update --quiet && "${install[@]}" "$@"; }
}

# hash_of FOLDER...: one short hash over the names and contents of the files in the folders, and of standard input.
# Names are relative, so that a second checkout shares what the first has built.
hash_of() {
  local folder
  {
    for folder in "$@"; do
      (cd "$folder" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    done
    cat
  } | sha256sum | cut -c1-12
}
