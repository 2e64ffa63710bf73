// How a session ends, what it acknowledges, and what it refuses.
#include "session_kit.hpp"

using namespace linnet;
using namespace linnet::gateway;

TEST_CASE_METHOD(SessionFixture, "a replaced connection is told why and ends") {
  go_live(0);
  session.dismissed(ErrCode::kDeviceReplaced);
  session.dismissed(ErrCode::kDeviceReplaced);

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SIGN_IN);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kDeviceReplaced));
  CHECK(host.ended == wire::CloseCode::kReplaced);
  push(1);
  CHECK(host.sent.size() == 1);
}

TEST_CASE_METHOD(SessionFixture, "a signed-out device is told why, and the end is noted once") {
  go_live(0);
  CHECK(host.following_asked);
  session.dismissed(ErrCode::kSignedOut);
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kSignedOut));
  CHECK(host.ended == wire::CloseCode::kUnauthorized);
  session.on_closed();
  CHECK(host.detachments == 1);
}

TEST_CASE_METHOD(SessionFixture,
                 "a token that ended while the session began ends it, with the reason") {
  go_live(0);
  CHECK(host.confirmation_asked);
  session.on_confirmed(user::Identity{kUser, kDevice});
  CHECK(host.sent.empty());
  session.on_confirmed(Error(ErrCode::kDeviceExcluded));
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kDeviceExcluded));
  CHECK(host.ended == wire::CloseCode::kUnauthorized);
  session.on_confirmed(Error(ErrCode::kSignedOut));
  CHECK(host.sent.size() == 1);
}

TEST_CASE_METHOD(SessionFixture,
                 "a session that cannot follow its groups ends, to be tried again") {
  go_live(0);
  session.on_following(success());
  CHECK(host.sent.empty());
  session.on_following(Error(ErrCode::kServerBusy));
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kServerBusy));
  CHECK(host.ended == wire::CloseCode::kTryAgain);
}

TEST_CASE_METHOD(SessionFixture,
                 "with as many calls under way as there may be, the socket is read later") {
  go_live(0);
  for (int i = 1; i <= options.calls_at_once; ++i) {
    CHECK_FALSE(session.busy());
    session.on_packet(input(pb::PT_CALL, i), milliseconds(0));
  }
  CHECK(host.called.size() == options.calls_at_once);
  CHECK(session.busy());
  session.on_called();
  CHECK_FALSE(session.busy());
}

TEST_CASE_METHOD(SessionFixture, "an acknowledgement is noted and not answered") {
  sign_in(9);
  pb::MessageACK ack;
  ack.set_device_ack(8);
  session.on_packet(input(pb::PT_MESSAGE, 1, ack.SerializeAsString()), milliseconds(0));

  CHECK(host.acknowledged == Seq(8));
  CHECK(host.sent.empty());
}

TEST_CASE_METHOD(SessionFixture,
                 "an acknowledgement of more than was sent counts for what was sent") {
  go_live(4);
  push(5);
  pb::MessageACK ack;
  ack.set_device_ack(INT64_MAX);
  session.on_packet(input(pb::PT_MESSAGE, 1, ack.SerializeAsString()), milliseconds(0));

  CHECK(host.acknowledged == Seq(5));
}

TEST_CASE_METHOD(SessionFixture, "hostile numbers and data are refused, and the connection stays") {
  sign_in(9);
  pb::MessageACK ack;
  ack.set_device_ack(-8);
  session.on_packet(input(pb::PT_MESSAGE, 1, ack.SerializeAsString()), milliseconds(0));
  session.on_packet(sync_packet(-1), milliseconds(0));
  session.on_packet(input(pb::PT_SYNC, 3, "\xff\xff"), milliseconds(0));
  session.on_packet(sign_in_packet(), milliseconds(0));

  REQUIRE(host.sent.size() == 4);
  for (const auto& packet : host.sent)
    CHECK(packet.code() == pb_code(ErrCode::kBadRequest));
  CHECK(!host.ended);
}

TEST_CASE_METHOD(SessionFixture,
                 "a silent connection is ended after its idle time, a beating one is not") {
  sign_in();
  session.on_packet(input(pb::PT_HEARTBEAT, 1), milliseconds(300000));
  session.on_sweep(milliseconds(660000), options.tcp_idle);
  CHECK(!host.ended);
  session.on_sweep(milliseconds(960000), options.tcp_idle);
  CHECK(host.ended == wire::CloseCode::kIdle);
}

