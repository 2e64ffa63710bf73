// Groups as the store keeps them, and how they are changed. Numbers of enumerations are those of
// proto/pb.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/store/types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace linnet::store {

inline constexpr std::int32_t kSmallGroup = 1;  // pb.GroupType
inline constexpr std::int32_t kLargeGroup = 2;
inline constexpr std::int32_t kRoleMember = 0;  // pb.GroupRole
inline constexpr std::int32_t kRoleAdmin = 1;
inline constexpr std::int32_t kRoleOwner = 2;

struct Group {
  GroupId id;
  std::int32_t type = 0;  // pb.GroupType
  std::string name;
  std::string avatar_url;
  std::string introduction;
  std::string extra;
  std::int32_t join_mode = 0;  // pb.JoinMode
  bool member_invite = false;  // every member may add others
  bool open_history = false;   // a new member may read what came before it
  Millis muted_until;          // for all but owner and administrators
  std::int64_t members = 0;
  Millis created;
  Millis updated;

  friend bool operator==(const Group&, const Group&) = default;
};

struct Member {
  UserId user;
  std::int32_t role = 0;  // pb.GroupRole
  std::string remarks;
  std::string extra;
  Millis muted_until;
  Millis joined;
  Seq visible_after;  // of the group's inbox: what the member may read begins after it
  Seq read;           // of the group's inbox: what the member has read ends here

  friend bool operator==(const Member&, const Member&) = default;
};

struct JoinRequest {
  UserId user;
  std::string text;
  Millis created;

  friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};

// What an edit is decided on: the group, and those users for whom it was asked.
struct GroupView {
  struct Person {
    UserId user;
    std::optional<Member> member;  // nothing: not a member
    bool asked_to_join = false;
    // Told to a decision alone.
    bool blocks_first = false;  // the first of the persons
    bool erased = false;
    bool in_most_groups = false;  // not a member, and in (or asked to join) as many as may be
  };
  Group group;
  Seq head;                     // of the group's inbox
  std::vector<Person> persons;  // in the order asked for
};

// A message about an edit, to the group and to `persons`. In a small group it is one message, in
// the inboxes of the members as they are after the edit, of the persons, and of the group. In a
// large one it is two: in the group's inbox, and (as that of a small group, so that receiver_type
// tells whose seq it has) in the inboxes of the persons, or of all members when it has just grown.
struct GroupNotice {
  Message message;
  std::vector<UserId> persons;  // unique
};

struct GroupEdit {
  std::optional<Group> group;   // its new values; id, members and created stay as they are
  std::vector<Member> put;      // added, or changed
  std::vector<UserId> removed;  // members; unique, none of them in `put`
  std::optional<JoinRequest> request;
  std::vector<UserId> answered;  // whose requests to join are done with
  bool dissolved = false;        // the group ends; nobody reads its inbox any more
  std::vector<GroupNotice> notices;
};

// Decides on an edit, or refuses it. Called once or more, where the store likes; must only look.
using GroupDecision = std::function<Result<GroupEdit>(const GroupView&)>;

struct GroupEdited {
  Group group;                  // as it was left
  std::vector<UserId> added;    // by this edit
  std::vector<UserId> removed;  // by this edit
  bool grown = false;           // it has become large
  bool dissolved = false;
  std::vector<UserId> members;     // all of them, when it has grown
  std::vector<Message> notices;    // as they were appended
  std::vector<Appended> appended;  // one for each of them
};

struct GroupAppended {
  Appended appended;
  std::int32_t type = 0;  // pb.GroupType; meaningless for a duplicate
};

// One of the groups of a user.
struct Membership {
  Group group;
  Member member;
  Seq head;  // of the group's inbox
};

// To whom a message goes that is stored nowhere.
struct Audience {
  std::int32_t type = 0;        // pb.GroupType
  std::vector<UserId> members;  // of a small group
};

}  // namespace linnet::store
