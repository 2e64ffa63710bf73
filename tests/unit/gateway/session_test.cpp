// A session's rules, driven step by step without a socket: what it says, when, and in which order.
#include "session.hpp"

#include "pb/conn.ext.pb.h"

#include "linnet/logic/messages.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;
using std::chrono::milliseconds;

namespace {

std::int32_t pb_code(ErrCode code) {
  return static_cast<std::int32_t>(code);
}

constexpr UserId kUser{7};
constexpr DeviceId kDevice{70};
constexpr DeviceId kOtherDevice{71};

store::Message message_of(Seq seq, DeviceId device = kOtherDevice, std::size_t bytes = 0) {
  store::Message message;
  message.sender_device_id = device;
  message.type = pb::MT_TEXT;
  message.content = "m" + std::to_string(seq.value()) + std::string(bytes, 'x');
  return message;
}

wire::PushPtr push_of(Seq seq, DeviceId device = kOtherDevice) {
  return std::make_shared<const wire::Push>(logic::to_item(message_of(seq, device)));
}

// Holds the inbox and remembers all that the session asked for and said.
class FakeHost final : public SessionHost {
 public:
  void authenticate(user::Credentials given) override { credentials = std::move(given); }
  void find_head(UserId) override { head_asked = true; }
  void find_start(UserId, Seq seq) override { start_asked = seq; }
  void read(UserId, Seq after, store::PageLimit limit) override {
    reads.push_back(after);
    page_limit = limit.entries;
  }
  void acknowledge(UserId, DeviceId, Seq seq) override { acknowledged = seq; }
  void call(user::Identity, const pb::Input& packet) override { called.push_back(packet); }
  void detached(DeviceId) override { ++detachments; }
  void confirm(user::Identity) override {
    CHECK(attached);
    confirmation_asked = true;
  }
  void follow_groups(UserId) override { following_asked = true; }
  router::Attachment attach(UserId, DeviceId, router::Outlet&) override {
    attached = true;
    return {};
  }
  void send(const pb::Output& packet) override {
    sent.push_back(packet);
    unsent_bytes += packet.ByteSizeLong();
  }
  void send_push(Seq seq, const wire::Push& push) override {
    std::string bytes;
    push.append_binary(seq, bytes);
    pb::Output packet;
    REQUIRE(packet.ParseFromString(bytes));
    send(packet);
  }
  void send_run(const wire::FrameRun&) override {}
  void on_room_packet(const pb::Input& packet) override { room_packets.push_back(packet.type()); }
  std::size_t unsent() const override { return unsent_bytes; }
  void end(wire::CloseCode code, std::string_view) override {
    CHECK(!ended);
    ended = code;
  }

  // The seqs of what was sent, in the order of sending, whether pushed or synced.
  std::vector<std::int64_t> seqs() const {
    std::vector<std::int64_t> result;
    for (const auto& packet : sent) {
      if (packet.type() == pb::PT_SYNC) {
        pb::SyncOutput answer;
        REQUIRE(answer.ParseFromString(packet.data()));
        for (const auto& item : answer.messages())
          result.push_back(item.seq());
      } else if (packet.type() == pb::PT_MESSAGE) {
        pb::Message one;
        REQUIRE(one.ParseFromString(packet.data()));
        result.push_back(one.message().seq());
      }
    }
    return result;
  }

  std::optional<user::Credentials> credentials;
  bool head_asked = false;
  std::optional<Seq> start_asked;
  std::vector<Seq> reads;
  std::size_t page_limit = 0;
  Seq acknowledged;
  bool attached = false;
  bool confirmation_asked = false;
  bool following_asked = false;
  int detachments = 0;
  std::vector<pb::Input> called;
  std::vector<pb::Output> sent;
  std::vector<int> room_packets;
  std::size_t unsent_bytes = 0;
  std::optional<wire::CloseCode> ended;
};

pb::Input input(pb::PackageType type, std::int64_t request_id, std::string data = {}) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(std::move(data));
  return packet;
}

pb::Input sign_in_packet() {
  pb::SignInInput sign_in;
  sign_in.set_user_id(kUser.value());
  sign_in.set_device_id(kDevice.value());
  sign_in.set_token("t");
  return input(pb::PT_SIGN_IN, 5, sign_in.SerializeAsString());
}

pb::Input sync_packet(std::int64_t seq, std::int64_t request_id = 6) {
  pb::SyncInput sync;
  sync.set_seq(seq);
  return input(pb::PT_SYNC, request_id, sync.SerializeAsString());
}

