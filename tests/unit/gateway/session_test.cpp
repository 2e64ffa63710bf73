// A session's rules, driven step by step without a socket: what it says, when, and in which order.
#include "session_kit.hpp"

using namespace linnet;
using namespace linnet::gateway;

TEST_CASE_METHOD(SessionFixture,
                 "a TCP connection signs in first, and is answered once it is attached") {
  session.on_packet(sign_in_packet(), milliseconds(0));

  REQUIRE(host.credentials);
  CHECK(host.credentials->user == kUser);
  CHECK(host.credentials->token == "t");
  CHECK(session.busy());

  session.on_authenticated(user::Identity{kUser, kDevice});
  CHECK(host.head_asked);
  CHECK(!host.attached);
  CHECK(host.sent.empty());
  session.on_head(Seq(3));

  CHECK(host.attached);
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SIGN_IN);
  CHECK(host.sent[0].request_id() == 5);
  CHECK(host.sent[0].code() == 0);
  CHECK(!session.busy());
}

TEST_CASE_METHOD(SessionFixture,
                 "a first packet that is no sign-in is refused and ends the connection") {
  session.on_packet(input(pb::PT_HEARTBEAT, 9), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SIGN_IN);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(host.ended == wire::CloseCode::kBadPacket);
}

TEST_CASE_METHOD(SessionFixture, "a wrong token is refused with its code and ends the connection") {
  session.on_packet(sign_in_packet(), milliseconds(0));
  session.on_authenticated(Error(ErrCode::kUnauthorized));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].request_id() == 5);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kUnauthorized));
  CHECK(!host.sent[0].message().empty());
  CHECK(host.ended == wire::CloseCode::kUnauthorized);
  CHECK(!host.attached);
}

TEST_CASE_METHOD(SessionFixture, "a connection that does not sign in within its time is ended") {
  session.on_sweep(milliseconds(9999), options.tcp_idle);
  CHECK(!host.ended);

  session.on_sweep(milliseconds(10000), options.tcp_idle);
  CHECK(host.ended);
}

TEST_CASE_METHOD(SessionFixture, "bytes that are no packet are answered and end the connection") {
  sign_in();
  session.on_undecodable("nonsense");

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(host.ended == wire::CloseCode::kBadPacket);
}

TEST_CASE_METHOD(SessionFixture, "a heartbeat is answered with its request id") {
  sign_in();
  session.on_packet(input(pb::PT_HEARTBEAT, 41), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_HEARTBEAT);
  CHECK(host.sent[0].request_id() == 41);
}

TEST_CASE_METHOD(SessionFixture, "an unknown packet type is refused and the connection stays") {
  sign_in();
  session.on_packet(input(static_cast<pb::PackageType>(99), 42), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].request_id() == 42);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(!host.ended);
}

TEST_CASE_METHOD(SessionFixture, "a sync is answered page by page, has_more on all but the last") {
  sign_in(250);
  session.on_packet(sync_packet(0), milliseconds(0));
  CHECK(host.start_asked == Seq(0));
  CHECK(session.busy());
  session.on_start(Seq(10));

  session.on_page(page(11, 110, 250));
  session.on_page(page(111, 210, 250));
  session.on_page(page(211, 250, 250));

  CHECK(host.reads == std::vector<Seq>{Seq(10), Seq(110), Seq(210)});
  CHECK(host.seqs() == range(11, 250));
  for (std::size_t i = 0; i < host.sent.size(); ++i) {
    pb::SyncOutput answer;
    REQUIRE(answer.ParseFromString(host.sent[i].data()));
    CHECK(host.sent[i].request_id() == 6);
    CHECK(answer.has_more() == (i + 1 < host.sent.size()));
  }
  CHECK(!session.busy());
}

TEST_CASE_METHOD(SessionFixture, "a sync of an empty inbox is answered by one empty packet") {
  sign_in();
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  session.on_page(page(1, 0, 0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SYNC);
  CHECK(host.seqs().empty());
}

TEST_CASE_METHOD(SessionFixture,
                 "the packets of an answer fit the frame however large the messages are") {
  sign_in(20);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  session.on_page(page(1, 20, 20, 30000));

  CHECK(host.seqs() == range(1, 20));
  for (const auto& packet : host.sent)
    CHECK(packet.ByteSizeLong() <= 65535);
}

TEST_CASE_METHOD(SessionFixture,
                 "a push that comes while a sync is answered is not lost and not repeated") {
  sign_in(2);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  push(3);  // committed after the page was read, heard of before it came
  session.on_page(page(1, 2, 2));
  CHECK(host.reads == std::vector<Seq>{Seq(0), Seq(2)});
  session.on_page(page(3, 3, 3));
  push(3);  // heard of again
  push(4);

  CHECK(host.seqs() == range(1, 4));
}

TEST_CASE_METHOD(SessionFixture,
                 "a device that asks for more than there is begins at what it acknowledged") {
  sign_in(5);
  session.on_packet(sync_packet(100), milliseconds(0));
  session.on_start(Seq(100));
  session.on_page(page(1, 0, 5));
  REQUIRE(host.restart_asked == kDevice);
  CHECK(host.sent.empty());
  session.on_start(Seq(3));
  push(6);
  session.on_page(page(4, 5, 5));
  session.on_page(page(6, 6, 6));

  CHECK(host.seqs() == range(4, 6));
  CHECK(answers().front().after() == 3);
}

TEST_CASE_METHOD(SessionFixture,
                 "a sync that begins elsewhere than asked says so on its first packet") {
  sign_in(5);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(2));
  session.on_page(page(3, 4, 5));
  session.on_page(page(5, 5, 5));
  const auto all = answers();
  REQUIRE(all.size() == 2);
  CHECK(all[0].after() == 2);
  CHECK_FALSE(all[1].has_after());
}

