// Which processor runs what, and what the kernel does there on behalf of nobody.
#pragma once

#include "measure.hpp"

namespace linnet::bench {

// The server on the first processor, the generator on the second, so that neither waits for the
// other. Nothing is pinned where there is but one, or where it is not wanted.
class Pinning {
 public:
  explicit Pinning(bool wanted);
  ~Pinning();
  Pinning(const Pinning&) = delete;
  Pinning& operator=(const Pinning&) = delete;

  bool on() const { return on_; }
  // What this thread starts from now on runs where servers do.
  void start_servers() const;
  // From now on this thread is the generator.
  void start_generator() const;

 private:
  bool on_;
};

// CPU time of the threads that finish the kernel's network work (ksoftirqd): the servers' when
// pinned, else all of them.
Nanos soft_irq_cpu(bool pinned);

}  // namespace linnet::bench
