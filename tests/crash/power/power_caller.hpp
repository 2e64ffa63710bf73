// A caller whose calls are no messages: profiles, blocks, tokens, sign-outs, members, bans. What
// was answered must still hold after the power went; what was not may hold or not.
#pragma once

#include "linnet/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace linnet::test {

// Thread: one at a time.
class PowerCaller {
 public:
  // Compares a store that was opened with what was answered, and goes on from what is there. `all`:
  // it must be possible to read it. `group`: a large one with the last user as a member; 0: none.
  void look(store::Store& store, GroupId group, bool all);
  // Up to `most` calls, until `refusals` were refused. `in_vain`: after one nothing may be answered
  // any more.
  void call(store::Store& store, int most, std::uint64_t seed, int refusals, bool in_vain);
  std::size_t answered() const { return answered_; }
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  struct Fact {
    std::string is;                  // as it was answered or read last
    std::vector<std::string> or_is;  // asked for since, and not answered
    std::set<std::string> was;       // all that it ever was or should have been
  };
  void fault(std::string sentence) { faults_.push_back(std::move(sentence)); }
  void found(const std::string& what, const std::string& value);
  bool is(const std::string& what, const std::string& value) const;
  // Facts, and what they are to be.
  using Values = std::vector<std::pair<std::string, std::string>>;
  // False: refused.
  bool ask(const Values& values, const std::function<void(Done<Unit>)>& start);
  bool ask_one(store::Store& store, std::mt19937_64& random);
  bool ask_users(store::Store& store, std::mt19937_64& random);
  bool ask_device(store::Store& store, std::mt19937_64& random);
  bool ask_group(store::Store& store, std::mt19937_64& random);
  bool make_device(store::Store& store);
  void look_at_users(store::Store& store);
  void look_at_devices(store::Store& store);
  void look_at_group(store::Store& store);
  void look_at_room(store::Store& store);
  // Nothing: it could not be read.
  template <class T, class Start>
  std::optional<T> read(Start start);

  bool all_ = false;
  GroupId group_;
  std::map<std::string, Fact> facts_;
  std::vector<DeviceId> devices_;  // the first is the first user's, and so on
  std::int64_t now_ = 1'700'000'000'000;
  std::size_t answered_ = 0;
  std::vector<std::string> faults_;
};

}  // namespace linnet::test
