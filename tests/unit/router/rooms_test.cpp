// Live rooms over shards: who gets what, who is counted, what is remembered.
#include "rooms_kit.hpp"

#include <array>
#include <atomic>
#include <thread>

using namespace linnet;
using namespace linnet::router;

namespace {

void check_unbroken(const std::vector<std::int64_t>& seqs, std::size_t count) {
  REQUIRE(seqs.size() == count);
  for (std::size_t i = 1; i < seqs.size(); ++i)
    REQUIRE(seqs[i] == seqs[i - 1] + 1);
}

}  // namespace

TEST_CASE_METHOD(RoomsFixture,
                 "what is said in a room reaches its members on every shard, in order") {
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

TEST_CASE_METHOD(RoomsFixture,
                 "who joins gets the past in the answer and the rest pushed, none twice") {
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

TEST_CASE_METHOD(RoomsFixture, "connections and users are counted exactly") {
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

TEST_CASE("a changed count is told at its own rhythm, once") {
  RoomOptions options;
  options.state_every = milliseconds(20);
  RoomsFixture f(options);
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

TEST_CASE("what was remembered on disk is complete only as far as no seq is missing") {
  RoomOptions options;
  RoomsFixture f(options);
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

TEST_CASE_METHOD(RoomsFixture, "an empty room costs nothing once its time is over") {
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

TEST_CASE_METHOD(RoomsFixture,
                 "a room's seq goes on after a restart, however much was said before") {
  Seq last;
  for (int i = 0; i < 1000; ++i) {
    for (int in_a_milli = 0; in_a_milli < 5; ++in_a_milli)
      last = rooms->publish(kRoom, item("x"));
    clock.pass(milliseconds(1));
  }
  clock.pass(milliseconds(1000));
  rooms.emplace(shards, clock, options);
  CHECK(rooms->publish(kRoom, item("again")) > last);
  CHECK(rooms->state(kRoom).seq() < std::int64_t{1} << 53);  // JSON's numbers hold it
}

TEST_CASE("all rooms together remember so much, and then each its newest message alone") {
  RoomOptions few;
  few.history_bytes_in_all = 10'000;
  Refusals refusals;
  few.refusals = &refusals;
  RoomsFixture f(few);
  const auto forgotten = [&] { return refusals.of(Refusal::kRoomHistory); };
  Member member;
  std::vector<RoomSeat> seats;
  const auto speak = [&](std::int64_t id, int count) {
    seats.push_back(f.join(RoomId(id), 1, 0, member));
    for (int i = 0; i < count; ++i)
      f.rooms->publish(RoomId(id), item(std::string(1000, 'x')));
  };
  const auto kept = [&](std::int64_t id) {
    return f.rooms->history(RoomId(id), {Seq(), 100}).items.size();
  };
  speak(1, 5);
  CHECK(kept(1) == 5);
  speak(2, 3);
  CHECK(forgotten() == 0);
  for (std::int64_t id = 100; id < 120; ++id)
    speak(id, 3);
  CHECK(kept(2) == 3);  // it said nothing since
  CHECK(kept(119) == 1);
  const auto before = forgotten();
  f.rooms->publish(RoomId(1), item("again"));
  CHECK(kept(1) == 1);
  CHECK(forgotten() == before + 5);

  // Who is in none leaves nothing behind; then there is room again.
  seats.clear();
  f.run();
  CHECK(f.rooms->size() <= 10);
  CHECK(forgotten() > before + 5);
  f.clock.pass(few.keep_empty + std::chrono::seconds(2));
  for (std::int64_t id = 1000; id < 3000; ++id)  // each new room looks after some old ones
    seats.push_back(f.join(RoomId(id), 1, 0, member));
  seats.clear();
  CHECK(f.rooms->size() == 0);
  speak(500, 1);
  seats.clear();
  CHECK(kept(500) == 1);
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

  for (const auto& keeper : keepers)
    check_unbroken(keeper.seqs, 4000);
}

TEST_CASE_METHOD(RoomsFixture,
                 "who is put out hears nothing that is said afterwards, on any shard") {
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

  const Seq last(rooms->state(kRoom).seq());
  CHECK(rooms->put_out(kRoom, UserId(), ErrCode::kRoomNotExist) == last);
  CHECK(rooms->publish(kRoom, item("to nobody")) > last);
  run();
  CHECK(anna.texts.size() == 1);
  CHECK(anna.closed == std::vector{ErrCode::kRoomNotExist});
}
