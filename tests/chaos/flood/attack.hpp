// What attackers do to a server while others talk, and what the server owes them: each attack is a
// function that goes on until it is told that it is over, and then says what it did and what should
// have been otherwise.
#pragma once

#include "address.hpp"
#include "peer.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace linnet::flood {

struct Field {
  bench::Doors doors;
  bench::Address grpc;                       // where gRPC is built in
  const std::vector<bench::Account>& users;  // the attackers' own
  double scale = 1;                          // of the attack
  const std::atomic<bool>& over;

  std::size_t scaled(std::size_t count) const {
    const auto some = static_cast<std::size_t>(static_cast<double>(count) * scale);
    return some > 0 ? some : 1;
  }
};

struct Outcome {
  std::string did;
  std::vector<std::string> faults;
};

struct Attack {
  std::string name;
  Outcome (*run)(const Field& field);
  std::vector<std::string> settings;  // of the server
  double may_grow_mb = 0;             // its memory
};

const std::vector<Attack>& attacks();

// Codes that are guessed are this and a number.
inline constexpr const char* kGuess = "guess ";

// The number behind `limit` in /metrics.
std::uint64_t refused(const bench::Doors& doors, const std::string& limit);

Outcome half_open(const Field& field);
Outcome pings(const Field& field);
Outcome fragments(const Field& field);
Outcome sign_ins(const Field& field);
Outcome messages(const Field& field);
Outcome bombs(const Field& field);
Outcome rooms(const Field& field);
Outcome hoard(const Field& field);
Outcome slow_room(const Field& field);
Outcome joins(const Field& field);
Outcome accepts(const Field& field);
Outcome large(const Field& field);
Outcome resets(const Field& field);
Outcome frames(const Field& field);

}  // namespace linnet::flood
