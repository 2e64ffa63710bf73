// Live rooms over shards: who gets what, what a slow member misses, what is remembered.
#include "linnet/router/rooms.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"
#include "support/false_clock.hpp"

#include "linnet/wire/tcp.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

using namespace linnet;
using namespace linnet::router;
using std::chrono::milliseconds;

namespace {

constexpr RoomId kRoom{5};
using Texts = std::vector<std::string>;

class Member final : public RoomOutlet {
 public:
  bool room_ready() const override { return room_for > 0; }
  void send_run(const wire::FrameRun& run) override {
    auto bytes = run.bytes(wire::Framing::kTcp);
    while (auto packet = wire::next_tcp_packet(bytes))
      take(*packet);
  }
  void take(std::string_view bytes) {
    if (room_for > 0) --room_for;
    pb::Output packet;
    REQUIRE(packet.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    if (packet.type() == pb::PT_ROOM_STATE) {
      pb::RoomState state;
      REQUIRE(state.ParseFromString(packet.data()));
      online.push_back(state.online());
      return;
    }
    pb::RoomMessages messages;
    REQUIRE(messages.ParseFromString(packet.data()));
    for (const auto& item : messages.items()) {
      texts.push_back(item.message_content());
      seqs.push_back(item.seq());
    }
  }
  void room_dropped(RoomId, std::uint64_t count) override { dropped += count; }
  void room_closed(RoomId, ErrCode why) override { closed.push_back(why); }

  std::size_t room_for = 1000000;
  Texts texts;
  std::vector<std::int64_t> seqs;
  std::vector<std::int64_t> online;
  std::uint64_t dropped = 0;
  std::vector<ErrCode> closed;
};

pb::RoomItem item(const std::string& text, pb::RoomPriority priority = pb::RP_CHATTER) {
  pb::RoomItem result;
  result.set_message_content(text);
  result.set_priority(priority);
  return result;
}

Texts texts_of(const RoomPast& past) {
  Texts result;
  for (const auto& one : past.items)
    result.push_back(one->message_content());
  return result;
}

// Shards that run only when the test says so: everything happens on the test's thread.
struct Fixture {
  explicit Fixture(RoomOptions with = {}) : options(with) {
    for (std::size_t i = 0; i < 2; ++i)
      shards.push_back(std::make_unique<Shard>(i));
    rooms.emplace(shards, clock, options);
  }
  void run() {
    for (int round = 0; round < 3; ++round) {
      for (auto& shard : shards) {
        shard->context().restart();
        shard->context().poll();
      }
    }
  }
  RoomSeat join(RoomId room, std::int64_t user, std::size_t shard, Member& member,
                HistoryWanted wanted = {Seq(), 100}) {
    return rooms->join(room, UserId(user), *shards[shard], member, wanted, past, state);
  }
  RoomOptions options;
  Shards shards;
  test::FalseClock clock;
  std::optional<Rooms> rooms;
  RoomPast past;
  pb::RoomState state;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "what is said in a room reaches its members on every shard, in order") {
  Member anna;
  Member ben;
  Member elsewhere;
  auto a = join(kRoom, 1, 0, anna);
  auto b = join(kRoom, 2, 1, ben);
  auto c = join(RoomId(6), 3, 1, elsewhere);
  auto first = rooms->publish(kRoom, item("one"));
  auto second = rooms->publish(kRoom, item("two"));
  run();

  CHECK(anna.texts == Texts{"one", "two"});
  CHECK(ben.texts == anna.texts);
  CHECK(elsewhere.texts.empty());
  CHECK(second == first.next());
  CHECK(ben.seqs == std::vector<std::int64_t>{first.value(), second.value()});

  b.release();
  rooms->publish(kRoom, item("three"));
  run();
  CHECK(anna.texts.size() == 3);
  CHECK(ben.texts.size() == 2);
}

TEST_CASE_METHOD(Fixture, "who joins gets the past in the answer and the rest pushed, none twice") {
  Member anna;
  auto a = join(kRoom, 1, 0, anna);
  CHECK(past.items.empty());
  CHECK(past.complete);
  auto one = rooms->publish(kRoom, item("one"));
  rooms->publish(kRoom, item("two"));

  Member ben;  // while both are still on their way to the shard
  auto b = join(kRoom, 2, 0, ben);
  CHECK(texts_of(past) == Texts{"one", "two"});
  rooms->publish(kRoom, item("three"));
  run();
  CHECK(anna.texts == Texts{"one", "two", "three"});
  CHECK(ben.texts == Texts{"three"});

  Member carl;
  auto c = join(kRoom, 3, 1, carl, {one, 100});
  CHECK(texts_of(past) == Texts{"two", "three"});
  CHECK(past.complete);
  auto d = join(kRoom, 3, 1, carl, {Seq(), 1});
  CHECK(texts_of(past) == Texts{"three"});
  CHECK_FALSE(past.complete);
  auto e = join(kRoom, 3, 1, carl, {Seq(one.value() + 1000), 100});  // of another life
  CHECK(past.items.size() == 3);
  CHECK_FALSE(past.complete);
}

TEST_CASE_METHOD(Fixture, "connections and users are counted exactly") {
  Member member;
  auto a = join(kRoom, 1, 0, member);
  auto b = join(kRoom, 1, 1, member);
  auto c = join(kRoom, 2, 1, member);
  CHECK(rooms->state(kRoom).online() == 3);
  CHECK(rooms->state(kRoom).users() == 2);
  a.release();
  a.release();
  CHECK(rooms->state(kRoom).online() == 2);
  CHECK(rooms->state(kRoom).users() == 2);
  b.release();
  CHECK(rooms->state(kRoom).users() == 1);
  CHECK(rooms->state(RoomId(99)).online() == 0);
}

TEST_CASE("a slow member misses what is over the log, is told how much, and slows nobody") {
  RoomOptions options;
  options.log_entries = 10;
  Fixture f(options);
  Member fast;
  Member slow;
  slow.room_for = 2;
  auto a = f.join(kRoom, 1, 0, fast);
  auto b = f.join(kRoom, 2, 0, slow);
  for (int i = 0; i < 100; ++i) {
    f.rooms->publish(kRoom, item(std::to_string(i), i == 50 ? pb::RP_SYSTEM : pb::RP_CHATTER));
    f.run();
  }
  CHECK(fast.texts.size() == 100);
  CHECK(fast.dropped == 0);
  CHECK(slow.texts.size() == 2);

  slow.room_for = 1000;
  b.resume();
  CHECK(slow.texts.size() == 12);
  CHECK(slow.texts[2] == "50");  // the system's, though older than all that is left
  CHECK(slow.texts.back() == "99");
  CHECK(slow.dropped == 88);
  CHECK(f.rooms->dropped() == 88);
}

TEST_CASE("a burst larger than the log reaches whoever is fast, whole") {
  RoomOptions options;
  options.log_entries = 10;
  Fixture f(options);
  Member fast;
  auto a = f.join(kRoom, 1, 0, fast);
  for (int i = 0; i < 1000; ++i)
    f.rooms->publish(kRoom, item(std::to_string(i)));
  f.run();
  CHECK(fast.texts.size() == 1000);
  CHECK(fast.dropped == 0);
}

TEST_CASE_METHOD(Fixture,
                 "more members than a slice: all are served, also when some go meanwhile") {
  std::vector<Member> members(2000);
  std::vector<RoomSeat> seats;
  for (std::size_t i = 0; i < members.size(); ++i)
    seats.push_back(join(kRoom, static_cast<std::int64_t>(i), 0, members[i]));
  rooms->publish(kRoom, item("one"));
  auto& context = shards[0]->context();
  context.restart();
  context.run_one();  // the mailbox of the shard, with the first slice
  for (std::size_t i = 0; i < 400; ++i)
    seats[i].release();  // the last ones take their places
  run();
  for (std::size_t i = 400; i < members.size(); ++i)
    REQUIRE(members[i].texts == Texts{"one"});
}

TEST_CASE("a changed count is told at its own rhythm, once") {
  RoomOptions options;
  options.state_every = milliseconds(20);
  Fixture f(options);
  Member anna;
  Member ben;
  auto a = f.join(kRoom, 1, 0, anna);
  auto b = f.join(kRoom, 2, 1, ben);
  auto c = f.join(kRoom, 3, 1, ben);
  c.release();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (anna.online.empty() && std::chrono::steady_clock::now() < deadline)
    f.run();
  REQUIRE_FALSE(anna.online.empty());
  CHECK(anna.online.back() == 2);

  const auto later = std::chrono::steady_clock::now() + milliseconds(100);
  while (std::chrono::steady_clock::now() < later)
    f.run();
  CHECK(anna.online.size() == 1);
}

// Has something to say to whatever it hears, so often.
class Chatterer final : public RoomOutlet {
 public:
  Chatterer(Rooms& rooms, int words) : words_(words), rooms_(rooms) {}
  bool room_ready() const override { return true; }
  void send_run(const wire::FrameRun&) override {
    if (said < words_) rooms_.publish(kRoom, item(std::to_string(++said)));
  }
  void room_dropped(RoomId, std::uint64_t) override {}
  void room_closed(RoomId, ErrCode) override {}
  int said = 0;

