// What the messages of these tests say.
#pragma once

#include <cstddef>
#include <functional>
#include <random>
#include <string>

namespace linnet::test {

// Of any length, and different at each place and of each name: what is lost of it, or another's, is
// seen wherever it stands.
inline std::string content_of(const std::string& name, std::size_t more) {
  if (more == 0) return name;
  std::string content = name + " ";
  std::mt19937_64 letters(std::hash<std::string>{}(name));
  while (content.size() < name.size() + 1 + more)
    content.push_back(static_cast<char>('a' + letters() % 26));
  return content;
}

}  // namespace linnet::test
