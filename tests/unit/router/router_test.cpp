// The router: who gets what, on which shard, in which order; and what happens to those who have
// gone.
#include "linnet/router/router.hpp"

#include "pb/conn.ext.pb.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace linnet;
using namespace linnet::router;

namespace {

class Recorder final : public Outlet {
 public:
  void deliver(Seq seq, const wire::PushPtr&) override {
    thread = std::this_thread::get_id();
    seqs.push_back(seq.value());
  }
  void deliver_live(Seq seq, const wire::PushPtr&) override { live.push_back(seq.value()); }
  void dismissed(ErrCode why) override {
    if (why == ErrCode::kDeviceReplaced) ++replacements;
    last_dismissal = why;
  }
  std::vector<std::int64_t> live;
  std::vector<std::int64_t> seqs;
  int replacements = 0;
  ErrCode last_dismissal = ErrCode::kSuccess;
  std::thread::id thread;
};

wire::PushPtr a_push() {
  return std::make_shared<const wire::Push>(pb::MessageItem());
}

// Shards that run only when the test says so: everything happens on the test's thread.
struct Fixture {
  Fixture() {
    for (std::size_t i = 0; i < 2; ++i)
      shards.push_back(std::make_unique<Shard>(i));
    router = make_local_router(shards);
  }
  void run() {
    for (auto& shard : shards) {
      shard->context().restart();
      shard->context().poll();
    }
  }
  void deliver(UserId user, std::int64_t seq) {
    const Delivery delivery{user, Seq(seq)};
    router->deliver({&delivery, 1}, a_push());
  }
  Shards shards;
  std::unique_ptr<Router> router;
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "every device of a user gets what is delivered to the user, others do not") {
  Recorder phone;
  Recorder tablet;
  Recorder stranger;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], phone);
  auto b = router->attach(UserId(1), DeviceId(11), *shards[1], tablet);
  auto c = router->attach(UserId(2), DeviceId(12), *shards[0], stranger);

  deliver(UserId(1), 5);
  deliver(UserId(1), 6);
  deliver(UserId(3), 1);
  CHECK(phone.seqs.empty());
  run();

  CHECK(phone.seqs == std::vector<std::int64_t>{5, 6});
  CHECK(tablet.seqs == std::vector<std::int64_t>{5, 6});
  CHECK(stranger.seqs.empty());
  CHECK(router->connected() == 3);
}

TEST_CASE_METHOD(
    Fixture,
    "what is under way to an outlet that has gone is dropped, not given to its successor") {
  Recorder old;
  Recorder fresh;
  {
    auto attachment = router->attach(UserId(1), DeviceId(10), *shards[0], old);
    deliver(UserId(1), 1);
  }
  auto attachment = router->attach(UserId(2), DeviceId(11), *shards[0], fresh);
  run();

  CHECK(old.seqs.empty());
  CHECK(fresh.seqs.empty());
  CHECK(router->connected() == 1);
}

TEST_CASE_METHOD(
    Fixture, "the same device again replaces the older connection, also across shards and users") {
  Recorder first;
  Recorder second;
  Recorder third;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], first);
  auto b = router->attach(UserId(1), DeviceId(10), *shards[1], second);
  auto c = router->attach(UserId(2), DeviceId(10), *shards[0], third);
  deliver(UserId(1), 1);
  deliver(UserId(2), 2);
  run();

  CHECK(first.replacements == 1);
  CHECK(second.replacements == 1);
  CHECK(third.replacements == 0);
  CHECK(first.seqs.empty());
  CHECK(second.seqs.empty());
  CHECK(third.seqs == std::vector<std::int64_t>{2});
  CHECK(router->connected() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "a late goodbye of the replaced connection does not unregister its successor") {
  Recorder old;
  Recorder fresh;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], old);
  auto b = router->attach(UserId(1), DeviceId(10), *shards[0], fresh);
  a.release();
  deliver(UserId(1), 9);
  run();

  CHECK(fresh.seqs == std::vector<std::int64_t>{9});
  CHECK(router->connected() == 1);
  b.release();
  CHECK(router->connected() == 0);
}

