// A packet that is the same for everybody who gets it: encoded and framed once for each kind of
// connection, when the first of that kind needs it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

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

}  // namespace linnet::wire
