#include "progress.hpp"

#include <cstdio>
#include <unistd.h>

namespace linnet::bench {
namespace {

constexpr std::size_t kWidth = 20;
constexpr const char* kClearLine = "\r\033[K";

}  // namespace

void show_progress(const std::string& words, std::size_t done, std::size_t all) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::string bar;
  if (all > 0) {
    const auto full = done * kWidth / all;
    bar = "[" + std::string(full, '#') + std::string(kWidth - full, ' ') + "] ";
  }
  std::fprintf(stderr, "%s%s%s", kClearLine, bar.c_str(), words.c_str());
}

void end_progress() {
  if (isatty(STDERR_FILENO) != 0) std::fputs(kClearLine, stderr);
}

}  // namespace linnet::bench
