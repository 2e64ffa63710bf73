// Twenty devices in five small and two large groups and three live rooms, cut off at random while
// all of them write: at the end each has seen exactly what the server keeps, in its order, and
// nothing that was acknowledged is missing.
#include "pb/room.ext.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <map>
#include <random>
#include <set>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr std::size_t kUsers = 10;  // two devices each
constexpr std::size_t kSmall = 5;
constexpr std::size_t kLarge = 2;
constexpr std::int64_t kRooms = 3;  // their ids are 1 to 3
constexpr int kSendsPerDevice = 32;

struct Group {
  std::int64_t id = 0;
  bool large = false;
  std::set<std::size_t> members;
};

struct Plan {
  std::uint16_t tcp_port = 0;
  std::uint16_t http_port = 0;
  std::vector<Group> groups;
};

// One device: what it has seen, and what the server acknowledged of what it sent.
class Device {
 public:
  Device(const Plan& plan, std::size_t who, TestUser user, unsigned seed)
      : plan_(plan), who_(who), user_(std::move(user)), random_(seed) {
    caller_ = std::make_unique<Caller>(plan.http_port);
    caller_->use(user_);
    for (const auto& group : plan.groups)
      if (group.members.contains(who)) mine_.push_back(&group);
  }

  // Connects, listens, writes and is cut off, again and again, until it has written its part.
  void run() {
    try {
      while (sent_ < kSendsPerDevice) {
        auto connection = connect();
        const int rounds = any(1, 6);
        for (int i = 0; i < rounds && sent_ < kSendsPerDevice; ++i) {
          listen(connection, std::chrono::milliseconds(any(0, 20)));
          if (any(0, 3) == 0) {
            say_one(connection);
          } else {
            send_one();
          }
        }
        if (any(0, 1) == 0) connection.socket().close();  // cut, with whatever was on its way
      }
    } catch (const std::exception& error) {
      problems.push_back(error.what());
    }
  }

  // Everything that is still due.
  void catch_up() {
    connect();  // which enters the rooms too
    for (const auto* group : mine_)
      if (group->large) sync_group(*group);
  }

  const TestUser& user() const { return user_; }
  const std::vector<const Group*>& groups() const { return mine_; }

  std::map<std::int64_t, std::string> inbox;                           // by seq
  std::map<std::int64_t, std::map<std::int64_t, std::string>> larges;  // by group, by its seq
  std::map<std::int64_t, std::map<std::int64_t, std::string>> rooms;   // by room, by its seq
  std::vector<std::pair<std::int64_t, std::string>> acknowledged;      // group, text
  std::vector<std::pair<std::int64_t, std::string>> published;         // room, text
  std::vector<std::string> problems;

 private:
  int any(int from, int to) { return std::uniform_int_distribution<int>(from, to)(random_); }

  LongConnection connect() {
    const auto door = std::vector{Door::kTcp, Door::kWebSocket, Door::kWebSocketJson}.at(
        static_cast<std::size_t>(any(0, 2)));
    auto connection = LongConnection::sign_in(door, plan_.tcp_port, plan_.http_port, user_);
    for (const auto& item : connection.sync(seq_)) {
      if (item.seq() != seq_ + 1) problems.push_back("a sync has a gap");
      take(item);
    }
    for (std::int64_t room = 1; room <= kRooms; ++room)
      enter(connection, room);
    return connection;
  }

  // What was said while the device was away comes with the answer.
  void enter(LongConnection& connection, std::int64_t room) {
    auto& log = rooms[room];
    pb::RoomSubscribeInput request;
    request.set_room_id(room);
    request.set_since_seq(log.empty() ? 0 : log.rbegin()->first);
    pb::RoomSubscribeOutput entered;
    entered.ParseFromString(ask(connection, pb::PT_ROOM_SUBSCRIBE, request).data());
    if (!entered.complete() && !log.empty()) problems.push_back("a room has forgotten something");
    for (const auto& item : entered.history())
      hear(room, item);
  }

  void say_one(LongConnection& connection) {
    pb::RoomPublishInput request;
    request.set_room_id(any(1, kRooms));
    request.set_message_type(pb::MT_TEXT);
    const auto text = std::to_string(user_.device.value()) + "/" + std::to_string(++sent_);
    pb::Text content;
    content.set_text(text);
    request.set_message_content(content.SerializeAsString());
    ask(connection, pb::PT_ROOM_PUBLISH, request);
    published.emplace_back(request.room_id(), text);
  }

