# For scripts made of stages: `stage NAME COMMAND...` runs one, records its time and outcome, and returns it; `stage_times` prints
# the record. `failed` is 0 until a stage fails.
stage_times_=() failed=0
stage() {
  local name=$1 start=$SECONDS outcome=""
  shift
  printf '\n== %s\n' "$name"
  "$@" || { failed=1; outcome=": FAILED"; }
  stage_times_+=("$(printf '%6d s  %s%s' $((SECONDS - start)) "$name" "$outcome")")
  [ -z "$outcome" ]
}
stage_times() {
  printf '\nTime of each stage:\n'
  printf '%s\n' "${stage_times_[@]}"
}

# build PRESET [TARGET...]: configures and builds, with progress on a terminal; otherwise it is silent and prints the
# compiler's errors on failure.
build() {
  local preset=$1 log code=0
  shift
  if [ -t 1 ]; then
    cmake --preset "$preset" >/dev/null && cmake --build --preset "$preset" ${1:+--target "$@"} -- -j"$(nproc)"
    return
  fi
  log=$(mktemp)
  { cmake --preset "$preset" && cmake --build --preset "$preset" ${1:+--target "$@"} -- -j"$(nproc)"; } >"$log" 2>&1 || code=$?
  [ "$code" -eq 0 ] || { grep -E -A6 'error:|CMake Error|FAILED' "$log" | head -80; tail -3 "$log"; }
  rm -f "$log"
  return "$code"
}
