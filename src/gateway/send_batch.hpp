// Sends of many connections in one system call, by io_uring: a room's message to its members costs
// one entry into the kernel for each 256 of them. Measured beside send() in one run: 5 to 12 % less
// CPU time for each delivery (docs/performance.md). Where the kernel refuses io_uring (containers
// often do), or the program was built without it, nothing is taken, and the callers use send().
#pragma once

#include "linnet/wire/shared_frame.hpp"

#include <memory>
#include <string_view>

namespace linnet::gateway {

// Thread: one, the shard's.
class SendBatch {
 public:
  // Whoever is told what became of its bytes.
  class Sender {
   public:
    virtual ~Sender() = default;
    // From within submit(); must not add(). `rest`: what the socket did not take, for want of room
    // or because of an error, which the next send() will meet too.
    virtual void on_batch_sent(std::string_view rest) = 0;
  };

  explicit SendBatch(bool wanted);
  ~SendBatch();

  // Whether the kernel here serves what this needs: makes a ring and lets it go. Thread: any.
  static bool possible();

  // Notes that `bytes` of `run` are to be sent by `fd`. Until submit() neither may `sender` go nor
  // `fd` be closed or written otherwise. False: nothing was noted. Submits by itself when full.
  bool add(int fd, std::string_view bytes, const wire::FrameRunPtr& run, Sender& sender);
  // Sends what was noted, as far as the sockets take it; waits for nothing else.
  void submit();
  bool empty() const;

 private:
  struct Ring;
  bool ready();
  void tell();

  bool wanted_;
  std::unique_ptr<Ring> ring_;  // made by the first add()
};

}  // namespace linnet::gateway