  pb::Output ask(LongConnection& connection, pb::PackageType type,
                 const google::protobuf::Message& request) {
    connection.send(type, ++last_id_, request.SerializeAsString());
    for (;;) {
      auto packet = connection.receive();
      if (!packet) throw std::runtime_error("the server hung up");
      if (packet->type() != type || packet->request_id() != last_id_) {
        handle(*packet);
        continue;
      }
      if (packet->code() != 0) throw std::runtime_error("refused: " + packet->message());
      return *packet;
    }
  }

  void handle(const pb::Output& packet) {
    if (packet.type() == pb::PT_MESSAGE) {
      pb::Message message;
      if (message.ParseFromString(packet.data())) take(message.message());
    } else if (packet.type() == pb::PT_ROOM_MESSAGES) {
      pb::RoomMessages messages;
      messages.ParseFromString(packet.data());
      if (messages.dropped() > 0) problems.push_back("a room dropped something");
      for (const auto& item : messages.items())
        hear(messages.room_id(), item);
    }
  }

  void hear(std::int64_t room, const pb::RoomItem& item) {
    pb::Text content;
    content.ParseFromString(item.message_content());
    auto& log = rooms[room];
    if (!log.empty() && item.seq() != log.rbegin()->first + 1)
      problems.push_back("a room's message came twice, late, or after a gap");
    note(log, item.seq(), content.text());
  }

  void listen(LongConnection& connection, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      if (!connection.socket().readable(std::chrono::milliseconds(2))) continue;
      auto packet = connection.receive();
      if (!packet) return;
      handle(*packet);
    }
  }

  void take(const pb::MessageItem& item) {
    const auto text = item.message_type() == pb::MT_TEXT ? text_of(item) : std::string("command");
    if (item.receiver_type() == pb::RT_LARGE_GROUP) {
      note(larges[item.receiver_id()], item.seq(), text);
      return;
    }
    // What this device sent itself is left out of pushes: the only gaps there may be.
    if (item.seq() <= seq_) problems.push_back("a message came twice or late");
    note(inbox, item.seq(), text);
    seq_ = item.seq();
  }

  void note(std::map<std::int64_t, std::string>& log, std::int64_t seq, const std::string& text) {
    auto [it, added] = log.emplace(seq, text);
    if (!added && it->second != text) problems.push_back("two messages at one seq");
  }

  void send_one() {
    const auto& group =
        *mine_.at(static_cast<std::size_t>(any(0, static_cast<int>(mine_.size()) - 1)));
    const auto text = std::to_string(user_.device.value()) + "/" + std::to_string(++sent_);
    auto request = text_to(UserId(group.id), text, sent_);
    request.set_receiver_type(pb::RT_NORMAL_GROUP);
    const int times = any(0, 3) == 0 ? 2 : 1;  // some are tried again although they went well
    for (int i = 0; i < times; ++i)
      caller_->call<pb::SendMessageResp>("/pb.LogicExt/SendMessage", request);
    acknowledged.emplace_back(group.id, text);
  }

  void sync_group(const Group& group) {
    auto& log = larges[group.id];
    for (std::int64_t after = 0;;) {
      pb::SyncGroupReq request;
      request.set_group_id(group.id);
      request.set_seq(after);
      auto page = caller_->call<pb::SyncGroupResp>("/pb.LogicExt/SyncGroup", request);
      for (const auto& item : page.messages()) {
        note(log, item.seq(), item.message_type() == pb::MT_TEXT ? text_of(item) : "command");
        after = item.seq();
      }
      if (!page.has_more()) return;
    }
  }

  const Plan& plan_;
  std::size_t who_;
  TestUser user_;
  std::mt19937 random_;
  std::unique_ptr<Caller> caller_;
  std::vector<const Group*> mine_;
  std::int64_t seq_ = 0;
  int sent_ = 0;
  std::int64_t last_id_ = 1000;
};

std::int64_t make_group(std::uint16_t port, const TestUser& owner, pb::GroupType type,
                        const std::vector<UserId>& members) {
  Caller caller(port);
  caller.use(owner);
  pb::CreateGroupReq create;
  create.set_type(type);
  auto id = caller.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create).group_id();
  pb::AddGroupMembersReq add;
  add.set_group_id(id);
  for (auto user : members)
    add.add_user_ids(user.value());
  caller.call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", add);
  return id;
}

}  // namespace

