// Streams over gRPC as their shard sees them, without gRPC: the test turns its loop, and the
// store's answers come when it lets them.
#include "grpc/receive_stream.hpp"

#include "http_fakes.hpp"
#include "session_kit.hpp"
#include "support/false_clock.hpp"

#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;

namespace {

Shards shards_of_one() {
  Shards shards;
  shards.push_back(std::make_unique<Shard>(0));
  return shards;
}

// Takes each message at once.
struct FakeWriter final : MessageWriter {
  void open() override {}
  void write(std::string) override {
    ++written;
    stream->shard().post([stream = stream] { stream->on_written(true); });
  }
  void finish(const Error&) override { finished = true; }
  void cancel() override {}

  int written = 0;
  bool finished = false;
  std::shared_ptr<ReceiveStream> stream;
};

struct Streaming : fakes::World {
  ~Streaming() {
    streams.drain(milliseconds(0));
    go_on();
    writers.clear();
  }
  // One with a message in its inbox, of a user of its own.
  void open(std::int64_t user) {
    store::NewMessage one;
    one.message = message_of(Seq(1));
    one.recipients = {UserId(user)};
    store.append(std::move(one), [](const Result<store::Appended>& done) { REQUIRE(done); });
    auto& writer = *writers.emplace_back(std::make_unique<FakeWriter>());
    writer.stream = std::make_shared<ReceiveStream>(streams, writer);
  }
  void start_all() {
    for (std::size_t i = 0; i < writers.size(); ++i) {
      const auto id = static_cast<std::int64_t>(i + 1);
      writers[i]->stream->start({UserId(id), DeviceId(id)}, Seq());
    }
  }
  // All that is ready, and what it makes ready.
  void go_on() {
    shard.context().restart();
    shard.context().poll();
  }
  int written() const {
    int all = 0;
    for (const auto& writer : writers)
      all += writer->written;
    return all;
  }

  test::FalseClock time;
  Refusals refusals;
  Shards shards = shards_of_one();
  Shard& shard{*shards.front()};
  std::unique_ptr<router::Router> router = router::make_local_router(shards);
  router::Rooms members{shards, time, router::RoomOptions()};
  user::StoredUsers people;
  user::Accounts accounts{store, time, log, user::AccountOptions()};
  logic::Messages messages{store, people, *router, time, logic::MessageOptions()};
  logic::Devices devices{store, accounts, *router, time};
  logic::Rooms rooms{store, members, time, logic::RoomRules()};
  Services services{api, authenticator, messages, devices, rooms, *router, time, log, refusals};
  SessionOptions session;
  ReceiveStreams streams{shard, services, session};
  std::vector<std::unique_ptr<FakeWriter>> writers;
};

}  // namespace

TEST_CASE_METHOD(Streaming, "of many streams that begin at once, a few have their inboxes read") {
  constexpr int kStreams = 40;
  for (int user = 1; user <= kStreams; ++user)
    open(user);
  store.hold();
  start_all();
  // Where an inbox ends, what there is to follow, where the device begins: of all of them.
  go_on();
  while (store.held() > kPagesAtOnce) {
    store.release(store.held());
    go_on();
  }
  REQUIRE(store.held() == kPagesAtOnce);
  CHECK(streams.page_reads().waiting() == kStreams - kPagesAtOnce);
  CHECK(written() == 0);

  // The next with each that has come, until all have theirs.
  store.release(1);
  go_on();
  CHECK(store.held() == kPagesAtOnce);
  CHECK(written() == 1);
  store.release();
  go_on();
  CHECK(written() == kStreams);
  CHECK(streams.page_reads().under_way() == 0);
}

TEST_CASE_METHOD(Streaming,
                 "a message to a stream is talk, beside which pages wait; a page is none") {
  open(1);
  start_all();
  const auto before = std::chrono::steady_clock::now();
  go_on();
  REQUIRE(written() == 1);
  CHECK_FALSE(shard.talk().goes_on(before));
  writers.front()->stream->send_push(Seq(2), *push_of(Seq(2)));
  CHECK(shard.talk().goes_on(before));
}

TEST_CASE_METHOD(Streaming, "a stream that has gone takes nobody's turn to be read") {
  for (int user = 1; user <= 12; ++user)
    open(user);
  store.hold();
  start_all();
  go_on();
  while (store.held() > kPagesAtOnce) {
    store.release(store.held());
    go_on();
  }
  for (const auto& writer : writers)
    if (writer != writers.back()) writer->stream->on_cancelled();
  store.release();
  go_on();
  CHECK(written() == 1);
  CHECK(writers.back()->written == 1);
  CHECK(streams.page_reads().under_way() == 0);
}
