// Those who send to a store until its power goes: to each other, to a small group and to a large
// one. All that they do, are told and read goes into the history.
#pragma once

#include "support/history.hpp"

#include "linnet/store/store.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace linnet::test {

// What the history knows a content by.
std::string text_of(const std::string& content);

class PowerSenders {
 public:
  static constexpr std::int64_t kUsers = 6;
  static constexpr std::int64_t kSenders = 5;  // the first users

  explicit PowerSenders(History& history) : history_(history) {}

  // Looks for the groups in a store that was opened, and with `make` makes those that are missing.
  // Without one nobody sends to it.
  void find_groups(store::Store& store, bool make);
  // 0: not to be had now.
  GroupId large_group() const { return groups_[1].id; }
  struct Patience {
    int refusals = 1;      // after which a sender gives up; meanwhile it asks again
    bool in_vain = false;  // after a refusal nothing may be acknowledged any more
  };
  // First what was not answered, then what is new, up to `most` messages. Thread: one for each
  // sender at a time.
  void send(store::Store& store, std::int64_t sender, int most, std::uint64_t seed,
            Patience patience);
  // Each sends again some of what was answered, and what was not; nothing may be refused.
  void retry(store::Store& store);
  void read_all(store::Store& store);
  // Whether what was answered is in all of its logs as they were read last, or at least in none.
  void look_for_losses();
  std::size_t told_to_groups() const { return told_to_groups_; }
  // By a store that had refused the sender before.
  std::size_t told_after_refusal() const { return told_after_refusal_; }
  // What no history tells.
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  enum class To { kUsers, kSmallGroup, kLargeGroup };
  struct Sent {
    store::NewMessage message;
    std::int64_t sender = 0;
    To to = To::kUsers;
    std::vector<LogId> logs;
  };
  struct Group {
    GroupId id;         // 0: not to be had now
    bool made = false;  // and acknowledged, or seen
  };
  void fault(std::string sentence);
  void find_group(To which, const std::vector<store::Membership>& there);
  void make_group(store::Store& store, To which);
  static std::string name_of(To which) { return which == To::kSmallGroup ? "small" : "large"; }
  Group& group(To to) { return groups_[to == To::kSmallGroup ? 0 : 1]; }
  To choose(std::int64_t sender, std::mt19937_64& random);
  Sent next(std::int64_t sender, std::int64_t number, std::mt19937_64& random);
  bool append(store::Store& store, const Sent& sent);
  Result<store::Appended> ask(store::Store& store, const Sent& sent);
  template <class ReadPage>
  void read(LogId log, const ReadPage& read_page);

  History& history_;
  std::array<Group, 2> groups_;
  // By sender.
  std::array<std::optional<Sent>, kSenders + 1> unanswered_;
  std::array<std::vector<Sent>, kSenders + 1> known_;
  std::array<std::int64_t, kSenders + 1> numbers_{};
  std::map<LogId, std::set<std::string>> read_;  // last
  std::atomic<std::size_t> told_to_groups_ = 0;
  std::atomic<std::size_t> told_after_refusal_ = 0;
  std::mutex mutex_;
  std::vector<std::string> faults_;
};

}  // namespace linnet::test
