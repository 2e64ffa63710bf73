// LogicExt.Receive through gRPC's own client: the same inbox, order and backpressure as on a
// socket.
#ifdef LINNET_GRPC

#include "grpc_kit.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/push.ext.pb.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

using namespace linnet;
using namespace linnet::test;

namespace {

// A stream that reads only when it is asked to.
class Receiver final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Receiver(GrpcHouse& house, const Metadata& metadata, const std::string& request)
      : stub_(house.channel()) {
    for (const auto& [key, value] : metadata)
      context_.AddMetadata(key, value);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stub_.PrepareBidiStreamingCall(&context_, "/pb.LogicExt/Receive", {}, this);
    grpc::Slice slice(request);
    request_ = grpc::ByteBuffer(&slice, 1);
    StartWriteLast(&request_, {});
    AddHold();  // OnDone comes after the last read that is asked for
    StartCall();
  }
  Receiver(GrpcHouse& house, const TestUser& user, std::int64_t after)
      : Receiver(house, lineage(user), input(after)) {}
  ~Receiver() override {
    context_.TryCancel();
    wait_for_done();
  }

  // The next item; none when the stream has ended.
  std::optional<pb::MessageItem> next() {
    StartRead(&response_);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return read_.has_value(); });
    if (!*std::exchange(read_, std::nullopt)) return std::nullopt;
    grpc::Slice slice;
    REQUIRE(response_.DumpToSingleSlice(&slice).ok());
    pb::Message message;
    REQUIRE(message.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
    return message.message();
  }
  std::string next_text() {
    auto item = next();
    REQUIRE(item);
    return text_of(*item);
  }
  // How it ends, after what is still to come.
  int end() {
    while (next()) {
    }
    wait_for_done();
    return static_cast<int>(done_->error_code());
  }
  void cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    read_ = ok;
    changed_.notify_one();
  }
  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    done_ = status;
    changed_.notify_one();
  }

 private:
  static std::string input(std::int64_t after) {
    pb::SyncInput input;
    input.set_seq(after);
    return input.SerializeAsString();
  }

  void wait_for_done() {
    if (std::exchange(held_, false)) RemoveHold();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return done_.has_value(); });
  }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = true;
  std::optional<bool> read_;
  std::optional<grpc::Status> done_;
};

struct GrpcStreamFixture {
  GrpcStreamFixture() { make_friends(house.process().http_port(), anna, ben); }
  std::int64_t send(const std::string& text) {
    pb::SendMessageResp sent;
    REQUIRE(
        house.call("/pb.LogicExt/SendMessage", lineage(anna), text_to(ben.id, text), sent).ok());
    return sent.seq();
  }
  // Past the two notices of their friendship.
  std::int64_t caught_up() {
    auto connection =
        LongConnection::sign_in(LongConnection::Door::kTcp, house.process().tcp_port(),
                                house.process().http_port(), join(house, "200"));
    auto items = connection.sync(0);
    return items.empty() ? 0 : items.back().seq();
  }

  GrpcHouse house;
  TestUser anna = join(house, "100");
  TestUser ben = join(house, "200");
};

}  // namespace

TEST_CASE("a gRPC stream begins with what was missed and goes on with what comes") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  f.send("two");
  std::int64_t seen = 0;
  {
    Receiver stream(f.house, f.ben, from);
    CHECK(stream.next_text() == "one");
    auto two = stream.next();
    REQUIRE(two);
    seen = two->seq();
    CHECK(seen == from + 2);
    f.send("three");
    CHECK(stream.next_text() == "three");
  }
  f.send("four");
  Receiver again(f.house, f.ben, seen);
  CHECK(again.next_text() == "three");
  CHECK(again.next_text() == "four");
}

TEST_CASE("a gRPC stream that is not read gets everything in order later") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  Receiver stream(f.house, f.ben, from);
  const std::string large(50000, 'x');
  constexpr int kCount = 160;  // more than budget, window and buffers hold
  for (int i = 0; i < kCount; ++i)
    f.send(std::to_string(i) + large);
  for (int i = 0; i < kCount; ++i)
    REQUIRE(stream.next_text() == std::to_string(i) + large);
}

TEST_CASE("who may not, or asks for nonsense, gets no gRPC stream") {
  GrpcStreamFixture f;
  CHECK(Receiver(f.house, Metadata(), "").end() == 1003);
  auto forged = f.ben;
  forged.token += "x";
  CHECK(Receiver(f.house, forged, 0).end() == 1003);
  CHECK(Receiver(f.house, {{"user_id", "x"}}, "").end() == 1007);
  CHECK(Receiver(f.house, f.ben, -1).end() == 1007);
  CHECK(Receiver(f.house, lineage(f.ben), "\xff\xff").end() == 1007);
  // What a stranger asks is not even read.
  CHECK(Receiver(f.house, Metadata(), "\xff\xff").end() == 1003);
}

TEST_CASE(
    "a gRPC stream ends with its device's signing out, its replacement, and the server's end") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  Receiver older(f.house, f.ben, from);
  CHECK(older.next_text() == "one");
  Receiver newer(f.house, f.ben, from);
  CHECK(older.end() == 2007);
  CHECK(newer.next_text() == "one");
  pb::SignOutResp none;
  REQUIRE(f.house.call("/pb.LogicExt/SignOut", lineage(f.ben), pb::SignOutReq(), none).ok());
  CHECK(newer.end() == 2020);

  Receiver other(f.house, f.anna, 1000000);
  f.send("two");  // its stream has begun, or begins before the end
  CHECK(f.house.process().stop() == 0);
  CHECK(other.end() == 14);
}

TEST_CASE("a cancelled gRPC stream leaves its device free at once") {
  GrpcStreamFixture f;
  const auto from = f.caught_up();
  f.send("one");
  Receiver stream(f.house, f.ben, from);
  CHECK(stream.next_text() == "one");
  stream.cancel();
  CHECK(stream.end() == static_cast<int>(grpc::StatusCode::CANCELLED));
  Receiver again(f.house, f.ben, from);
  CHECK(again.next_text() == "one");
  CHECK(f.house.process().stop() == 0);
}

#endif
