#include "send_batch.hpp"

#ifdef LINNET_IO_URING

#include <array>
#include <cerrno>
#include <cstddef>
#include <liburing.h>
#include <sys/socket.h>
#include <vector>

namespace linnet::gateway {
namespace {

constexpr unsigned kEntries = 256;
constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;  // the kernel answers at once, sent or not
constexpr unsigned kFewest = 4;                      // below it a ring gains nothing

// The kernel spares itself interrupts and locks when one thread does all (Linux 6.1); older ones
// know neither flag.
bool open(io_uring& ring) {
  if (io_uring_queue_init(kEntries, &ring,
                          IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN) == 0)
    return true;
  return io_uring_queue_init(kEntries, &ring, 0) == 0;
}

}  // namespace

struct SendBatch::Ring {
  struct Entry {
    Sender* sender = nullptr;
    std::string_view bytes;  // in the end, what was not sent
    int fd = -1;

    void sent(std::int64_t result) {
      if (result > 0) bytes.remove_prefix(static_cast<std::size_t>(result));
    }
  };
  ~Ring() { io_uring_queue_exit(&ring); }

  void send_each() {
    for (unsigned i = 0; i < count; ++i) {
      auto& entry = entries[i];
      entry.sent(::send(entry.fd, entry.bytes.data(), entry.bytes.size(), kFlags));
    }
  }

  // False when the ring is good for nothing any more.
  bool send_all() {
    for (unsigned i = 0; i < count; ++i) {
      auto& entry = entries[i];
      auto* sqe = io_uring_get_sqe(&ring);
      io_uring_prep_send(sqe, entry.fd, entry.bytes.data(), entry.bytes.size(), kFlags);
      io_uring_sqe_set_data64(sqe, i);
    }
    for (unsigned done = 0; done < count;) {
      const int error = io_uring_submit_and_wait(&ring, count - done);
      if (error < 0 && error != -EINTR && error != -EAGAIN && error != -EBUSY) return false;
      io_uring_cqe* cqe = nullptr;
      for (; io_uring_peek_cqe(&ring, &cqe) == 0; ++done) {
        entries[io_uring_cqe_get_data64(cqe)].sent(cqe->res);
        io_uring_cqe_seen(&ring, cqe);
      }
    }
    return true;
  }

  io_uring ring{};
  std::array<Entry, kEntries> entries;
  unsigned count = 0;
  std::vector<wire::FrameRunPtr> runs;  // whose bytes are noted
};

SendBatch::SendBatch(bool wanted) : wanted_(wanted) {}
SendBatch::~SendBatch() = default;

bool SendBatch::possible() {
  io_uring ring{};
  if (!open(ring)) return false;
  io_uring_queue_exit(&ring);
  return true;
}

bool SendBatch::empty() const {
  return !ring_ || ring_->count == 0;
}

bool SendBatch::ready() {
  if (ring_ || !wanted_) return ring_ != nullptr;
  wanted_ = false;  // it is tried once
  io_uring ring{};
  if (!open(ring)) return false;
  ring_ = std::make_unique<Ring>();
  ring_->ring = ring;
  return true;
}

bool SendBatch::add(int fd, std::string_view bytes, const wire::FrameRunPtr& run, Sender& sender) {
  if (!ready()) return false;
  Ring& ring = *ring_;
  ring.entries[ring.count++] = {&sender, bytes, fd};
  if (ring.runs.empty() || ring.runs.back() != run) ring.runs.push_back(run);
  if (ring.count == kEntries) submit();
  return true;
}

void SendBatch::submit() {
  if (empty()) return;
  Ring& ring = *ring_;
  if (ring.count < kFewest) {
    ring.send_each();
  } else if (!ring.send_all()) {
    tell();
    ring_.reset();  // what the kernel has not taken of it goes too
    return;
  }
  tell();
}

void SendBatch::tell() {
  Ring& ring = *ring_;
  for (unsigned i = 0; i < ring.count; ++i)
    ring.entries[i].sender->on_batch_sent(ring.entries[i].bytes);
  ring.count = 0;
  ring.runs.clear();
}

}  // namespace linnet::gateway

#else

namespace linnet::gateway {

struct SendBatch::Ring {};

SendBatch::SendBatch(bool /*wanted*/) : wanted_(false) {}
SendBatch::~SendBatch() = default;
bool SendBatch::possible() {
  return false;
}
bool SendBatch::ready() {
  return false;
}
bool SendBatch::empty() const {
  return true;
}
bool SendBatch::add(int /*fd*/, std::string_view /*bytes*/, const wire::FrameRunPtr& /*run*/,
                    Sender& /*sender*/) {
  return false;
}
void SendBatch::submit() {}
void SendBatch::tell() {}

}  // namespace linnet::gateway

#endif