 private:
  int words_;
  Rooms& rooms_;
};

TEST_CASE_METHOD(Fixture, "a room that is never silent leaves the others their turns") {
  Chatterer loud(*rooms, 50);
  std::vector<RoomSeat> seats;
  Member many;  // all of the loud room's listeners
  seats.push_back(rooms->join(kRoom, UserId(1), *shards[0], loud, {Seq(), 0}, past, state));
  for (int i = 0; i < 2000; ++i)
    seats.push_back(join(kRoom, 2, 0, many));
  Member quiet;
  seats.push_back(join(RoomId(6), 3, 0, quiet));
  rooms->publish(kRoom, item("0"));
  rooms->publish(RoomId(6), item("hello"));
  auto& context = shards[0]->context();
  while (quiet.texts.empty() && loud.said < 50) {
    context.restart();
    context.poll_one();
  }
  CHECK(quiet.texts == Texts{"hello"});
  CHECK(loud.said <= 2);
  while (loud.said < 50 || many.texts.size() < 51 * 2000) {
    context.restart();
    if (context.poll_one() == 0) break;
  }
  CHECK(many.texts.size() == 51 * 2000);
}

TEST_CASE("what was remembered on disk is complete only as far as no seq is missing") {
  RoomOptions options;
  Fixture f(options);
  std::vector<RoomItemPtr> kept;
  for (std::int64_t seq : {100, 101}) {
    auto one = std::make_shared<pb::RoomItem>(item(std::to_string(seq)));
    one->set_seq(seq);
    kept.push_back(std::move(one));
  }
  f.rooms->restore(kRoom, kept);
  Member member;
  auto seat = f.join(kRoom, 1, 0, member, {Seq(100), 100});
  CHECK(texts_of(f.past) == Texts{"101"});
  f.rooms->publish(kRoom, item("after a restart"));
  auto other = f.join(kRoom, 2, 0, member, {Seq(100), 100});
  CHECK(texts_of(f.past) == Texts{"101", "after a restart"});
  CHECK_FALSE(f.past.complete);
}

TEST_CASE("paced messages are handed over together") {
  RoomOptions options;
  options.pace = milliseconds(10);
  Fixture f(options);
  Member anna;
  auto a = f.join(kRoom, 1, 0, anna);
  f.rooms->publish(kRoom, item("one"));
  f.run();
  f.rooms->publish(kRoom, item("two"));
  f.run();
  const bool early = !anna.texts.empty();  // only if this machine slept for 10 ms
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (anna.texts.size() < 2 && std::chrono::steady_clock::now() < deadline)
    f.run();
  CHECK(anna.texts == Texts{"one", "two"});
  if (early) WARN("the machine was too slow to see the pace");
}

TEST_CASE_METHOD(Fixture, "an empty room costs nothing once its time is over") {
  Member member;
  {
    auto a = join(kRoom, 1, 0, member);
    CHECK(rooms->size() == 1);
  }
  CHECK(rooms->size() == 0);  // nothing was said

  Seq last;
  {
    auto a = join(kRoom, 1, 0, member);
    last = rooms->publish(kRoom, item("one"));
  }
  CHECK(texts_of(rooms->history(kRoom, {Seq(), 10})) == Texts{"one"});
  clock.pass(options.keep_empty + std::chrono::seconds(2));
  {
    std::vector<RoomSeat> others;  // each new room looks after some old ones
    for (std::int64_t id = 1000; id < 3000; ++id)
      others.push_back(join(RoomId(id), 1, 0, member));
  }
  CHECK(rooms->size() == 0);
  auto again = join(kRoom, 1, 0, member);
  CHECK(past.items.empty());
  CHECK(Seq(state.seq()) > last);  // seqs never go back
}

TEST_CASE("rooms under threads: every member sees its part in order while others come and go") {
  Shards shards;
  for (std::size_t i = 0; i < 2; ++i)
    shards.push_back(std::make_unique<Shard>(i));
  SystemClock clock;
  Rooms rooms(shards, clock, {});
  std::array<Member, 2> keepers;
  std::array<RoomSeat, 2> seats;
  std::atomic<int> done{0};
  for (auto& shard : shards)
    shard->start();
  auto on_each = [&](auto task) {
    done = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      shards[i]->post([&, i] {
        task(i);
        ++done;
      });
    }
    while (done < 2)
      std::this_thread::yield();
  };
  on_each([&](std::size_t i) {
    RoomPast past;
    pb::RoomState state;
    seats[i] = rooms.join(kRoom, UserId(1), *shards[i], keepers[i], {}, past, state);
  });

