// What a bad network between clients and a server looks like from both of them.
#pragma once

#include "support/load.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace linnet::test {

class Network {
 public:
  struct Counts {
    std::size_t connections = 0;
    std::size_t bytes = 0;
    std::size_t struck = 0;                // ended, half closed, swallowed, stalled; packets too
    std::size_t dead = 0;                  // of those the server had to end: ended by it
    std::chrono::milliseconds longest{0};  // until it did
    std::vector<std::string> faults;
  };

  Network() = default;
  virtual ~Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // Where clients connect.
  virtual Ports ports() const = 0;
  // Whether there was a fault yet: a run without one says nothing.
  virtual bool struck() const = 0;
  // Ends all connections, but waits for the server to end those that have gone silent. Thread: that
  // of the constructor.
  virtual Counts close() = 0;
};

}  // namespace linnet::test
