#include "power_mark.hpp"

#include <fstream>
#include <iterator>

namespace linnet::test {
namespace {

std::string mark_text(const std::filesystem::path& file) {
  std::ifstream open(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(open), {}};
}

}  // namespace

void PowerMark::note() {
  if (auto text = mark_text(file_); !text.empty()) older_.push_back(std::move(text));
}

bool PowerMark::power_on(std::mt19937_64& random) {
  const auto newest = mark_text(file_);
  if (newest.empty()) return false;
  const auto older = older_.empty() ? std::string() : older_[random() % older_.size()];
  older_.push_back(newest);
  std::string text = newest;
  switch (random() % 8) {
    case 0: std::filesystem::remove(file_); return true;
    case 1: text.clear(); break;
    case 2: text = older; break;
    case 3:
    case 4: tear(text, older, random); break;
    default: return false;
  }
  std::ofstream(file_, std::ios::binary) << text;
  return text != newest;
}

// Anywhere, and what should follow is what was there before, nothing, or something else.
void PowerMark::tear(std::string& text, const std::string& older, std::mt19937_64& random) const {
  const auto begin = random() % text.size();
  const auto end = begin + 1 + random() % (text.size() - begin);
  const auto with = random() % 3;
  for (auto i = begin; i < end; ++i) {
    if (with == 0) text[i] = i < older.size() ? older[i] : '\0';
    if (with == 1) text[i] = '\0';
    if (with == 2) text[i] = static_cast<char>('0' + random() % 10);
  }
}

}  // namespace linnet::test
