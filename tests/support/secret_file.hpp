// A file with the secret of hooks, as an operator would make it.
#pragma once

#include "secrets.hpp"

#include "linnet/base/temp_dir.hpp"

#include <fstream>
#include <string>

namespace linnet::test {

inline constexpr const char* kHookSecret = "0123456789abcdef0123456789abcdef";

inline std::string write_secret(const TempDir& dir) {
  auto path = (dir.path() / "hook-secret").string();
  std::ofstream(path) << kHookSecret << "\n";
  remember_secret(kHookSecret);
  return path;
}

}  // namespace linnet::test
