// A packet that is the same for everybody who gets it: encoded and framed once for each kind of
// connection, when the first of that kind needs it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pb {
class Output;
}

namespace linnet::wire {

enum class Framing : std::uint8_t { kTcp, kWebSocketBinary, kWebSocketText };

// Immutable but for the frames, which are made when first asked for. Thread: any.
class SharedFrame {
 public:
  explicit SharedFrame(const pb::Output& packet);

  // What to write to a socket; empty when the packet is too large for the framing.
  const std::string& bytes(Framing framing) const;
  // Of the packet, without a frame.
  std::size_t size() const { return packet_.size(); }

 private:
  struct Form {
    std::once_flag once;
    std::string bytes;
  };
  std::string packet_;
  mutable std::array<Form, 3> forms_;
};

using SharedFramePtr = std::shared_ptr<const SharedFrame>;

// Shared frames that go out one behind the other: joined once for each kind of connection, so that
// all members of a room are written from the same bytes. Thread: one.
class FrameRun {
 public:
  FrameRun() = default;
  explicit FrameRun(SharedFramePtr frame) { add(std::move(frame)); }

  void add(SharedFramePtr frame);
  bool empty() const { return frames_.empty(); }
  // Of the packets, without frames.
  std::size_t size() const { return size_; }
  // What to write to a socket. Valid as long as the run is, and nothing is added.
  std::string_view bytes(Framing framing) const;

 private:
  std::vector<SharedFramePtr> frames_;
  std::size_t size_ = 0;
  mutable std::array<std::string, 3> joined_;  // of more than one
};

using FrameRunPtr = std::shared_ptr<const FrameRun>;

}  // namespace linnet::wire
