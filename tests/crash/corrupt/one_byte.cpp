#include "one_byte.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

namespace linnet::test {
namespace {

bool one_other_byte(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  std::size_t others = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) ++others;
  return others == 1;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);)
    lines.push_back(line);
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

bool differs_by_one_byte(const store::Message& sent, const store::Message& served) {
  int others = 0;
  auto compare = [&](const auto& a, const auto& b) {
    if (a != b) ++others;
  };
  compare(sent.request_id, served.request_id);
  compare(sent.sender_type, served.sender_type);
  compare(sent.sender_id, served.sender_id);
  compare(sent.sender_device_id, served.sender_device_id);
  compare(sent.receiver_type, served.receiver_type);
  compare(sent.receiver_id, served.receiver_id);
  compare(sent.mentions, served.mentions);
  compare(sent.type, served.type);
  compare(sent.send_time, served.send_time);
  compare(sent.status, served.status);
  if (sent.content == served.content) return others == 1;
  return others == 0 && one_other_byte(sent.content, served.content);
}

bool differs_by_one_line(const std::string& known, const std::string& served) {
  const auto before = sorted_lines(known);
  const auto after = sorted_lines(served);
  std::vector<std::string> lost;
  std::vector<std::string> gained;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(),
                      std::back_inserter(lost));
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(gained));
  return lost.size() <= 1 && gained.size() <= 1;
}

}  // namespace linnet::test
