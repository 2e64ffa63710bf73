// What the clients of a load have in common; for this folder alone.
#pragma once

#include "load.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace linnet::test {

inline constexpr std::int64_t kRoomIds = 1'000'000'000;

template <class T>
T parsed(const std::string& bytes, const char* name) {
  T message;
  if (!message.ParseFromString(bytes)) throw ProtocolError(std::string("no ") + name);
  return message;
}

// No packet says anything but success where all is well.
inline void expect_success(const pb::Output& packet) {
  if (packet.code() != 0)
    throw Refused(packet.code(), pb::PackageType_Name(packet.type()) + " refused with " +
                                     std::to_string(packet.code()) + ": " + packet.message());
}

// The next packet; nothing when the peer has closed. Beats while it waits; throws TimedOut from
// `latest` on.
inline std::optional<pb::Output> receive_beating(LongConnection& connection,
                                                 std::chrono::steady_clock::time_point& beat_at,
                                                 std::chrono::steady_clock::time_point latest) {
  using std::chrono::milliseconds;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= latest) throw TimedOut("what was asked for did not come in time");
    if (now >= beat_at) {
      connection.send(pb::PT_HEARTBEAT, 0, {});
      beat_at = now + kHeartbeat;
    }
    const auto until = std::min(beat_at, latest);
    try {
      return connection.receive(std::chrono::duration_cast<milliseconds>(until - now) +
                                milliseconds(1));
    } catch (const TimedOut&) {
      // Silence is no end.
    }
  }
}

// Lets a client work until its connection has gone; whatever else ends the work is a problem,
// unless it is tolerated.
template <class Work>
void until_gone(const Work& work, const std::string& who, const Tolerance& tolerance,
                std::vector<std::string>& problems) {
  constexpr std::size_t kKept = 50;
  const auto problem = [&](const std::exception& error) {
    if (problems.size() < kKept) problems.push_back(who + ": " + error.what());
  };
  try {
    work();
  } catch (const Refused& error) {
    const auto& codes = tolerance.refusals;
    if (std::count(codes.begin(), codes.end(), error.code) == 0) problem(error);
  } catch (const ProtocolError& error) {
    problem(error);
  } catch (const TimedOut& error) {
    if (!tolerance.silence) problem(error);
  } catch (const std::exception&) {
    // The connection has gone; what was not answered is known.
  }
}

}  // namespace linnet::test
