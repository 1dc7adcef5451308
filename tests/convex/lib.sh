# Shared by `run` and `browser`; not a program of its own.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$here/../.." && pwd -P)
rig=${CONVEX_RIG:-$repo/../shared/rigs/convex-backend}
work=${TMPDIR:-/tmp}/portcullis-convex-rig
must=0
pids=()

say() { printf 'tests/convex: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# What is missing is said loudly; it fails the run only with --must.
not_run() {
  say "NOT RUN: $*"
  exit "$must"
}

stop() { # PID: ask it, wait for it, insist
  local pid=$1 i
  kill "$pid" 2>/dev/null || return 0
  for i in {1..100}; do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}
stop_all() {
  local pid
  for pid in "${pids[@]}"; do stop "$pid"; done
  pids=()
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME PORT COMMAND…: in the work folder, its output in logs/NAME, until PORT answers.
# The process id is left in $started.
start() {
  local name=$1 port=$2 i
  shift 2
  (cd "$work" && exec "$@") >"$logs/$name" 2>&1 &
  started=$!
  pids+=("$started")
  for i in {1..600}; do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return 0; fi
    kill -0 "$started" 2>/dev/null || { tail -20 "$logs/$name" >&2; die "$name ended at once"; }
    sleep 0.05
  done
  tail -20 "$logs/$name" >&2
  die "$name does not answer on port $port"
}

need_node() {
  command -v node >/dev/null || not_run "Node 20.9 or newer is needed, found none"
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 9) ? 0 : 1)' \
    || not_run "Node 20.9 or newer is needed, found $(node --version)"
}

# A copy of the rig outside the checkout; its packages stay as long as package.json does.
need_rig() {
  [ -f "$rig/package.json" ] || not_run "the rig is needed (CONVEX_RIG=FOLDER), found nothing at $rig"
  rig=$(cd "$rig" && pwd -P)
  mkdir -p "$work"
  if command -v flock >/dev/null; then
    exec 9>"$work.lock"
    flock -w 900 9 || die "another run holds $work.lock"
  fi
  logs=$work/logs
  mkdir -p "$logs"
  local fresh=0 part
  if [ -d "$work/node_modules" ] && cmp -s "$rig/package.json" "$work/package.json"; then fresh=1; fi
  for part in backend bin lib next-app; do
    rm -rf "${work:?}/$part"
    cp -R "$rig/$part" "$work/$part"
  done
  cp -f "$rig/package.json" "$work/package.json"
  if [ -f "$rig/.npmrc" ]; then cp -f "$rig/.npmrc" "$work/.npmrc"; fi
  if [ $fresh = 0 ] && [ -f "$rig/package-lock.json" ]; then cp -f "$rig/package-lock.json" "$work/package-lock.json"; fi
  chmod -R u+w "$work/backend" "$work/bin" "$work/lib" "$work/next-app" "$work/package.json"
  if [ $fresh = 0 ]; then
    say "installing the rig's packages"
    rm -rf "$work/node_modules"
    chmod u+w "$work"/package-lock.json "$work"/.npmrc 2>/dev/null || true
    (cd "$work" && npm install --no-audit --no-fund) >"$logs/npm" 2>&1 || { tail -20 "$logs/npm" >&2; rm -rf "$work/node_modules"; not_run "the packages of the rig cannot be installed"; }
  fi
  # The in-memory database counts its ids anew after every reset of the rig, so that refresh
  # tokens of earlier recordings would come back as other people's. Real ids never do.
  local database=$work/node_modules/convex-test/dist/index.js
  sed -i.orig 's/^    _nextDocId = 10000;/    _nextDocId = (globalThis.__rigIds = (globalThis.__rigIds ?? 0) + 10000);/' "$database"
  rm -f "$database.orig"
  grep -q __rigIds "$database" || say "ids of the rig's database repeat: a gate that remembers refresh tokens fails for it"
}

# Ten free ports in a row below 32768 (above that a client's source port may sit on them).
need_ports() {
  RIG_BASE_PORT=$(node "$here/ports.mjs" "${RIG_BASE_PORT:-21310}")
  export RIG_BASE_PORT
  cloud=$RIG_BASE_PORT
  site=$((RIG_BASE_PORT + 1))
  lab=$((RIG_BASE_PORT + 3))
  app_port=$((RIG_BASE_PORT + 4))
  upstream_port=$((RIG_BASE_PORT + 5))
  gate_port=$((RIG_BASE_PORT + 6))
  cold_port=$((RIG_BASE_PORT + 7))
}

need_gate() {
  if [ -n "${GATE_COMMAND:-}" ]; then return 0; fi
  if [ -z "${PORTCULLIS:-}" ]; then
    say "building the gate"
    PORTCULLIS=$(cd "$repo" && cargo build --quiet --profile "${PROFILE:-release}" -p portcullis --message-format=json-render-diagnostics | node "$here/executable.mjs") \
      || die "the gate does not build"
  fi
  case $PORTCULLIS in /*) ;; *) PORTCULLIS=$PWD/$PORTCULLIS ;; esac
  [ -x "$PORTCULLIS" ] || die "no program at PORTCULLIS=$PORTCULLIS"
}

# gate NAME LISTEN UPSTREAM APP_JSON: starts the gate under test for an app with these options.
gate() {
  local name=$1 listen=$2 upstream=$3 app=$4 command
  if [ -n "${GATE_COMMAND:-}" ]; then
    command=${GATE_COMMAND//\{listen\}/$listen}
    command=${command//\{upstream\}/$upstream}
    local options
    options=$(node -e '
      const app = JSON.parse(process.argv[1]);
      if (app.cookieMaxAge) console.log("RIG_COOKIE_MAX_AGE=" + app.cookieMaxAge);
      if (app.ignoreCode) console.log("RIG_IGNORE_CODE=" + app.ignoreCode);' "$app")
    # shellcheck disable=SC2086
    start "$name" "$listen" env $options $command
    return
  fi
  node "$here/config.mjs" "$listen" "$upstream" "$cloud" "$site" "$app" >"$work/$name.toml"
  start "$name" "$listen" "$PORTCULLIS" serve --config "$work/$name.toml"
}
