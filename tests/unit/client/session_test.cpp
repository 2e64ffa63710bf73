// The client's rules step by step: packets and a false clock in, packets and messages out.
#include "session.hpp"

#include "linnet/wire/goodbye.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::client;
using namespace std::chrono_literals;

namespace {

SessionIdentity annas_identity() {
  return {UserId(7), DeviceId(70), "secret"};
}

pb::MessageItem item(std::int64_t seq, const std::string& text = "x") {
  pb::Text content;
  content.set_text(text);
  pb::MessageItem result;
  result.set_seq(seq);
  result.set_message_type(pb::MT_TEXT);
  result.set_message_content(content.SerializeAsString());
  return result;
}

pb::Output push(std::int64_t seq) {
  pb::Message message;
  *message.mutable_message() = item(seq);
  pb::Output packet;
  packet.set_type(pb::PT_MESSAGE);
  packet.set_data(message.SerializeAsString());
  return packet;
}

pb::Output answer(const pb::Input& asked) {
  pb::Output packet;
  packet.set_type(asked.type());
  packet.set_request_id(asked.request_id());
  return packet;
}

pb::Output sync_answer(const pb::Input& asked, std::vector<std::int64_t> seqs, bool more = false) {
  pb::SyncOutput sync;
  for (auto seq : seqs)
    *sync.add_messages() = item(seq);
  sync.set_has_more(more);
  auto packet = answer(asked);
  packet.set_data(sync.SerializeAsString());
  return packet;
}

// One that says what it begins behind.
pb::Output sync_from(const pb::Input& asked, std::int64_t after, std::vector<std::int64_t> seqs) {
  auto packet = sync_answer(asked, std::move(seqs));
  pb::SyncOutput sync;
  REQUIRE(sync.ParseFromString(packet.data()));
  sync.set_after(after);
  packet.set_data(sync.SerializeAsString());
  return packet;
}

pb::Output failure(pb::PackageType type, ErrCode code) {
  pb::Output packet;
  packet.set_type(type);
  packet.set_code(static_cast<std::int32_t>(code));
  packet.set_message("because");
  return packet;
}

pb::Input only_packet(Session& session) {
  auto packets = session.take_packets();
  REQUIRE(packets.size() == 1);
  return packets[0];
}

std::vector<std::int64_t> deliver(Session& session) {
  std::vector<std::int64_t> seqs;
  for (const auto& message : session.take_messages()) {
    seqs.push_back(message.seq());
    session.delivered(message);
  }
  return seqs;
}

using Seqs = std::vector<std::int64_t>;

// Synced up to `last`.
Session online(std::int64_t last, SessionOptions options = {}) {
  Session session(options, annas_identity(), Seq(last), Session::Door::kWebSocket, 0ms);
  session.on_packet(sync_answer(only_packet(session), {}), 0ms);
  REQUIRE(session.online());
  return session;
}

std::int64_t acknowledged(Session& session) {
  session.acknowledge(Millis(1234));
  auto packets = session.take_packets();
  if (packets.empty()) return 0;
  REQUIRE(packets.size() == 1);
  CHECK(packets[0].type() == pb::PT_MESSAGE);
  pb::MessageACK ack;
  REQUIRE(ack.ParseFromString(packets[0].data()));
  CHECK(ack.receive_time() == 1234);
  return ack.device_ack();
}

}  // namespace

TEST_CASE("a TCP connection signs in first and syncs from the last seq after the answer") {
  Session session({}, annas_identity(), Seq(5), Session::Door::kTcp, 0ms);

  auto first = only_packet(session);
  CHECK(first.type() == pb::PT_SIGN_IN);
  pb::SignInInput sign_in;
  REQUIRE(sign_in.ParseFromString(first.data()));
  CHECK(sign_in.user_id() == 7);
  CHECK(sign_in.device_id() == 70);
  CHECK(sign_in.token() == "secret");

  session.on_packet(answer(first), 1ms);
  auto second = only_packet(session);
  CHECK(second.type() == pb::PT_SYNC);
  CHECK(second.request_id() != first.request_id());
  pb::SyncInput sync;
  REQUIRE(sync.ParseFromString(second.data()));
  CHECK(sync.seq() == 5);
  CHECK_FALSE(session.online());

  session.on_packet(sync_answer(second, {6}), 2ms);
  CHECK(session.online());
}

TEST_CASE("a WebSocket syncs at once") {
  Session session({}, annas_identity(), Seq(0), Session::Door::kWebSocket, 0ms);
  CHECK(only_packet(session).type() == pb::PT_SYNC);
}

TEST_CASE("a sync in several packets is done with the last of them") {
  Session session({}, annas_identity(), Seq(0), Session::Door::kWebSocket, 0ms);
  auto sync = only_packet(session);

  session.on_packet(sync_answer(sync, {1, 2}, true), 1ms);
  CHECK_FALSE(session.online());
  CHECK(deliver(session) == Seqs{1, 2});
  session.on_packet(sync_answer(sync, {3}), 1ms);

  CHECK(session.online());
  CHECK(deliver(session) == Seqs{3});
}

