// What a run is made of: calls, drawn by the seed.
#pragma once

#include "model.hpp"

#include <cstdint>
#include <random>
#include <string>

namespace linnet::sim {

using Random = std::mt19937_64;

class Script {
 public:
  Script(std::uint64_t seed, const Model& model) : random_(seed), model_(model) {}

  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
  }
  bool chance(int of_hundred) { return below(100) < of_hundred; }
  int some_device() { return static_cast<int>(1 + below(kDevices)); }
  static bool sends(Op op) {
    return op == Op::kSend || op == Op::kSendToGroup || op == Op::kPublish;
  }
  Call call();
  // The same with another text, to be kept.
  Call another(Call call);

 private:
  Op op();
  std::int64_t some_group();
  std::string text();

  Random random_;
  const Model& model_;
  int texts_ = 0;
};

}  // namespace linnet::sim
