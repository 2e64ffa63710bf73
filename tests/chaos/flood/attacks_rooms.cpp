// Attacks on live rooms: very many of them, and one whose members do not read.
#include "attack.hpp"
#include "foes.hpp"
#include "pb/room.ext.pb.h"

#include <algorithm>
#include <deque>
#include <functional>

namespace linnet::flood {
namespace {

using bench::Door;
using bench::frame;
using bench::kMilli;
using bench::kSecond;
using bench::now;

constexpr std::size_t kRooms = 100'000;
constexpr std::size_t kHoarded = 20'000;
constexpr std::size_t kPerConnection = 16;  // rooms.per_connection
constexpr std::size_t kSlow = 1000;
constexpr std::int64_t kSlowRoom = 7;
constexpr std::int64_t kFirstRoom = 10'000'000;
constexpr std::size_t kSaidInEach = 100;  // bytes of a message
constexpr std::size_t kSaidToSlow = 8000;

std::string sign_in(const bench::Account& user) {
  return frame(Door::kTcp, pb::PT_SIGN_IN, 1, bench::sign_in_data(user));
}

std::string enter(std::int64_t room) {
  pb::RoomSubscribeInput request;
  request.set_room_id(room);
  return frame(Door::kTcp, pb::PT_ROOM_SUBSCRIBE, 2, request.SerializeAsString());
}

std::string leave(std::int64_t room) {
  pb::RoomUnsubscribeInput request;
  request.set_room_id(room);
  return frame(Door::kTcp, pb::PT_ROOM_UNSUBSCRIBE, 3, request.SerializeAsString());
}

std::string say(std::int64_t room, std::size_t bytes) {
  pb::Text text;
  text.set_text(std::string(bytes, 'x'));
  pb::RoomPublishInput request;
  request.set_room_id(room);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(text.SerializeAsString());
  return frame(Door::kTcp, pb::PT_ROOM_PUBLISH, 4, request.SerializeAsString());
}

// Connections of all that sign in.
std::size_t connect_all(Foes& foes, const Field& field, bool small_window) {
  std::size_t connected = 0;
  for (std::size_t foe = 0; foe < foes.size() && !field.over; ++foe) {
    if (!foes.connect(foe, field.doors.tcp, 100, small_window)) continue;
    foes.say(foe, sign_in(field.users[foe]));
    ++connected;
  }
  return connected;
}

// What is said in a room, so that there is something to keep.
std::function<std::string(std::int64_t)> say_times(int times, std::size_t bytes) {
  return [times, bytes](std::int64_t room) {
    std::string all;
    for (int i = 0; i < times; ++i)
      all += say(room, bytes);
    return all;
  };
}

// Each connection enters one room after the other, stays in as many as it may, and speaks in each.
Outcome enter_many(const Field& field, std::size_t count,
                   const std::function<std::string(std::int64_t)>& speak) {
  constexpr std::size_t kFlooders = 400;
  Foes foes(std::min(field.scaled(kFlooders), field.users.size()));
  const auto connected = connect_all(foes, field, false);
  const auto wanted = field.scaled(count);
  std::size_t made = 0;
  std::vector<std::deque<std::int64_t>> in(foes.size());
  while (!field.over) {
    for (std::size_t foe = 0; foe < foes.size() && made < wanted; ++foe) {
      if (!foes.open(foe) || !foes.say(foe, {})) continue;
      const auto room = kFirstRoom + static_cast<std::int64_t>(made++);
      auto bytes = enter(room) + speak(room);
      in[foe].push_back(room);
      if (in[foe].size() >= kPerConnection) {
        bytes += leave(in[foe].front());
        in[foe].pop_front();
      }
      foes.say(foe, bytes);
    }
    foes.listen(now() + kMilli, [](std::size_t, std::string& received) { received.clear(); });
  }
  Outcome outcome;
  outcome.did = std::to_string(made) + " rooms by " + std::to_string(foes.size()) +
                " connections, " + std::to_string(foes.cut()) + " cut";
  if (foes.cut() > 0) outcome.faults.emplace_back("connections were cut");
  if (connected == 0 || made == 0) outcome.faults.emplace_back("nobody attacked");
  return outcome;
}

}  // namespace

Outcome rooms(const Field& field) {
  return enter_many(field, kRooms, say_times(1, kSaidInEach));
}

// As much in each as a room remembers: a gigabyte in all, if it were kept.
Outcome hoard(const Field& field) {
  return enter_many(field, kHoarded, say_times(6, kSaidToSlow));
}

// What is said is more than they are sent, ten times a second.
Outcome slow_room(const Field& field) {
  Foes foes(std::min(field.scaled(kSlow), field.users.size() - 1) + 1);
  const auto connected = connect_all(foes, field, true);
  const auto speaker = foes.size() - 1;
  for (std::size_t foe = 0; foe < foes.size(); ++foe) {
    foes.say(foe, enter(kSlowRoom));
    if (foe != speaker) foes.be_deaf(foe);
  }
  std::size_t said = 0;
  auto next = now();
  while (!field.over) {
    if (now() >= next && foes.open(speaker)) {
      next += kSecond / 10;
      foes.say(speaker, say(kSlowRoom, kSaidToSlow));
      ++said;
    }
    foes.listen(now() + kMilli, [](std::size_t, std::string& received) { received.clear(); });
  }
  foes.look_for_ends();
  Outcome outcome;
  outcome.did = std::to_string(foes.size() - 1) + " that do not read, " + std::to_string(said) +
                " messages of 8 KB, " + std::to_string(foes.cut()) + " cut";
  if (said == 0) outcome.faults.emplace_back("nothing was said");
  if (connected < 2) outcome.faults.emplace_back("nobody was there to be slow");
  return outcome;
}

}  // namespace linnet::flood
