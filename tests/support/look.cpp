// What there is to see of a server when all is quiet.
#include "ear.hpp"
#include "load_parts.hpp"
#include "pb/room.ext.pb.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace linnet::test {

namespace {

// The whole log of a user or a group, with a sync each.
std::vector<History::Entry> read_inbox(const World& world, History& history, std::size_t who,
                                       const TestUser& device, Ports ports) {
  const auto door = who % 2 == 0 ? LongConnection::Door::kTcp : LongConnection::Door::kWebSocket;
  auto connection = LongConnection::sign_in(door, ports.tcp, ports.http, device);
  const auto stream = history.begin(inbox_log(who), 0);
  std::vector<History::Entry> entries;
  for (const auto& item : connection.sync(0)) {
    entries.push_back(entry_of(world, item, world.own_entries[who]));
    history.received(stream, entries.back());
  }
  history.caught_up(stream);
  return entries;
}

std::vector<History::Entry> read_group(const World& world, History& history, std::size_t group,
                                       Ports ports) {
  Caller caller(ports.http);
  caller.use(world.readers[world.groups[group].members.back()]);
  const auto stream = history.begin(group_log(group), 0);
  std::vector<History::Entry> entries;
  for (std::int64_t after = 0;;) {
    pb::SyncGroupReq request;
    request.set_group_id(world.groups[group].id);
    request.set_seq(after);
    auto page = caller.call<pb::SyncGroupResp>("/pb.LogicExt/SyncGroup", request);
    for (const auto& item : page.messages()) {
      entries.push_back(entry_of(world, item, world.groups[group].own_entries));
      history.received(stream, entries.back());
      after = item.seq();
    }
    if (!page.has_more()) break;
  }
  history.caught_up(stream);
  return entries;
}

// A room's seq never goes back, whatever became of the server.
void look_at_room(const World& world, const History& history, std::int64_t room, Ports ports) {
  auto connection = LongConnection::sign_in(LongConnection::Door::kTcp, ports.tcp, ports.http,
                                            world.senders[static_cast<std::size_t>(room)]);
  pb::RoomSubscribeInput request;
  request.set_room_id(room);
  connection.send(pb::PT_ROOM_SUBSCRIBE, kRoomIds, request.SerializeAsString());
  for (;;) {
    auto packet = connection.receive();
    if (!packet) throw std::runtime_error("hung up");
    expect_success(*packet);
    if (packet->type() != pb::PT_ROOM_SUBSCRIBE) continue;
    const auto answer = parsed<pb::RoomSubscribeOutput>(packet->data(), "RoomSubscribeOutput");
    if (answer.state().seq() < history.highest_received(room_log(room)))
      throw std::runtime_error("the seq of room " + std::to_string(room) + " went back");
    return;
  }
}

}  // namespace

Look look_around(const World& world, History& history,
                 const std::vector<std::unique_ptr<Sender>>& senders, Ports ports) {
  Look look;
  std::mutex mutex;
  auto each = [&](std::size_t count, auto work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (auto who = next++; who < count; who = next++) {
          try {
            work(who);
          } catch (const std::exception& error) {
            std::lock_guard lock(mutex);
            look.faults.push_back("user " + std::to_string(who) + ": " + error.what());
          }
        }
      });
    }
    for (auto& thread : threads)
      thread.join();
  };
  Heads heads{std::vector<std::int64_t>(kUsers), std::vector<std::int64_t>(world.groups.size())};
  const auto head_of = [](const std::vector<History::Entry>& entries) {
    return entries.empty() ? 0 : entries.back().seq;
  };
  // Not with the devices that listen.
  auto read_all = [&](const std::vector<TestUser>& devices) {
    each(kUsers, [&](std::size_t who) {
      const auto entries = read_inbox(world, history, who, devices[who], ports);
      heads.inboxes[who] = head_of(entries);
      history.whole(inbox_log(who), entries);
    });
    each(world.groups.size(), [&](std::size_t group) {
      const auto entries = read_group(world, history, group, ports);
      if (world.groups[group].large) heads.groups[group] = head_of(entries);
      history.whole(group_log(group), entries);
    });
  };
  read_all(world.readers);
  look.recovered = history.recovered();
  Ears ears(world, history, heads, ports);
  each(senders.size(), [&](std::size_t who) { senders[who]->retry(ports.http); });
  read_all(world.senders);
  const auto unheard = ears.hear(heads);
  look.faults.insert(look.faults.end(), unheard.begin(), unheard.end());
  each(static_cast<std::size_t>(kRooms), [&](std::size_t room) {
    look_at_room(world, history, 1 + static_cast<std::int64_t>(room), ports);
  });
  return look;
}

}  // namespace linnet::test