store::InboxPage page(std::int64_t first, std::int64_t last, std::int64_t head,
                      std::size_t bytes = 0) {
  store::InboxPage result;
  for (auto seq = first; seq <= last; ++seq)
    result.entries.push_back({Seq(seq), message_of(Seq(seq), kOtherDevice, bytes)});
  result.head = Seq(head);
  return result;
}

std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> result;
  for (auto seq = first; seq <= last; ++seq)
    result.push_back(seq);
  return result;
}

struct Fixture {
  FakeHost host;
  SessionOptions options;
  Session session{host, options, milliseconds(0)};

  void sign_in(std::int64_t head = 0) {
    session.on_packet(sign_in_packet(), milliseconds(0));
    session.on_authenticated(user::Identity{kUser, kDevice});
    session.on_head(Seq(head));
    host.sent.clear();
    host.unsent_bytes = 0;
  }
  // Signed in, synced, and live after `head`.
  void go_live(std::int64_t head) {
    sign_in(head);
    session.on_packet(sync_packet(head), milliseconds(0));
    session.on_start(Seq(head));
    session.on_page(page(1, 0, head));
    host.sent.clear();
    host.reads.clear();
    host.unsent_bytes = 0;
  }
  void push(std::int64_t seq, DeviceId from = kOtherDevice) {
    session.deliver(Seq(seq), push_of(Seq(seq), from));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a TCP connection signs in first, and is answered once it is attached") {
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

TEST_CASE_METHOD(Fixture, "a first packet that is no sign-in is refused and ends the connection") {
  session.on_packet(input(pb::PT_HEARTBEAT, 9), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SIGN_IN);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(host.ended == wire::CloseCode::kBadPacket);
}

TEST_CASE_METHOD(Fixture, "a wrong token is refused with its code and ends the connection") {
  session.on_packet(sign_in_packet(), milliseconds(0));
  session.on_authenticated(Error(ErrCode::kUnauthorized));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].request_id() == 5);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kUnauthorized));
  CHECK(!host.sent[0].message().empty());
  CHECK(host.ended == wire::CloseCode::kUnauthorized);
  CHECK(!host.attached);
}

TEST_CASE_METHOD(Fixture, "a connection that does not sign in within its time is ended") {
  session.on_sweep(milliseconds(9999), options.tcp_idle);
  CHECK(!host.ended);

  session.on_sweep(milliseconds(10000), options.tcp_idle);
  CHECK(host.ended);
}

TEST_CASE_METHOD(Fixture, "bytes that are no packet are answered and end the connection") {
  sign_in();
  session.on_undecodable("nonsense");

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(host.ended == wire::CloseCode::kBadPacket);
}

TEST_CASE_METHOD(Fixture, "a heartbeat is answered with its request id") {
  sign_in();
  session.on_packet(input(pb::PT_HEARTBEAT, 41), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_HEARTBEAT);
  CHECK(host.sent[0].request_id() == 41);
}

TEST_CASE_METHOD(Fixture, "an unknown packet type is refused and the connection stays") {
  sign_in();
  session.on_packet(input(static_cast<pb::PackageType>(99), 42), milliseconds(0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].request_id() == 42);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kBadRequest));
  CHECK(!host.ended);
}

TEST_CASE_METHOD(Fixture, "a sync is answered page by page, has_more on all but the last") {
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

TEST_CASE_METHOD(Fixture, "a sync of an empty inbox is answered by one empty packet") {
  sign_in();
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  session.on_page(page(1, 0, 0));

  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].type() == pb::PT_SYNC);
  CHECK(host.seqs().empty());
}

TEST_CASE_METHOD(Fixture, "the packets of an answer fit the frame however large the messages are") {
  sign_in(20);
  session.on_packet(sync_packet(0), milliseconds(0));
  session.on_start(Seq(0));
  session.on_page(page(1, 20, 20, 30000));

  CHECK(host.seqs() == range(1, 20));
  for (const auto& packet : host.sent)
    CHECK(packet.ByteSizeLong() <= 65535);
}

