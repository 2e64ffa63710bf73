// A directory that goes away with its owner: for tests, and for what `linnet bench` starts.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace linnet {

// Thread: one. Made in TMPDIR or /tmp, for this user alone; the constructor throws when it cannot
// be.
class TempDir {
 public:
  TempDir() {
    const auto parent = std::filesystem::temp_directory_path().string();
    std::string pattern = parent + "/linnet-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("cannot make a directory in " + parent);
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace linnet