TEST_CASE_METHOD(SessionFixture, "a session knows until when a sweep need not look at it") {
  const auto idle = options.tcp_idle;
  CHECK(session.due(idle) == options.sign_in_timeout);
  session.on_packet(sign_in_packet(), milliseconds(300));
  CHECK(session.due(idle) == milliseconds::max());  // it waits for the server itself
  session.on_authenticated(user::Identity{kUser, kDevice});
  session.on_head(Seq(4));
  CHECK(session.due(idle) == milliseconds(300) + options.sync_grace);

  session.on_sweep(milliseconds(300) + options.sync_grace, idle);
  CHECK(host.reads.size() == 1);
  CHECK(session.due(idle) == milliseconds(300) + idle);
  session.on_packet(input(pb::PT_HEARTBEAT, 1), milliseconds(5000));
  CHECK(session.due(idle) == milliseconds(5000) + idle);
  CHECK(session.due(milliseconds::max()) == milliseconds::max());

  session.on_bytes(2 * options.bytes.burst, milliseconds(5000));
  CHECK(session.busy());
  CHECK(session.due(idle) <= milliseconds(5000));
  session.on_sweep(milliseconds(6100), idle);
  CHECK(!session.busy());
  CHECK(session.due(idle) == milliseconds(5000) + idle);

  session.on_closed();
  CHECK(session.due(idle) == milliseconds::max());
}

TEST_CASE_METHOD(SessionFixture,
                 "who has paused may send its burst at once, and after it what the rate gives") {
  go_live(0);
  options.packets = {100, 20};
  int sent = 0;
  for (; !session.busy() && sent < 1000; ++sent)
    session.on_packet(input(pb::PT_HEARTBEAT, sent), milliseconds(100000));
  CHECK(sent == 20);
  // What came of its rate meanwhile counts, also when no sweep has looked.
  session.on_sweep(milliseconds(100050), options.tcp_idle);
  for (; !session.busy() && sent < 1000; ++sent)
    session.on_packet(input(pb::PT_HEARTBEAT, sent), milliseconds(100050 + (sent - 20) * 10));
  CHECK(sent == 1000);
}

TEST_CASE_METHOD(SessionFixture, "one who sends too fast is read later, not refused") {
  options.packets = {4, 10};
  FakeHost own;
  Session fast(own, options, milliseconds(0));
  fast.start(user::Identity{kUser, kDevice}, 0);
  fast.on_head(Seq(0));
  fast.on_sweep(milliseconds(1000), options.ws_idle);
  for (int i = 0; i < 10; ++i)
    fast.on_packet(input(pb::PT_HEARTBEAT, i), milliseconds(1000));
  CHECK(fast.busy());

  fast.on_sweep(milliseconds(1500), options.ws_idle);
  CHECK(!fast.busy());
  CHECK(own.sent.size() == 10);
  CHECK(!own.ended);
}

TEST_CASE_METHOD(SessionFixture,
                 "a store that fails a sync says so and sends the client back later") {
  sign_in(3);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Error(ErrCode::kServerBusy));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SYNC);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kServerBusy));
  CHECK(host.ended == wire::CloseCode::kTryAgain);
}

TEST_CASE("a stream is pushed what it missed from its first moment on, its own messages too") {
  FakeHost host;
  SessionOptions options;
  Session session(host, options, milliseconds(0));
  session.start_stream({kUser, kDevice}, Seq(3));
  session.on_head(Seq(5));
  CHECK(host.start_asked == Seq(3));
  session.on_start(Seq(3));
  REQUIRE(host.reads == std::vector<Seq>{Seq(3)});
  store::InboxPage page;
  page.head = Seq(5);
  page.entries.push_back({Seq(4), message_of(Seq(4), kDevice)});
  page.entries.push_back({Seq(5), message_of(Seq(5))});
  session.on_page(page);
  session.deliver(Seq(6), push_of(Seq(6), kDevice));
  session.deliver(Seq(7), push_of(Seq(7)));

  CHECK(host.seqs() == std::vector<std::int64_t>{4, 5, 7});
  for (const auto& packet : host.sent)
    CHECK(packet.type() == pb::PT_MESSAGE);
}
