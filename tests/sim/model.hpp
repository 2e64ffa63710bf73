// What the server is to do, said once more and as plainly as possible: maps, lists and rules for
// one caller at a time. It shares no code with the server.
#pragma once

#include "call.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace linnet::sim {

class Model {
 public:
  // What the call answers; what it changes is changed.
  Answer perform(const Call& call, std::int64_t now);
  // What the last call handed on.
  const Handed& handed() const { return handed_; }

  // A line for each message.
  const std::vector<std::string>& inbox(std::int64_t user) const { return inboxes_[user]; }
  // Who is signed in on a device; 0: nobody. For the server it is the device of whoever signed in
  // on it first; for each other who does there is one behind it.
  std::int64_t user_of(int device) const { return signed_in_[current_[device]]; }
  int current(int device) const { return current_[device]; }
  std::int64_t acknowledged(std::int64_t user) const { return acknowledged_[user]; }
  // (user, group) for every member of every large group.
  std::set<Pair> followers() const;
  std::vector<std::int64_t> groups() const;
  void acknowledge(std::int64_t user, std::int64_t seq);
  // Every connection is gone, and so is what was heard in rooms: it is stored nowhere here.
  void cut_all();
  // (device, room): what was heard there.
  const std::map<Pair, std::vector<std::string>>& heard() const { return heard_; }

 private:
  struct Member {
    int role = 0;
    std::int64_t muted_until = 0;
    std::int64_t sees_after = 0;
    std::int64_t read = 0;
    std::string note;
  };
  struct Group {
    bool large = false;
    std::string name;
    int join_mode = 0;
    bool invite = false;
    bool open_history = false;
    std::int64_t muted_until = 0;
    std::map<std::int64_t, Member> members;
    std::set<std::int64_t> asked;
    std::vector<std::string> log;
    std::int64_t head() const { return static_cast<std::int64_t>(log.size()); }
  };

  struct Person {
    int role = 0;
    std::int64_t muted_until = 0;
    std::int64_t banned_until = 0;
  };
  struct Room {
    std::map<std::int64_t, Person> people;
    std::int64_t muted_until = 0;
    std::map<int, std::int64_t> seats;  // by device: of whom
  };

  std::int64_t self() const { return self_; }
  Answer friends(const Call& call);
  Answer send(const Call& call);
  Answer send_to_group(const Call& call);
  Answer devices(const Call& call);
  Answer rooms(const Call& call);
  Answer moderate(const Call& call);
  void leave_rooms(int device);
  int device_for(int device, std::int64_t user);
  Answer look_at_group(const Call& call);
  Answer change_group(const Call& call);
  Answer membership(const Call& call);
  Answer bring_in(std::int64_t group, const std::vector<std::int64_t>& users);
  Answer add_members(const Call& call);
  int may_change(const Call& call, const Group& group) const;
  int above(const Group& group, std::int64_t other) const;

  std::int64_t put(std::int64_t user, const std::string& line);
  // A notice about a group, to its members as they are now and to `persons`.
  void tell(std::int64_t id, const std::string& line, std::set<std::int64_t> persons,
            bool grown = false);
  std::optional<Answer> answered(const Call& call) const;
  std::string line_of(const Call& call, int receiver_type, std::int64_t receiver) const;

  std::int64_t now_ = 0;
  std::int64_t self_ = 0;
  Handed handed_;
  mutable std::map<std::int64_t, std::vector<std::string>> inboxes_;
  mutable std::map<int, std::int64_t> signed_in_;  // by what is a device for the server
  mutable std::map<int, int> current_;             // that of a device, of who was on it last
  std::map<int, std::int64_t> owners_;
  std::map<Pair, int> behind_;   // (device, user)
  std::map<int, int> in_front_;  // of one behind it
  int last_device_ = kDevices;
  mutable std::map<std::int64_t, std::int64_t> acknowledged_;
  std::map<Pair, std::int64_t> requests_;  // (device, request id): the seq answered
  std::set<Pair> asked_;                   // (who, whom)
  std::map<Pair, std::int64_t> noticed_;   // when that was told, also if it was taken back
  std::map<Pair, std::string> friends_;    // (who, of whom): its note
  std::map<Pair, std::string> remarks_;    // of a request, for when it is agreed to
  std::set<Pair> blocks_;                  // (who, whom)
  std::map<std::int64_t, Group> groups_;
  std::int64_t last_group_ = 0;
  std::map<std::int64_t, Room> rooms_;
  std::map<Pair, std::vector<std::string>> heard_;
};

}  // namespace linnet::sim
