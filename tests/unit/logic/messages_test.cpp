// Messages and friends: rights, and the order commit, delivery, answer.
#include "logic_kit.hpp"

using namespace linnet;
using namespace linnet::logic;

TEST_CASE_METHOD(Fixture,
                 "a message goes to the receiver's and the sender's inbox, each with its own seq") {
  make_friends();
  CHECK(router.delivered == Pairs{{2, 1}, {1, 1}});  // the request, the agreement
  router.delivered.clear();
  auto answer = send(0, id(1));

  REQUIRE(answer);
  CHECK(answer->seq() == 2);
  CHECK(router.delivered == Pairs{{1, 2}, {2, 2}});
}

TEST_CASE_METHOD(Fixture, "a friendship holds for what is sent after it") {
  CHECK(send(0, id(1)).code() == ErrCode::kIsNotFriend);
  make_friends();
  CHECK(send(0, id(1)));
  CHECK(send(1, id(0)));
}

TEST_CASE_METHOD(Fixture, "a retry is answered as before and delivered once") {
  make_friends();
  router.delivered.clear();
  auto first = send(0, id(1), 9);
  auto again = send(0, id(1), 9);

  REQUIRE(again);
  CHECK(again->seq() == first->seq());
  CHECK(router.delivered.size() == 2);
}

TEST_CASE_METHOD(Fixture, "what the store refuses is delivered to nobody") {
  make_friends();
  REQUIRE(send(0, id(1)));
  router.delivered.clear();
  store.refuse(ErrCode::kStorage);

  CHECK(send(0, id(1)).code() == ErrCode::kStorage);
  CHECK(router.delivered.empty());
}

TEST_CASE_METHOD(Fixture, "nothing is delivered before its commit") {
  make_friends();
  REQUIRE(send(0, id(1)));
  router.delivered.clear();
  store.hold();
  pb::SendMessageReq request;
  request.set_receiver_type(pb::RT_USER);
  request.set_receiver_id(2);
  request.set_message_type(pb::MT_TEXT);
  request.set_is_persist(true);
  boost::asio::io_context context(1);
  bool answered = false;
  auto finished = [&](std::exception_ptr, Result<pb::SendMessageResp> result) {
    answered = result.ok();
  };
  boost::asio::co_spawn(context, messages.send(callers[0], request), finished);
  context.run_for(std::chrono::milliseconds(50));
  CHECK(store.held() == 1);
  CHECK(router.delivered.empty());
  CHECK_FALSE(answered);

  store.release();
  CHECK(router.delivered.size() == 2);
  context.restart();
  context.run_for(std::chrono::seconds(10));
  CHECK(answered);
}

TEST_CASE_METHOD(Fixture, "what is not to be kept is delivered with seq 0 and stored nowhere") {
  make_friends();
  router.delivered.clear();
  auto answer = send(0, id(1), 5, false);

  REQUIRE(answer);
  CHECK(answer->seq() == 0);
  CHECK(router.delivered == Pairs{{1, 0}, {2, 0}});
  CHECK(send(0, id(1))->seq() == 2);
}

TEST_CASE_METHOD(Fixture, "a send time from nowhere is replaced by the server's") {
  for (std::int64_t told : {std::int64_t{0}, std::int64_t{-5}, INT64_MAX}) {
    pb::SendMessageReq request;
    request.set_receiver_type(pb::RT_USER);
    request.set_receiver_id(id(0).value());
    request.set_message_type(pb::MT_TEXT);
    request.set_is_persist(true);
    request.set_send_time(told);
    REQUIRE(test::run(messages.send(callers[0], request)));
  }
  auto page = test::run(wait_for<store::InboxPage>(
      [&](Done<store::InboxPage> done) { store.read_inbox(id(0), Seq(), {}, std::move(done)); }));
  REQUIRE(page->entries.size() == 3);
  for (const auto& entry : page->entries)
    CHECK(entry.message.send_time == clock.wall());
}

TEST_CASE_METHOD(Fixture,
                 "what comes after an acknowledgement of more than there is, is not read") {
  make_friends();
  const auto head = inbox(id(1).value()).size();
  pb::AckMessagesReq ack;
  ack.set_seq(static_cast<std::int64_t>(head) + 5);
  REQUIRE(test::run(messages.ack(callers[1], ack)));
  REQUIRE(send(0, id(1)));
  auto acknowledged =
      test::run(wait_for<Seq>([&](Done<Seq> done) { store.acknowledged(id(1), std::move(done)); }));
  CHECK(*acknowledged == Seq(static_cast<std::int64_t>(head)));
}
