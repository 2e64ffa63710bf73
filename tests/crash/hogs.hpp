// Clients that cost a server memory: connections that never read what comes to them, calls of which
// the end does not come, bursts of what is long. And how little memory it has for them.
#pragma once

#include "support/load.hpp"

#include <cstdint>
#include <list>
#include <string>
#include <sys/types.h>
#include <vector>

namespace linnet::test {

// Address space for what the process has now and, by the seed, some 8 to 70 MB more.
void limit_memory(pid_t pid, std::uint64_t seed);
// In kilobytes; 0 when there is none.
long resident(pid_t pid);

class Hogs {
 public:
  // `deaf`: devices that sign in and read nothing.
  Hogs(const World& world, Ports ports, std::vector<TestUser> deaf);
  // Some more of them.
  void grow();

 private:
  void stall();
  void begin_call();
  void flood();

  const World& world_;
  Ports ports_;
  std::vector<TestUser> deaf_;
  std::int64_t number_ = 0;
  std::list<LongConnection> stalled_;
  std::list<Socket> begun_;
  std::list<Socket> flooding_;
};

}  // namespace linnet::test
