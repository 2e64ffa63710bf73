// Attacks that never finish what they begin, and those that go on for ever within one message.
#include "attack.hpp"
#include "dialect.hpp"
#include "foes.hpp"

#include "linnet/wire/websocket.hpp"

#include <algorithm>
#include <vector>

namespace linnet::flood {
namespace {

using bench::kMilli;
using bench::kSecond;
using bench::now;

constexpr std::size_t kHalfOpen = 10'000;
constexpr std::size_t kPhases = 5;
constexpr Nanos kUntilCut = 15 * kSecond;

// What a half-open connection says, and then drop by drop; a phase in the middle of a frame of
// somebody who has signed in is one of the fragments'.
std::string beginning(std::size_t foe) {
  switch (foe % kPhases) {
    case 0: return {};                              // nothing at all
    case 1: return std::string("\x00\x40\x08", 3);  // a packet of TCP
    case 2: return "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    case 3: return "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Up";
    default:
      return "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
             "Content-Length: 100000\r\n\r\n{";
  }
}

const bench::Address& door_of(const Field& field, std::size_t foe) {
  return foe % kPhases < 2 ? field.doors.tcp : field.doors.http;
}

// A frame of a client that is not the last of its message, masked with zeros.
std::string fragment(bool first, char byte) {
  std::string frame;
  frame += first ? '\x02' : '\x00';
  frame += '\x81';
  frame.append(4, '\0');
  frame += byte;
  return frame;
}

std::string ping() {
  std::string frame;
  wire::append_masked_ws_frame(wire::WsOpcode::kPing, std::string(100, 'p'), 0x12345678U, frame);
  return frame;
}

// WebSockets that have signed in and say the same again and again; those that are cut come back.
Outcome pour(const Field& field, const std::string& first, const std::string& again,
             const char* what) {
  constexpr std::size_t kOpened = 64;
  Foes foes(std::min({field.scaled(kOpened), field.users.size()}));
  std::string much;
  while (much.size() < 16384)
    much += again;
  std::uint64_t bytes = 0;
  std::vector<bool> begun(foes.size());
  while (!field.over) {
    for (std::size_t foe = 0; foe < foes.size(); ++foe) {
      if (foes.open(foe)) {
        if (!begun[foe] || !foes.say(foe, {})) continue;
        foes.say(foe, much);
        bytes += much.size();
      } else if (foes.connect(foe, field.doors.http)) {
        begun[foe] = false;
        foes.say(foe, bench::upgrade_request(bench::web_socket_target(field.users[foe])));
      }
    }
    foes.listen(now() + kMilli, [&](std::size_t foe, std::string& received) {
      if (!begun[foe] && received.find("\r\n\r\n") != std::string::npos) {
        begun[foe] = true;
        foes.say(foe, first);
      }
      received.clear();
    });
  }
  Outcome outcome;
  outcome.did = std::to_string(foes.size()) + " connections, " + std::to_string(bytes >> 20U) +
                " MB of " + what + ", " + std::to_string(foes.cut()) + " cut";
  if (bytes == 0) outcome.faults.emplace_back("nothing was sent");
  return outcome;
}

}  // namespace

// As many as there are stay open: who is cut comes back.
Outcome half_open(const Field& field) {
  const auto before = refused(field.doors, "late_head") + refused(field.doors, "late_sign_in");
  Foes foes(field.scaled(kHalfOpen));
  std::vector<Nanos> said(foes.size());
  std::size_t most = 0;
  std::size_t next = 0;
  const auto listen = [&] {
    foes.listen(now() + kMilli, [](std::size_t, std::string& received) { received.clear(); });
  };
  while (!field.over) {
    for (int i = 0; i < 20; ++i, next = (next + 1) % foes.size()) {
      if (!foes.open(next)) {
        if (foes.connect(next, door_of(field, next))) foes.say(next, beginning(next));
        said[next] = now();
      } else if (next % kPhases >= 2 && now() - said[next] > kSecond) {
        foes.say(next, "x");
        said[next] = now();
      }
    }
    listen();
    most = std::max(most, foes.open_count());
  }
  for (const auto deadline = now() + kUntilCut; foes.open_count() > 0 && now() < deadline;)
    listen();
  const auto late =
      refused(field.doors, "late_head") + refused(field.doors, "late_sign_in") - before;
  Outcome outcome;
  outcome.did = "at most " + std::to_string(most) + " at once, " + std::to_string(foes.cut()) +
                " cut, " + std::to_string(late) + " counted as late";
  if (foes.open_count() > 0)
    outcome.faults.push_back(std::to_string(foes.open_count()) + " were never cut");
  if (late == 0) outcome.faults.emplace_back("none was counted");
  return outcome;
}

Outcome pings(const Field& field) {
  return pour(field, {}, ping(), "pings");
}

Outcome fragments(const Field& field) {
  return pour(field, fragment(true, 'x'), fragment(false, 'x'), "a message's fragments");
}

}  // namespace linnet::flood
