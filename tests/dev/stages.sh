# Part of ./dev: the stages of ./dev test, and the sums of what passed.

export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1}

passed=0 failed=0 skipped=0
report=()

# Adds a run of ctest to the sums, from its JUnit file: <testsuite ... tests="9" failures="0" ...
count_junit() {
  local tests failures missed
  tests=$(grep -m1 -oP '^\s*tests="\K[0-9]+' "$1")
  failures=$(grep -m1 -oP '^\s*failures="\K[0-9]+' "$1")
  missed=$(($(grep -m1 -oP '^\s*disabled="\K[0-9]+' "$1") + $(grep -m1 -oP '^\s*skipped="\K[0-9]+' "$1")))
  passed=$((passed + tests - failures - missed))
  failed=$((failed + failures))
  skipped=$((skipped + missed))
}

# run_ctest PRESET [ARGUMENTS]: every test, also after one has failed.
run_ctest() {
  local preset=$1 junit="$root/build/$1/junit.xml" status=0
  shift
  rm -f "$junit"
  ctest --test-dir "$root/build/$preset" -j "$(jobs)" --output-on-failure --no-tests=error \
    --output-junit "$junit" "$@" || status=$?
  local before=$failed
  if [[ -f $junit ]]; then count_junit "$junit"; fi
  # Whatever ctest did not like is in the sums, also when it was no test.
  if ((status != 0 && failed == before)); then failed=$((failed + 1)); fi
  return "$status"
}

# built PRESET: configured and built with the tests; a failure counts as one failed test.
built() {
  if configure "$1" -DLINNET_BUILD_TESTS=ON && build "$1"; then return; fi
  failed=$((failed + 1))
  return 1
}

stage_normal() { built release && run_ctest release -LE 'arch|browser|interop'; }
stage_arch() { built release && run_ctest release -L arch; }
stage_browser() { built release && run_ctest release -L browser; }
# Needs npm and its registry; without them it is skipped.
stage_interop() {
  if ! command -v npm >/dev/null ||
    ! (cd "$root/tests/interop" && npm ci --ignore-scripts --no-audit --no-fund >&2); then
    say "interop: skipped, the clients cannot be had from npm"
    skipped=$((skipped + 1))
    return
  fi
  built release && run_ctest release -L interop
}
stage_asan() { built asan && run_ctest asan -LE 'arch|browser|release_only'; }
stage_tsan() { built tsan && run_ctest tsan -LE 'arch|browser|release_only'; }
# Every target for a minute, as many at once as there are cores.
stage_fuzz() {
  local targets seconds=${LINNET_FUZZ_SECONDS:-60} logs="$root/build/fuzz/logs" target status=0
  mapfile -t targets < <(fuzz_targets)
  if ! build_fuzz "${targets[@]}"; then
    failed=$((failed + 1))
    return 1
  fi
  rm -rf "$logs"
  mkdir -p "$logs"
  export root
  export -f fuzz_one
  printf '%s\n' "${targets[@]}" | xargs -d '\n' -P "$(nproc)" -I TARGET bash -c \
    'fuzz_one "$1" "$2" >"$3/$1.log" 2>&1 && mv "$3/$1.log" "$3/$1.passed"' fuzz TARGET "$seconds" "$logs" || true
  for target in "${targets[@]}"; do
    if [[ -e $logs/$target.passed ]]; then
      passed=$((passed + 1))
      say "fuzz $target: $(grep -oP 'number_of_executed_units: \K.*' "$logs/$target.passed") executions"
    else
      failed=$((failed + 1))
      status=1
      say "fuzz $target failed:"
      tail -n 60 "$logs/$target.log" >&2
    fi
  done
  return "$status"
}
stage_lint() {
  if dev_lint; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    return 1
  fi
}

# stage NAME: runs it, whatever became of those before it.
stage() {
  local started=$SECONDS before_passed=$passed before_failed=$failed
  say "== $1"
  "stage_$1" || say "== $1 failed"
  report+=("$(printf '%-8s %4d s  %3d passed, %d failed' "$1" $((SECONDS - started)) \
    $((passed - before_passed)) $((failed - before_failed)))")
}

dev_test() {
  local stages=("$@") name
  if ((${#stages[@]} == 0)); then stages=(normal arch browser interop asan tsan fuzz lint); fi
  for name in "${stages[@]}"; do
    declare -F "stage_$name" >/dev/null || die "no stage '$name'; see ./dev help"
  done
  need "${run_packages[@]}" "${build_packages[@]}" "${test_packages[@]}"
  for name in "${stages[@]}"; do stage "$name"; done

  printf '%s\n' "" "${report[@]}"
  if ((skipped > 0)); then echo "$skipped skipped"; fi
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0))
}
