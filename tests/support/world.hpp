// Who there is in every run of the crash and chaos tests: users with two devices each, groups,
// rooms; made once, copied for each run.
#pragma once

#include "history.hpp"
#include "raw_client.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace linnet::test {

inline constexpr std::size_t kUsers = 64;
inline constexpr std::int64_t kRooms = 2;  // their ids are 1 and 2

struct World {
  struct Group {
    std::int64_t id = 0;
    bool large = false;
    std::vector<std::size_t> members;
    std::int64_t own_entries = 0;
  };
  std::filesystem::path data;     // a data directory, at rest
  std::vector<TestUser> senders;  // by user: the device that sends
  std::vector<TestUser> readers;  // and the one that reads
  std::vector<Group> groups;
  // Of what each inbox begins with: entries of the server's own, which come before all others.
  std::vector<std::int64_t> own_entries;
};

World make_world(const std::filesystem::path& data);

inline std::string phone_of(std::size_t user) {
  return std::to_string(1000 + user);
}
inline LogId inbox_log(std::size_t user) {
  return 1000 + static_cast<LogId>(user);
}
inline LogId group_log(std::size_t group) {
  return 5000 + static_cast<LogId>(group);
}
inline LogId room_log(std::int64_t room) {
  return 9000 + room;
}

// What a server of these tests is started with.
std::vector<std::string> server_arguments();

}  // namespace linnet::test
