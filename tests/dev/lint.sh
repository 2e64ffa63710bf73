# Part of ./dev: formatting and clang-tidy.

our_sources() {
  local folder
  for folder in src include tests examples; do
    find "$root/$folder" -name '*.cpp' -o -name '*.hpp'
  done | sort
}

dev_format() {
  need "${lint_packages[@]}"
  our_sources | xargs -d '\n' clang-format-14 -i
}

# Which sources were clean, by the sums of all that tidy looks at: kept with the user, as ccache's
# objects are, so that a new clone in the same place profits too.
tidy_known=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/linnet/tidy

# tidy_file [ARGUMENT...] FILE: looks again when the file, a header that it may see, or a rule has
# changed.
tidy_file() {
  local file=${*: -1} own clean
  own=$(cut -d/ -f1,2 <<<"${file#"$root/"}")
  clean=$(cd "$root" && {
    printf '%s\n' "$@"
    grep -F -- "-c $file\"" build/release/compile_commands.json
    cat .clang-tidy "$file"
    find include proto examples "$own" \( -name '*.hpp' -o -name '*.proto' \) -print0 | LC_ALL=C sort -z | xargs -0 cat
  } | sha256sum | cut -d' ' -f1)
  if [[ -e $tidy_known/$clean ]]; then
    touch "$tidy_known/$clean"
    return
  fi
  clang-tidy-14 -p "$root/build/release" --quiet --extra-arg=-Wno-unknown-warning-option "$@" \
    2> >(grep -v 'warnings\? generated' >&2) || return 1
  touch "$tidy_known/$clean"
}

# tidy_files [ARGUMENT...]: those named on stdin.
tidy_files() { xargs -d '\n' -r -P "$(jobs)" -n 1 bash -c 'tidy_file "$@"' tidy "$@"; }

# Of the sources named on stdin those that tidy has to look at anew: it takes 5 to 10 s for each.
recently_changed() {
  local last changed headers file
  last=$(git -C "$root" log -1 --format=%ct 2>/dev/null) || { cat && return; }
  changed=$({ git -C "$root" log --since=$((last - 2 * 86400)) --format= --name-only &&
    git -C "$root" diff --name-only HEAD && git -C "$root" ls-files --others --exclude-standard; } | sort -u)
  if grep -qx .clang-tidy <<<"$changed"; then cat && return; fi
  # Beside them, who includes a header that has changed.
  headers=$(grep -oE '[^/]+\.hpp$' <<<"$changed" | sort -u | sed 's|.*|[/"]&"|' || true)
  while read -r file; do
    if grep -qxF "${file#"$root/"}" <<<"$changed" ||
      { [[ -n $headers ]] && grep -qE -f <(echo "$headers") "$file"; }; then
      echo "$file"
    fi
  done
}

# tidy [all]
tidy() {
  local files chosen status=0
  configure release || return 1
  build release linnet_pb || return 1
  mkdir -p "$tidy_known" 2>/dev/null || { tidy_known=$root/build/release/tidy && mkdir -p "$tidy_known"; }
  find "$tidy_known" -type f -mtime +30 -delete
  export root tidy_known
  export -f tidy_file
  files=$(grep -oP '^ *"file": "\K[^"]+' "$root/build/release/compile_commands.json" |
    grep -E "^$root/(src|examples)/.*\.cpp$" | sort -u)
  chosen=$(if [[ ${1:-} == all ]]; then cat; else recently_changed; fi <<<"$files")
  say "tidy: $(grep -c . <<<"$chosen") of $(grep -c . <<<"$files") sources"
  # clang 14's analyzer takes every co_await for a use of something uninitialized.
  xargs -d '\n' -r grep -l co_await <<<"$chosen" | tidy_files --checks='-clang-analyzer-*' || status=1
  xargs -d '\n' -r grep -L co_await <<<"$chosen" | tidy_files || status=1
  return "$status"
}

formatted() {
  local file status=0
  while read -r file; do
    if ! clang-format-14 "$file" | cmp -s - "$file"; then
      say "not formatted: ${file#"$root/"}"
      status=1
    fi
  done < <(our_sources)
  return "$status"
}

dev_lint() {
  local status=0
  need "${run_packages[@]}" "${lint_packages[@]}"
  formatted || status=1
  tidy "$@" || status=1
  if ((status == 0)); then say "lint: clean"; else say "lint: see above; ./dev format formats"; fi
  return "$status"
}