TEST_CASE_METHOD(SessionFixture, "a sync that begins where it was asked to says nothing of it") {
  sign_in(5);
  session.on_packet(sync_packet(3), milliseconds(0));
  session.on_start(Seq(3));
  session.on_page(page(4, 5, 5));
  REQUIRE(answers().size() == 1);
  CHECK_FALSE(answers().front().has_after());
}

TEST_CASE_METHOD(SessionFixture, "pushes wait for the first sync") {
  sign_in(4);
  push(5);
  CHECK(host.sent.empty());

  session.on_packet(sync_packet(2), milliseconds(0));
  session.on_start(Seq(2));
  session.on_page(page(3, 5, 5));

  CHECK(host.seqs() == range(3, 5));
}

TEST_CASE_METHOD(SessionFixture, "a client that never syncs gets what came since it signed in") {
  sign_in(4);
  push(5);
  session.on_sweep(milliseconds(1999), options.tcp_idle);
  CHECK(host.reads.empty());

  session.on_sweep(milliseconds(2000), options.tcp_idle);
  CHECK(host.reads == std::vector<Seq>{Seq(4)});
  session.on_page(page(5, 5, 5));
  push(6);

  CHECK(host.seqs() == range(5, 6));
  CHECK(host.sent[0].type() == pb::PT_MESSAGE);
}

TEST_CASE_METHOD(SessionFixture, "live pushes go out in order, repeats are dropped") {
  go_live(4);
  push(5);
  push(5);
  push(4);
  push(6);

  CHECK(host.seqs() == range(5, 6));
  CHECK(host.reads.empty());
}

TEST_CASE_METHOD(SessionFixture, "a gap is filled from the store before anything later is sent") {
  go_live(4);
  push(7);
  CHECK(host.sent.empty());
  CHECK(host.reads == std::vector<Seq>{Seq(4)});
  push(8);
  session.on_page(page(5, 7, 7));
  session.on_page(page(8, 8, 8));

  CHECK(host.seqs() == range(5, 8));
}

TEST_CASE_METHOD(SessionFixture,
                 "the sending device is not sent its own message, and stays in step") {
  go_live(4);
  push(5, kDevice);
  push(6);

  CHECK(host.seqs() == range(6, 6));
  CHECK(host.reads.empty());
}

TEST_CASE_METHOD(SessionFixture,
                 "a slow reader falls behind and is caught up when its socket drains") {
  options.outbox_bytes = 1000;
  go_live(0);
  host.unsent_bytes = 1001;
  push(1);
  push(2);
  CHECK(host.sent.empty());
  CHECK(host.reads.empty());

  host.unsent_bytes = 0;
  session.on_drained();
  CHECK(host.reads == std::vector<Seq>{Seq(0)});
  session.on_page(page(1, 2, 2));
  push(3);

  CHECK(host.seqs() == range(1, 3));
}

TEST_CASE_METHOD(SessionFixture, "a sync reads the next page while it sends this one, in order") {
  sign_in(300);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  host.sent.clear();
  session.on_page(page(1, 100, 300, 100));
  CHECK(host.reads == std::vector<Seq>{Seq(0), Seq(100)});
  CHECK(host.sent_at_last_read == 0);
  session.on_page(page(101, 300, 300, 100));
  CHECK(host.reads.size() == 2);
  CHECK(host.seqs() == range(1, 300));
}

TEST_CASE_METHOD(SessionFixture, "a sync waits for a slow reader instead of filling memory") {
  options.outbox_bytes = 1000;
  sign_in(300);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  session.on_page(page(1, 100, 300, 100));
  CHECK(host.reads.size() == 1);
  CHECK(session.busy());

  host.unsent_bytes = 0;
  session.on_drained();
  CHECK(host.reads.size() == 2);
}

TEST_CASE_METHOD(SessionFixture,
                 "what is stored nowhere is sent with seq 0, not to its sender, or dropped") {
  go_live(4);
  session.deliver_live(Seq(), push_of(Seq(), kOtherDevice));
  session.deliver_live(Seq(), push_of(Seq(), kDevice));
  host.unsent_bytes = options.outbox_bytes + 1;
  session.deliver_live(Seq(), push_of(Seq(), kOtherDevice));

  CHECK(host.seqs() == range(0, 0));
}

TEST_CASE_METHOD(SessionFixture,
                 "a page that was asked for before a sync is no part of its answer") {
  const bool page_comes_first = GENERATE(false, true);
  go_live(10);
  push(12);  // 11 was lost: read from 10
  REQUIRE(host.reads.size() == 1);
  session.on_packet(sync_packet(3), milliseconds(0));

  if (page_comes_first) {
    session.on_page(page(11, 12, 12));
    session.on_start(Seq(3));
  } else {
    session.on_start(Seq(3));
    session.on_page(page(11, 12, 12));
  }
  CHECK(host.sent.empty());
  REQUIRE(host.reads.size() == 2);
  CHECK(host.reads.back() == Seq(3));

  session.on_page(page(4, 12, 12));
  CHECK(host.seqs() == range(4, 12));
}
