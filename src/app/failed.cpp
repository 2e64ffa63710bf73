#include "failed.hpp"

#include "linnet/app/config.hpp"

#include <cstdio>

namespace linnet::app {

int failed(const Error& error) {
  const auto& text = error.message().empty() ? error.detail() : error.message();
  std::fprintf(stderr, "linnet: %s\n", text.c_str());
  return kExitFailure;
}

}  // namespace linnet::app