TEST_CASE("what is not newer than the last seq is not delivered again") {
  Session session({}, annas_identity(), Seq(2), Session::Door::kWebSocket, 0ms);

  session.on_packet(sync_answer(only_packet(session), {1, 2, 3, 3, 4}), 1ms);
  session.on_packet(push(4), 1ms);
  session.on_packet(push(5), 1ms);
  session.on_packet(push(3), 1ms);

  CHECK(deliver(session) == Seqs{3, 4, 5});
  CHECK(session.last_seq() == Seq(5));
}

TEST_CASE("a new device goes on from where its first sync began, though nothing came") {
  Session session({}, annas_identity(), Seq(0), Session::Door::kWebSocket, 0ms);
  session.on_packet(sync_from(only_packet(session), 9, {}), 0ms);
  CHECK(session.online());
  CHECK(session.last_seq() == Seq(9));
  CHECK(acknowledged(session) == 9);
}

TEST_CASE("what a server has that was restored from a backup is delivered, under lower seqs") {
  Session session({}, annas_identity(), Seq(500), Session::Door::kWebSocket, 0ms);
  session.on_packet(sync_from(only_packet(session), 390, {391, 392}), 0ms);
  CHECK(deliver(session) == Seqs{391, 392});
  CHECK(session.last_seq() == Seq(392));
  session.on_packet(push(393), 0ms);
  CHECK(deliver(session) == Seqs{393});
  CHECK(acknowledged(session) == 393);
}

TEST_CASE("a push that overtakes the sync does not hide the older messages") {
  Session session({}, annas_identity(), Seq(0), Session::Door::kWebSocket, 0ms);
  auto sync = only_packet(session);

  session.on_packet(push(3), 1ms);
  session.on_packet(sync_answer(sync, {1, 2, 3}), 1ms);

  CHECK(deliver(session) == Seqs{1, 2, 3});
}

TEST_CASE("messages that are stored nowhere are delivered each time and never acknowledged") {
  auto session = online(9);

  session.on_packet(push(0), 1ms);
  session.on_packet(push(0), 1ms);

  CHECK(deliver(session) == Seqs{0, 0});
  CHECK(acknowledged(session) == 0);
  CHECK(session.last_seq() == Seq(9));
}

TEST_CASE("many deliveries are acknowledged by one packet, and only what was delivered") {
  auto session = online(0);
  for (int seq = 1; seq <= 3; ++seq)
    session.on_packet(push(seq), 1ms);

  auto messages = session.take_messages();
  REQUIRE(messages.size() == 3);
  CHECK(acknowledged(session) == 0);
  session.delivered(messages[0]);
  session.delivered(messages[1]);

  CHECK(acknowledged(session) == 2);
  CHECK(acknowledged(session) == 0);
  session.delivered(messages[2]);
  CHECK(acknowledged(session) == 3);
}

TEST_CASE("a heartbeat is sent at its time, also while messages come") {
  auto session = online(0);
  CHECK(session.next_tick() == 300000ms);

  session.on_tick(299999ms);
  CHECK(session.take_packets().empty());
  session.on_packet(push(0), 299999ms);
  session.on_tick(300000ms);

  auto beat = only_packet(session);
  CHECK(beat.type() == pb::PT_HEARTBEAT);
  CHECK(session.next_tick() == 310000ms);
  session.on_packet(answer(beat), 300001ms);
  CHECK(session.next_tick() == 600000ms);
}

TEST_CASE("a peer that answers nothing is taken for dead and tried again") {
  SECTION("after a heartbeat") {
    auto session = online(0);
    session.on_tick(300000ms);
    session.on_tick(309999ms);
    CHECK_FALSE(session.end());
    session.on_tick(310000ms);
    REQUIRE(session.end());
    CHECK(session.end()->error.code() == ErrCode::kTimeout);
    CHECK_FALSE(session.end()->terminal);
  }
  SECTION("after the sign-in") {
    Session session({}, annas_identity(), Seq(0), Session::Door::kTcp, 100ms);
    CHECK(session.next_tick() == 10100ms);
    session.on_tick(10100ms);
    CHECK(session.end());
  }
  SECTION("but not while bytes come") {
    auto session = online(0);
    session.on_tick(300000ms);
    session.on_bytes(309999ms);
    session.on_tick(310000ms);
    CHECK_FALSE(session.end());
  }
}