  auto talk = [&] {
    for (int i = 0; i < 2000; ++i)
      rooms.publish(kRoom, item("x"));
  };
  std::thread one(talk);
  std::thread two(talk);
  for (int i = 0; i < 500; ++i) {
    shards[1]->post([&] {
      Member passer;
      RoomPast past;
      pb::RoomState state;
      auto seat = rooms.join(kRoom, UserId(2), *shards[1], passer, {Seq(), 5}, past, state);
    });
  }
  one.join();
  two.join();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::atomic<bool> all{false};
  while (!all && std::chrono::steady_clock::now() < deadline) {
    all = true;
    on_each([&](std::size_t i) {
      if (keepers[i].seqs.size() < 4000) all = false;
    });
  }
  on_each([&](std::size_t i) { seats[i].release(); });
  for (auto& shard : shards)
    shard->stop();

  for (const auto& keeper : keepers) {
    REQUIRE(keeper.seqs.size() == 4000);
    for (std::size_t i = 1; i < keeper.seqs.size(); ++i)
      REQUIRE(keeper.seqs[i] == keeper.seqs[i - 1] + 1);
  }
}

TEST_CASE_METHOD(Fixture, "who is put out hears nothing that is said afterwards, on any shard") {
  Member anna;
  Member ben;
  Member bens_other;
  auto a = join(kRoom, 1, 0, anna);
  auto b = join(kRoom, 2, 0, ben);
  auto c = join(kRoom, 2, 1, bens_other);
  CHECK(rooms->inside(kRoom, UserId(2)));
  CHECK(rooms->users(kRoom, UserId(), 10) == std::vector{UserId(1), UserId(2)});
  CHECK(rooms->users(kRoom, UserId(1), 10) == std::vector{UserId(2)});
  CHECK(rooms->users(kRoom, UserId(), 1) == std::vector{UserId(1)});

  rooms->put_out(kRoom, UserId(2), ErrCode::kBanned);
  rooms->publish(kRoom, item("after"));
  run();
  CHECK(anna.texts == Texts{"after"});
  CHECK(ben.texts.empty());
  CHECK(bens_other.texts.empty());
  CHECK(ben.closed == std::vector{ErrCode::kBanned});
  CHECK(bens_other.closed == ben.closed);
  b.release();
  c.release();
  CHECK_FALSE(rooms->inside(kRoom, UserId(2)));
  CHECK(rooms->state(kRoom).online() == 1);

  rooms->put_out(kRoom, UserId(), ErrCode::kRoomNotExist);
  rooms->publish(kRoom, item("to nobody"));
  run();
  CHECK(anna.texts.size() == 1);
  CHECK(anna.closed == std::vector{ErrCode::kRoomNotExist});
}
