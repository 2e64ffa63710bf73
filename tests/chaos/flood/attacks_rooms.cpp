// Attacks on live rooms: very many of them, one whose members do not read, and members that come
// and go without end.
#include "attack.hpp"
#include "foes.hpp"
#include "pb/room.ext.pb.h"

#include "linnet/wire/tcp.hpp"

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
constexpr std::size_t kJoiners = 64;
constexpr std::size_t kJoins = 10'000;
constexpr std::size_t kJoinsAtATime = 50;
constexpr std::int64_t kJoinedRooms = 8;
constexpr Nanos kUntilDone = 30 * kSecond;

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

std::string say(std::int64_t room, std::size_t bytes, std::int64_t number = 4) {
  pb::Text text;
  text.set_text(std::string(bytes, 'x'));
  pb::RoomPublishInput request;
  request.set_room_id(room);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(text.SerializeAsString());
  return frame(Door::kTcp, pb::PT_ROOM_PUBLISH, number, request.SerializeAsString());
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

// Calls `on_packet(Down)` for each whole packet and takes it away.
template <class OnPacket>
void take_packets(std::string& received, OnPacket&& on_packet) {
  std::string_view rest(received);
  while (const auto packet = wire::next_tcp_packet(rest))
    on_packet(bench::read_down(*packet));
  received.erase(0, received.size() - rest.size());
}

std::string come_and_go() {
  std::string all;
  for (std::size_t i = 0; i < kJoinsAtATime; ++i) {
    const auto room = 1 + static_cast<std::int64_t>(i) % kJoinedRooms;
    all += enter(room) + leave(room);
  }
  return all;
}

// A member of all the rooms that stays, says something ten times a second, and hears it.
class Resident {
 public:
  Resident(Foes& foes, std::size_t place) : foes_(foes), place_(place) { enter_all(); }

  void enter_all() {
    alone_ = 0;
    for (std::int64_t room = 1; room <= kJoinedRooms; ++room)
      foes_.say(place_, enter(room));
  }
  void speak() {
    if (now() < next_ || !foes_.open(place_)) return;
    next_ = std::max(next_, now()) + kSecond / 10;
    ++said_;
    foes_.say(place_, say(1 + said_ % kJoinedRooms, kSaidInEach, kFirst + said_));
  }
  void hear(const bench::Down& down) {
    if (down.code != 0) {
      ++refused_;
    } else if (down.type == pb::PT_ROOM_SUBSCRIBE) {
      pb::RoomSubscribeOutput entered;
      entered.ParseFromArray(down.data.data(), static_cast<int>(down.data.size()));
      if (entered.state().online() == 1) ++alone_;
    } else if (down.type == pb::PT_ROOM_MESSAGES) {
      pb::RoomMessages messages;
      messages.ParseFromArray(down.data.data(), static_cast<int>(down.data.size()));
      for (const auto& item : messages.items())
        if (item.request_id() == kFirst + heard_ + 1) ++heard_;
    }
  }
  // Until it has heard all that it said, and the ends of others are known.
  void hear_the_end(const std::function<void()>& listen) {
    const auto until = now() + kUntilDone;
    while (!heard_all() && foes_.open(place_) && now() < until)
      listen();
    while (!alone() && foes_.open(place_) && now() < until) {
      enter_all();
      const auto answered = now() + kSecond / 10;
      while (!alone() && now() < answered)
        listen();
    }
  }
  std::int64_t said() const { return said_; }
  bool heard_all() const { return heard_ == said_ && refused_ == 0; }
  // Nobody else is counted in any of the rooms.
  bool alone() const { return alone_ == kJoinedRooms; }

 private:
  static constexpr std::int64_t kFirst = 1000;  // request id

  Foes& foes_;
  std::size_t place_;
  Nanos next_ = 0;
  std::int64_t said_ = 0;
  std::int64_t heard_ = 0;
  std::int64_t refused_ = 0;
  std::int64_t alone_ = 0;
};

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

// Each enters a room and leaves it at once; all have the same few rooms.
Outcome joins(const Field& field) {
  const auto before = refused(field.doors, "packets");
  Foes foes(std::min(field.scaled(kJoiners), field.users.size() - 1) + 1);
  const auto begin = now();
  connect_all(foes, field, false);
  const auto place = foes.size() - 1;
  Resident resident(foes, place);
  std::uint64_t joined = 0;
  std::uint64_t wrong = 0;
  const auto listen = [&] {
    foes.listen(now() + kMilli, [&](std::size_t foe, std::string& received) {
      take_packets(received, [&](const bench::Down& down) {
        if (foe == place) return resident.hear(down);
        if (down.code != 0) ++wrong;
        if (down.code == 0 && down.type == pb::PT_ROOM_SUBSCRIBE) ++joined;
      });
    });
  };
  const auto much = come_and_go();
  const auto wanted = field.scaled(kJoins);
  const auto patience = now() + kUntilDone;
  const auto late = [&] { return refused(field.doors, "packets") - before; };
  while (!field.over || (now() < patience && (joined < wanted || late() == 0))) {
    for (std::size_t foe = 0; foe < place; ++foe)
      if (foes.open(foe) && foes.say(foe, {})) foes.say(foe, much);
    resident.speak();
    listen();
  }
  // limits.packets_per_second and packets_burst, of which a join takes two.
  const auto seconds = static_cast<double>(now() - begin) / 1e9 + 1;
  const auto allowed = static_cast<double>(place) * (2000 + 500 * seconds) / 2;
  for (std::size_t foe = 0; foe < place; ++foe)
    foes.close(foe);
  resident.hear_the_end(listen);
  const auto put_off = late();
  Outcome outcome;
  outcome.did = std::to_string(joined) + " joins by " + std::to_string(place) + " connections, " +
                std::to_string(put_off) + " times read later, " + std::to_string(foes.cut()) +
                " cut, " + std::to_string(resident.said()) + " messages said to them";
  if (joined < wanted) outcome.faults.emplace_back("fewer joined than should");
  if (static_cast<double>(joined) > allowed)
    outcome.faults.emplace_back("more joined than are allowed");
  // With what of the processors was left to it, it may not have come so far.
  const bool near_limit = static_cast<double>(joined) > 0.9 * allowed;
  if (near_limit && put_off == 0) outcome.faults.emplace_back("nothing was limited");
  if (wrong > 0) outcome.faults.push_back(std::to_string(wrong) + " joins were refused");
  if (foes.cut() > 0) outcome.faults.emplace_back("connections were cut");
  if (!resident.heard_all()) outcome.faults.emplace_back("a member that stays missed something");
  if (!resident.alone()) outcome.faults.emplace_back("who left is still counted in a room");
  return outcome;
}

}  // namespace linnet::flood
