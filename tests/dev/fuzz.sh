# Part of ./dev: the fuzz targets.

fuzz_targets() { find "$root/tests/fuzz/corpus" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort; }

# build_fuzz TARGET...: and what they stand on, nothing else.
build_fuzz() { configure fuzz -DLINNET_GRPC=OFF -DLINNET_IO_URING=OFF && build fuzz "${@/#/fuzz_}"; }

# fuzz_one TARGET SECONDS
fuzz_one() {
  local found="$root/build/fuzz/corpus/$1" seeds="$root/tests/fuzz/corpus/$1" scratch status=0
  mkdir -p "$found"
  # For databases; in memory where that can be.
  scratch=$(mktemp -d /dev/shm/linnet-fuzz-XXXXXX 2>/dev/null || mktemp -d)
  TMPDIR=$scratch "$root/build/fuzz/tests/fuzz/fuzz_$1" -max_total_time="$2" -print_final_stats=1 \
    -timeout=10 -artifact_prefix="$found/../$1-" "$found" "$seeds" || status=$?
  rm -rf "$scratch"
  return "$status"
}

dev_fuzz() {
  local targets target=${1:-} seconds
  mapfile -t targets < <(fuzz_targets)
  if [[ -z $target ]]; then
    printf '%s\n' "${targets[@]}"
    return
  fi
  if [[ $target == all ]]; then
    seconds=${2:-10}
  else
    [[ " ${targets[*]} " == *" $target "* ]] || die "no fuzz target '$target': ${targets[*]}"
    targets=("$target")
    seconds=${2:-60}
  fi
  [[ $seconds =~ ^[0-9]+$ ]] || die "'$seconds' is no number of seconds"
  need "${run_packages[@]}" "${build_packages[@]}" "${fuzz_packages[@]}"
  build_fuzz "${targets[@]}"
  for target in "${targets[@]}"; do
    say "== fuzz $target, $seconds s"
    fuzz_one "$target" "$seconds"
  done
}
