# Part of ./dev: which lines of the parsers the unit tests and the fuzzers' corpora reach.

dev_coverage() {
  local modules=(wire gateway user client app corpus) tests
  need "${run_packages[@]}" "${build_packages[@]}" python3
  # What was counted last is there until the next run.
  if (($# == 0)); then
    configure coverage -DLINNET_BUILD_TESTS=ON
    build coverage "${modules[@]/%/_test}"
    find "$root/build/coverage" -name '*.gcda' -delete
    tests=$(IFS='|' && echo "${modules[*]}")
    ctest --test-dir "$root/build/coverage" -j "$(jobs)" --output-on-failure --no-tests=error \
      -R "^unit\.($tests)\$" >&2
  fi
  python3 "$root/tests/dev/coverage.py" "$root" "$root/build/coverage" "$@"
}