TEST_CASE(
    "deliveries from another thread arrive on the shard, in order, while others come and go") {
  Shards shards;
  for (std::size_t i = 0; i < 2; ++i)
    shards.push_back(std::make_unique<Shard>(i));
  auto router = make_local_router(shards);
  Recorder keeper;
  Attachment attachment;
  std::atomic<bool> attached{false};
  for (auto& shard : shards)
    shard->start();
  shards[0]->post([&] {
    attachment = router->attach(UserId(1), DeviceId(1), *shards[0], keeper);
    attached = true;
  });
  while (!attached)
    std::this_thread::yield();

  constexpr std::int64_t kCount = 5000;
  std::thread sender([&] {
    for (std::int64_t seq = 1; seq <= kCount; ++seq) {
      const Delivery delivery{UserId(1), Seq(seq)};
      router->deliver({&delivery, 1}, a_push());
    }
  });
  std::atomic<int> churned{0};
  for (int i = 0; i < 500; ++i) {
    shards[1]->post([&, i] {
      Recorder passer;
      auto passing = router->attach(UserId(1), DeviceId(100 + i % 3), *shards[1], passer);
      ++churned;
    });
  }
  sender.join();
  while (churned < 500)
    std::this_thread::yield();
  std::atomic<bool> done{false};
  shards[0]->post([&] {
    attachment.release();
    done = true;
  });
  while (!done)
    std::this_thread::yield();
  for (auto& shard : shards)
    shard->stop();

  REQUIRE(keeper.seqs.size() == static_cast<std::size_t>(kCount));
  for (std::int64_t seq = 1; seq <= kCount; ++seq)
    REQUIRE(keeper.seqs[static_cast<std::size_t>(seq - 1)] == seq);
}

TEST_CASE_METHOD(Fixture, "a group's message reaches every device that follows it, on any shard") {
  Recorder phone;
  Recorder tablet;
  Recorder stranger;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], phone);
  auto b = router->attach(UserId(1), DeviceId(11), *shards[1], tablet);
  auto c = router->attach(UserId(2), DeviceId(12), *shards[0], stranger);

  router->follow(UserId(1), GroupId(7));
  router->follow(UserId(1), GroupId(7));
  router->deliver_to_group(GroupId(7), Seq(41), a_push());
  router->deliver_to_group(GroupId(8), Seq(1), a_push());
  router->unfollow(UserId(1), GroupId(7));
  router->deliver_to_group(GroupId(7), Seq(42), a_push());
  run();

  CHECK(phone.live == std::vector<std::int64_t>{41});
  CHECK(tablet.live == std::vector<std::int64_t>{41});
  CHECK(stranger.live.empty());
  CHECK(phone.seqs.empty());
}

TEST_CASE_METHOD(Fixture, "a device that has gone follows nothing, nor does its successor") {
  Recorder old;
  Recorder fresh;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], old);
  router->follow(UserId(1), GroupId(7));
  run();
  a.release();
  auto b = router->attach(UserId(1), DeviceId(10), *shards[0], fresh);
  router->deliver_to_group(GroupId(7), Seq(1), a_push());
  run();
  CHECK(old.live.empty());
  CHECK(fresh.live.empty());

  router->follow(UserId(1), GroupId(7));
  router->forget_group(GroupId(7));
  router->deliver_to_group(GroupId(7), Seq(2), a_push());
  run();
  CHECK(fresh.live.empty());
}

TEST_CASE_METHOD(Fixture, "a device that is dismissed is told why, and nobody else is") {
  Recorder phone;
  Recorder tablet;
  auto a = router->attach(UserId(1), DeviceId(10), *shards[0], phone);
  auto b = router->attach(UserId(1), DeviceId(11), *shards[1], tablet);
  CHECK(router->online(DeviceId(10)));
  CHECK(router->online(UserId(1)));
  CHECK_FALSE(router->online(DeviceId(12)));
  CHECK_FALSE(router->online(UserId(2)));

  router->dismiss(DeviceId(10), ErrCode::kSignedOut);
  router->dismiss(DeviceId(12), ErrCode::kSignedOut);
  run();

  CHECK(phone.last_dismissal == ErrCode::kSignedOut);
  CHECK(tablet.last_dismissal == ErrCode::kSuccess);
  a.release();
  CHECK_FALSE(router->online(DeviceId(10)));
  CHECK(router->online(UserId(1)));
}