TEST_CASE_METHOD(Fixture,
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

TEST_CASE_METHOD(Fixture, "a device that claims more than there is starts at what there is") {
  sign_in(5);
  session.on_packet(sync_packet(100), milliseconds(0));
  session.on_start(Seq(100));
  session.on_page(page(1, 0, 5));
  push(6);

  CHECK(host.seqs() == range(6, 6));
}

TEST_CASE_METHOD(Fixture, "pushes wait for the first sync") {
  sign_in(4);
  push(5);
  CHECK(host.sent.empty());

  session.on_packet(sync_packet(2), milliseconds(0));
  session.on_start(Seq(2));
  session.on_page(page(3, 5, 5));

  CHECK(host.seqs() == range(3, 5));
}

TEST_CASE_METHOD(Fixture, "a client that never syncs gets what came since it signed in") {
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

TEST_CASE_METHOD(Fixture, "live pushes go out in order, repeats are dropped") {
  go_live(4);
  push(5);
  push(5);
  push(4);
  push(6);

  CHECK(host.seqs() == range(5, 6));
  CHECK(host.reads.empty());
}

TEST_CASE_METHOD(Fixture, "a gap is filled from the store before anything later is sent") {
  go_live(4);
  push(7);
  CHECK(host.sent.empty());
  CHECK(host.reads == std::vector<Seq>{Seq(4)});
  push(8);
  session.on_page(page(5, 7, 7));
  session.on_page(page(8, 8, 8));

  CHECK(host.seqs() == range(5, 8));
}

TEST_CASE_METHOD(Fixture, "the sending device is not sent its own message, and stays in step") {
  go_live(4);
  push(5, kDevice);
  push(6);

  CHECK(host.seqs() == range(6, 6));
  CHECK(host.reads.empty());
}

TEST_CASE_METHOD(Fixture, "a slow reader falls behind and is caught up when its socket drains") {
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

TEST_CASE_METHOD(Fixture, "a sync waits for a slow reader instead of filling memory") {
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

TEST_CASE_METHOD(Fixture,
                 "what is stored nowhere is sent with seq 0, not to its sender, or dropped") {
  go_live(4);
  session.deliver_live(Seq(), push_of(Seq(), kOtherDevice));
  session.deliver_live(Seq(), push_of(Seq(), kDevice));
  host.unsent_bytes = options.outbox_bytes + 1;
  session.deliver_live(Seq(), push_of(Seq(), kOtherDevice));

  CHECK(host.seqs() == range(0, 0));
}

TEST_CASE_METHOD(Fixture, "a replaced connection is told why and ends") {
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

TEST_CASE_METHOD(Fixture, "a signed-out device is told why, and the end is noted once") {
  go_live(0);
  CHECK(host.following_asked);
  session.dismissed(ErrCode::kSignedOut);
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kSignedOut));
  CHECK(host.ended == wire::CloseCode::kUnauthorized);
  session.on_closed();
  CHECK(host.detachments == 1);
}

TEST_CASE_METHOD(Fixture, "a token that ended while the session began ends it, with the reason") {
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

TEST_CASE_METHOD(Fixture, "a session that cannot follow its groups ends, to be tried again") {
  go_live(0);
  session.on_following(success());
  CHECK(host.sent.empty());
  session.on_following(Error(ErrCode::kServerBusy));
  REQUIRE(host.sent.size() == 1);
  CHECK(host.sent[0].code() == pb_code(ErrCode::kServerBusy));
  CHECK(host.ended == wire::CloseCode::kTryAgain);
}

TEST_CASE_METHOD(Fixture,
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

TEST_CASE_METHOD(Fixture, "an acknowledgement is noted and not answered") {
  sign_in(9);
  pb::MessageACK ack;
  ack.set_device_ack(8);
  session.on_packet(input(pb::PT_MESSAGE, 1, ack.SerializeAsString()), milliseconds(0));

  CHECK(host.acknowledged == Seq(8));
  CHECK(host.sent.empty());
}

TEST_CASE_METHOD(Fixture, "an acknowledgement of more than was sent counts for what was sent") {
  go_live(4);
  push(5);
  pb::MessageACK ack;
  ack.set_device_ack(INT64_MAX);
  session.on_packet(input(pb::PT_MESSAGE, 1, ack.SerializeAsString()), milliseconds(0));

  CHECK(host.acknowledged == Seq(5));
}

TEST_CASE_METHOD(Fixture, "hostile numbers and data are refused, and the connection stays") {
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

TEST_CASE_METHOD(Fixture,
                 "a silent connection is ended after its idle time, a beating one is not") {
  sign_in();
  session.on_packet(input(pb::PT_HEARTBEAT, 1), milliseconds(300000));
  session.on_sweep(milliseconds(660000), options.tcp_idle);
  CHECK(!host.ended);
  session.on_sweep(milliseconds(960000), options.tcp_idle);
  CHECK(host.ended == wire::CloseCode::kIdle);
}

TEST_CASE_METHOD(Fixture, "one who sends too fast is read later, not refused") {
  options.packets_burst = 10;
  options.packets_per_second = 4;
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

TEST_CASE_METHOD(Fixture, "a store that fails a sync says so and sends the client back later") {
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
