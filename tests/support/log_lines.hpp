// What a line of a server's log looks like, and which are none of its own.
#pragma once

#include "hostile_text.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::test {

// Behind `text`'s first word of lower case; nothing when it does not begin with one.
inline bool skip_word(std::string_view& text, std::string& word) {
  const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789");
  word = text.substr(0, end);
  text.remove_prefix(word.size());
  return !word.empty();
}

// A value of the log: quoted, or without anything that a quoted one is for.
inline bool skip_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find_first_of(" \"\\="), text.size());
    text.remove_prefix(end);
    return end > 0;
  }
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') {
      text.remove_prefix(at + 1);
      return true;
    }
    if (text[at] == '\\') ++at;
  }
  return false;
}

// A line has a time, a level, an event, and fields, in printable ASCII; none of the names is what
// the texts would forge.
inline bool is_genuine(const std::string& line) {
  const bool plain =
      std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
  // What development mode announces.
  if (line.starts_with("*** ")) return plain && line.find(kForged) == std::string::npos;
  if (!plain || line.size() < 32 || line.starts_with("2031") || line[4] != '-' || line[10] != 'T' ||
      line[23] != 'Z')
    return false;
  const auto level = line.substr(25, 6);
  if (level != "INFO  " && level != "WARN  " && level != "ERROR " && level != "DEBUG ")
    return false;
  auto rest = std::string_view(line).substr(31);
  std::string word;
  if (!skip_word(rest, word) || word == kForged) return false;
  while (!rest.empty()) {
    if (!rest.starts_with(' ')) return false;
    rest.remove_prefix(1);
    if (!skip_word(rest, word) || word == kForged || !rest.starts_with('=')) return false;
    rest.remove_prefix(1);
    if (!skip_value(rest)) return false;
  }
  return true;
}

inline std::vector<std::string> forged_lines(const std::string& log) {
  std::vector<std::string> forged;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);)
    if (!is_genuine(line)) forged.push_back(line);
  return forged;
}

}  // namespace linnet::test