TEST_CASE("what the same credentials will meet again ends the client, the rest does not") {
  struct Case {
    pb::PackageType type;
    ErrCode code;
    bool terminal;
  };
  auto which = GENERATE(Case{pb::PT_SIGN_IN, ErrCode::kUnauthorized, true},
                        Case{pb::PT_SIGN_IN, ErrCode::kDeviceReplaced, true},
                        Case{pb::PT_SIGN_IN, ErrCode::kSignedOut, true},
                        Case{pb::PT_SIGN_IN, ErrCode::kDeviceExcluded, true},
                        Case{pb::PT_SIGN_IN, ErrCode::kBadRequest, true},
                        Case{pb::PT_SIGN_IN, ErrCode::kServerBusy, false},
                        Case{pb::PT_SIGN_IN, ErrCode::kTimeout, false},
                        Case{pb::PT_SYNC, ErrCode::kStorage, false},
                        Case{pb::PT_UNKNOWN, ErrCode::kBadRequest, true});
  Session session({}, annas_identity(), Seq(0), Session::Door::kTcp, 0ms);

  session.on_packet(failure(which.type, which.code), 1ms);

  REQUIRE(session.end());
  CHECK(session.end()->error.code() == which.code);
  CHECK(session.end()->error.message() == "because");
  CHECK(session.end()->terminal == which.terminal);
}

TEST_CASE("a replaced device is told so at any time, and the close behind it changes nothing") {
  auto session = online(0);
  session.on_packet(failure(pb::PT_SIGN_IN, ErrCode::kDeviceReplaced), 1ms);
  session.on_close(wire::CloseCode::kGoingAway, "bye");
  session.on_lost(Error(ErrCode::kServerUnknown));
  REQUIRE(session.end());
  CHECK(session.end()->error.code() == ErrCode::kDeviceReplaced);
  CHECK(session.end()->terminal);
}

TEST_CASE("close codes from 3500 to 3999 are for good, others are not") {
  auto [code, terminal] = GENERATE(table<int, bool>({{1000, false},
                                                     {1001, false},
                                                     {3000, false},
                                                     {3499, false},
                                                     {3500, true},
                                                     {3502, true},
                                                     {3999, true},
                                                     {4000, false},
                                                     {0, false}}));
  auto session = online(0);
  session.on_close(static_cast<wire::CloseCode>(code), "");
  REQUIRE(session.end());
  CHECK(session.end()->terminal == terminal);
  CHECK_FALSE(session.end()->error.message().empty());
}

TEST_CASE("a server that stops is left alone for as long as it asks, if it asks") {
  auto told = failure(pb::PT_SIGN_IN, ErrCode::kShuttingDown);
  told.set_message(wire::goodbye(3217ms));
  auto by_packet = online(0);
  by_packet.on_packet(told, 1ms);
  CHECK(by_packet.end()->pause == 3217ms);
  CHECK_FALSE(by_packet.end()->terminal);

  auto by_close = online(0);
  by_close.on_close(wire::CloseCode::kGoingAway, wire::goodbye(12ms));
  CHECK(by_close.end()->pause == 12ms);

  auto unasked = online(0);
  unasked.on_close(wire::CloseCode::kGoingAway, "bye");
  CHECK_FALSE(unasked.end()->pause.has_value());
  auto other = online(0);
  other.on_close(wire::CloseCode::kTryAgain, wire::goodbye(12ms));
  CHECK_FALSE(other.end()->pause.has_value());
}

TEST_CASE("a refused upgrade is judged by status and code") {
  auto refused = judge_refusal(401, R"({"code":1003,"message":"sign in again"})");
  CHECK(refused.terminal);
  CHECK(refused.error.code() == ErrCode::kUnauthorized);
  CHECK(refused.error.message() == "sign in again");

  // A server of the lineage refuses with status 200.
  CHECK(judge_refusal(200, R"({"code":1003,"message":""})").terminal);
  CHECK_FALSE(judge_refusal(503, "<html>").terminal);
  CHECK_FALSE(judge_refusal(502, "").terminal);
}

TEST_CASE("what cannot be read loses the connection, not the client") {
  auto session = online(0);
  SECTION("a push") {
    auto packet = push(1);
    packet.set_data("\xff\xff");
    session.on_packet(packet, 1ms);
  }
  SECTION("a negative seq") {
    session.on_packet(push(-1), 1ms);
  }
  SECTION("a packet") {
    session.on_undecodable();
  }
  REQUIRE(session.end());
  CHECK_FALSE(session.end()->terminal);
  CHECK(session.take_messages().empty());
}

TEST_CASE("answers to what was not asked and unknown packets are ignored") {
  Session session({}, annas_identity(), Seq(0), Session::Door::kWebSocket, 0ms);
  auto sync = only_packet(session);
  auto stranger = sync;
  stranger.set_request_id(999);

  session.on_packet(sync_answer(stranger, {1}), 1ms);
  pb::Output unknown;
  unknown.set_type(static_cast<pb::PackageType>(77));
  session.on_packet(unknown, 1ms);

  CHECK_FALSE(session.online());
  CHECK(deliver(session).empty());
  CHECK_FALSE(session.end());
}

TEST_CASE("a large group's message counts by the group's seq: it moves nothing of the inbox") {
  auto session = online(5);
  auto large = item(900);
  large.set_receiver_type(pb::RT_LARGE_GROUP);
  pb::Message message;
  *message.mutable_message() = large;
  auto packet = push(0);
  packet.set_data(message.SerializeAsString());
  session.on_packet(packet, 0ms);
  session.on_packet(push(6), 0ms);
  CHECK(deliver(session) == Seqs{900, 6});
  CHECK(acknowledged(session) == 6);
}
