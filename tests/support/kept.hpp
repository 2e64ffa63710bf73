// What is left of a run that failed, for who looks into it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>

namespace linnet::test {

// Copies `directory` to where it stays, under a name of its own; a sentence that says where.
inline std::string keep(const std::filesystem::path& directory, const std::string& name) {
  namespace fs = std::filesystem;
  const auto kept = fs::temp_directory_path() / name;
  std::error_code failed;
  fs::remove_all(kept, failed);  // of an earlier run, whose files must not stand beside
  fs::copy(directory, kept, fs::copy_options::recursive, failed);
  if (failed) return "the data directory is not kept: " + failed.message();
  return "the data directory is kept in " + kept.string();
}

// Of a log, the end that stands in a line.
inline std::string last_words(const std::string& log) {
  constexpr std::size_t kMost = 500;
  auto words = log.substr(log.size() - std::min(log.size(), kMost));
  std::replace(words.begin(), words.end(), '\n', ' ');
  return words;
}

}  // namespace linnet::test