TEST_CASE("twenty devices, cut off at random, end with the same history") {
  TempDir dir;
  ServerProcess server(dir.path() / "data", {"--set", "rooms.history=1000"});
  Plan plan{server.tcp_port(), server.http_port(), {}};
  std::vector<std::vector<TestUser>> users;
  for (std::size_t i = 0; i < kUsers; ++i) {
    const auto phone = std::to_string(100 + i);
    users.push_back({sign_in(plan.http_port, phone), sign_in(plan.http_port, phone)});
  }
  std::mt19937 random(20);
  for (std::size_t i = 0; i < kSmall + kLarge; ++i) {
    Group group;
    group.large = i >= kSmall;
    while (group.members.size() < (group.large ? kUsers : 4))
      group.members.insert(random() % kUsers);
    std::vector<UserId> others;
    for (auto who : group.members)
      others.push_back(users[who][0].id);
    group.id = make_group(plan.http_port, users[*group.members.begin()][0],
                          group.large ? pb::GT_LARGE : pb::GT_SMALL, others);
    plan.groups.push_back(std::move(group));
  }

  std::vector<std::unique_ptr<Device>> devices;
  for (std::size_t i = 0; i < kUsers; ++i)
    for (const auto& user : users[i])
      devices.push_back(std::make_unique<Device>(plan, i, user, static_cast<unsigned>(random())));
  std::vector<std::thread> threads;
  for (auto& device : devices)
    threads.emplace_back([&device] { device->run(); });
  for (auto& thread : threads)
    thread.join();

  // What the server keeps, as a client sees it that knows nothing.
  std::map<UserId, std::vector<std::string>> truth;
  for (std::size_t i = 0; i < kUsers; ++i) {
    auto fresh = LongConnection::sign_in(Door::kTcp, plan.tcp_port, plan.http_port,
                                         sign_in(plan.http_port, std::to_string(100 + i)));
    for (const auto& item : fresh.sync(0))
      truth[users[i][0].id].push_back(item.message_type() == pb::MT_TEXT ? text_of(item)
                                                                         : "command");
  }
  std::map<std::int64_t, std::vector<std::string>> histories;  // of large groups, as first seen
  for (auto& device : devices) {
    device->catch_up();
    CAPTURE(device->user().device.value());
    CHECK(device->problems == std::vector<std::string>());
    const auto& expected = truth[device->user().id];
    // Own messages were not pushed to it: everything else is there, each at its place.
    const auto own = std::to_string(device->user().device.value()) + "/";
    for (std::size_t i = 0; i < expected.size(); ++i) {
      auto seen = device->inbox.find(static_cast<std::int64_t>(i) + 1);
      if (seen != device->inbox.end()) {
        CHECK(seen->second == expected[i]);
      } else {
        CHECK(expected[i].starts_with(own));
      }
    }
    for (const auto* group : device->groups()) {
      if (!group->large) continue;
      std::vector<std::string> history;
      for (const auto& [seq, text] : device->larges[group->id]) {
        CHECK(seq == static_cast<std::int64_t>(history.size()) + 1);
        history.push_back(text);
      }
      auto [it, first] = histories.emplace(group->id, history);
      CHECK(it->second == history);
    }
  }
  const auto& rooms = devices.front()->rooms;
  for (const auto& device : devices) {
    CHECK(device->rooms == rooms);
    for (const auto& [room, text] : device->published) {
      const auto& log = rooms.at(room);
      CHECK(std::count_if(log.begin(), log.end(),
                          [&text = text](const auto& entry) { return entry.second == text; }) == 1);
    }
  }
  for (const auto& device : devices) {
    CHECK(device->acknowledged.size() + device->published.size() == kSendsPerDevice);
    for (const auto& [group_id, text] : device->acknowledged) {
      const auto& group = *std::find_if(plan.groups.begin(), plan.groups.end(),
                                        [id = group_id](const Group& g) { return g.id == id; });
      if (group.large) {
        const auto& history = histories[group_id];
        CHECK(std::count(history.begin(), history.end(), text) == 1);
        continue;
      }
      for (auto who : group.members) {
        const auto& inbox = truth[users[who][0].id];
        CHECK(std::count(inbox.begin(), inbox.end(), text) == 1);
      }
    }
  }
}
