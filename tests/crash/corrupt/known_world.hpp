// A small database whose whole content is known beforehand: made by one seed in one order, so that
// every seq that the store gives can be told in advance.
#pragma once

#include "sqlite_store.hpp"
#include "support/history.hpp"

#include "linnet/base/clock.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace linnet::test {

inline constexpr std::int64_t kKnownUsers = 8;
inline constexpr std::int64_t kKnownGroups = 2;  // the first is small, the second large

inline constexpr LogId group_log_of(std::int64_t group) {
  return 100 + group;
}

class KnownWorld {
 public:
  struct Said {
    store::NewMessage message;           // as it was given to the store; to a group: no recipients
    std::int64_t number = 0;             // of the sender
    std::map<LogId, std::int64_t> seqs;  // where it must stand
    std::int64_t told = 0;               // the sender's seq, or the group's
    LogId told_in = 0;
  };

  explicit KnownWorld(std::uint64_t seed);

  // Makes it in `directory` and ends: by SIGKILL, or after a clean close when the seed says so.
  // Exit status 1: something was answered that should not have been. In a process of its own.
  [[noreturn]] void make(const std::filesystem::path& directory) const;
  const std::vector<Said>& said() const { return said_; }
  // The next message of `sender` to `user`, on top of `seqs`.
  static store::NewMessage text(std::int64_t sender, std::int64_t number, std::int64_t user);
  // Everything else that is known, as the store tells it: users, tokens, friends, members. What it
  // refuses is counted in `refused`.
  static std::string facts(store::Store& store, int& refused);
  static std::string known_facts();
  store::SqliteOptions options(const std::filesystem::path& directory) const;
  // With which nothing happens by itself.
  store::Tuning tuning() const;

 private:
  void say(std::mt19937_64& random);
  bool make_facts(store::Store& store) const;
  bool speak(store::Store& store, const Said& said) const;

  std::uint64_t seed_;
  bool closed_ = false;
  std::size_t merge_after_ = 0;
  int checkpoint_frames_ = 0;
  std::map<LogId, std::int64_t> heads_;
  std::map<std::int64_t, std::int64_t> numbers_;
  std::vector<Said> said_;
};

}  // namespace linnet::test
