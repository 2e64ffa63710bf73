// What a loss of power does to linnet.mark, which is never synced: it may be as old as any that was
// there before, torn, empty or missing, but never ahead.
#pragma once

#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace linnet::test {

class PowerMark {
 public:
  explicit PowerMark(const std::filesystem::path& directory) : file_(directory / "linnet.mark") {}

  // Remembers it as it is now. Thread: one, beside the store.
  void note();
  // Leaves one of those that could be there. True when it is not the newest. Nobody has it open.
  bool power_on(std::mt19937_64& random);

 private:
  void tear(std::string& text, const std::string& older, std::mt19937_64& random) const;

  std::filesystem::path file_;
  std::vector<std::string> older_;
};

}  // namespace linnet::test
