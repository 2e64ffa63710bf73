// The values that the store keeps and gives back. Numbers of enumerations are those of proto/pb.
#pragma once

#include "linnet/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace linnet::store {

// One message as the log keeps it: once, however many inboxes it is in.
struct Message {
  RequestId request_id;          // the sender's own; 0: none
  std::int32_t sender_type = 0;  // pb.SenderType
  std::int64_t sender_id = 0;
  DeviceId sender_device_id;       // 0: no device (system)
  std::int32_t receiver_type = 0;  // pb.ReceiverType
  std::int64_t receiver_id = 0;
  std::vector<UserId> mentions;
  std::int32_t type = 0;  // pb.MessageType
  std::string content;    // opaque bytes
  Millis send_time;
  std::int32_t status = 0;  // pb.MessageStatus

  friend bool operator==(const Message&, const Message&) = default;
};

struct NewMessage {
  Message message;
  // Whose inboxes it enters: unique, at least one if there is no group. The sender's own inbox is
  // among them if it keeps one.
  std::vector<UserId> recipients;
  // The group (message.receiver_id) whose own inbox it enters as well; 0: none.
  GroupId group;
};

struct Placed {
  UserId user;
  Seq seq;
  friend bool operator==(const Placed&, const Placed&) = default;
};

struct Appended {
  MessageId id;
  // In the inbox of message.sender_id; if it keeps none, in the group's; 0 without either.
  Seq sender_seq;
  bool duplicate = false;      // the same device and request id came before: nothing was stored now
  std::vector<Placed> placed;  // an entry per recipient, in the order given; empty for a duplicate
  Seq group_seq;               // in the group's own inbox; 0: none
};

struct InboxEntry {
  Seq seq;
  Message message;
};

struct PageLimit {
  std::size_t entries = 100;
  std::size_t bytes = 48 * 1024;  // of content; a page holds at least one entry whatever its size
};

struct InboxPage {
  std::vector<InboxEntry> entries;  // ascending, without a gap, from after+1
  Seq head;                         // highest seq of the inbox when it was read; 0 when empty
};

struct Device {
  DeviceId id;
  UserId user;  // 0: nobody is signed in on it
  std::int32_t type = 0;
  std::string brand;
  std::string model;
  std::string system_version;
  std::string sdk_version;
  Millis created;
  Millis updated;
  Millis seen;  // connected last; 0: never
};

struct User {
  UserId id;
  std::string phone_number;  // empty: none
  std::string nickname;
  std::int32_t sex = 0;
  std::string avatar_url;
  std::string extra;
  Millis created;
  Millis updated;
};

// What is kept of a user's password, and of the wrong ones that were given for it lately.
struct Password {
  UserId user;
  std::string hash;
  std::int32_t wrong = 0;   // at most so many,
  Millis wrong_since = {};  // since then
};

// The one token of a device; only its hash is ever stored.
struct TokenRecord {
  UserId user;
  std::string hash;  // SHA-256, 32 raw bytes
  Millis expires;
  DeviceId known_as = {};  // what the device's client calls it; 0: by its id. Read only
};

struct SignIn {
  std::string phone_number;
  DeviceId device;
  std::string nickname_if_new;
  Millis now;
  bool makes_user = true;  // if there is none of the phone number
  // Of the password that proved who it is; empty: something else did.
  std::string password_hash = {};
  // Other devices of the user of these types (pb: RegisterDeviceReq.type) are signed out.
  std::vector<std::int32_t> exclusive_types;
};

// A user of another user system on a device.
struct Binding {
  UserId user;
  DeviceId device;
  Millis issued;  // when what proves it was made; 0: not known
  Millis now;
  // `issued` is exact, and must be later than a sign-out; else it counts in seconds, and one of the
  // same second is good.
  bool exact = false;
};

struct Bound {
  DeviceId device;  // may stand behind the one that was named
  std::vector<DeviceId> signed_out;
};

struct SignedIn {
  UserId user;
  DeviceId device;  // may stand behind the one that was named
  bool created = false;
  std::vector<DeviceId> signed_out;
};

struct Friend {
  User user;
  std::string remarks;
  std::string extra;
  Millis seen;  // when a device of the friend's was connected last; 0: never
};

struct FriendRequest {
  UserId from;
  UserId to;
  std::string remarks;      // what `from` calls `to`
  std::string description;  // shown to `to`
  Millis now;
};

// How one user stands to another; kBlocked: the other blocks it, whatever they were.
enum class Friendship { kNone, kRequested, kFriends, kBlocked };

// What a store has had to do, and has yet to.
struct Load {
  std::uint64_t messages = 0;  // in it, ever
  std::size_t waiting = 0;     // writes without a transaction yet
  std::size_t unmerged = 0;    // inbox entries in memory, which the index on disk has not yet
};

}  // namespace linnet::store
