// The client with its threads, against a server that does what the test says.
#include "linnet/client/client.hpp"

#include "fake_server.hpp"
#include "pb/logic.ext.pb.h"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>

using namespace linnet;
using namespace linnet::client;
using linnet::test::FakePeer;
using linnet::test::FakeServer;
using linnet::test::http_answer;
using namespace std::chrono_literals;

namespace {

Client::Options options_for(std::uint16_t port) {
  Client::Options options;
  options.http_port = port;
  options.tcp_port = port;
  options.call_timeout = 20s;
  options.backoff_base = 1ms;
  options.backoff_max = 5ms;
  return options;
}

Account anna(Seq last = {}) {
  return {UserId(7), DeviceId(70), "secret", last};
}

// What a client told its application, and a wait for it.
class Witness {
 public:
  Handlers handlers() {
    return {[this](const pb::MessageItem& item) {
              std::lock_guard lock(mutex_);
              seqs_.push_back(item.seq());
              changed_.notify_all();
            },
            [this](State state, const Error* error) {
              std::lock_guard lock(mutex_);
              states_.push_back(state);
              if (error != nullptr) error_ = error->code();
              changed_.notify_all();
            }};
  }
  bool wait_for_state(State wanted) {
    return wait([&] { return std::find(states_.begin(), states_.end(), wanted) != states_.end(); });
  }
  bool wait_for_messages(std::size_t count) {
    return wait([&] { return seqs_.size() >= count; });
  }
  std::vector<std::int64_t> seqs() {
    std::lock_guard lock(mutex_);
    return seqs_;
  }
  std::vector<State> states() {
    std::lock_guard lock(mutex_);
    return states_;
  }
  ErrCode error() {
    std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, condition);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::int64_t> seqs_;
  std::vector<State> states_;
  ErrCode error_ = ErrCode::kSuccess;
};

// Signs the client in and answers its sync with `seqs`; returns the seq that it asked from.
std::int64_t welcome(FakePeer& peer, const std::vector<std::int64_t>& seqs) {
  auto sign_in = peer.packet();
  if (!sign_in) return -1;
  peer.answer(pb::PT_SIGN_IN, sign_in->request_id());
  auto sync = peer.packet();
  if (!sync) return -1;
  pb::SyncInput input;
  input.ParseFromString(sync->data());
  pb::SyncOutput output;
  for (auto seq : seqs)
    output.add_messages()->set_seq(seq);
  peer.answer(pb::PT_SYNC, sync->request_id(), output.SerializeAsString());
  return input.seq();
}

std::int64_t read_ack(FakePeer& peer) {
  auto packet = peer.packet();
  pb::MessageACK ack;
  if (!packet || packet->type() != pb::PT_MESSAGE || !ack.ParseFromString(packet->data()))
    return -1;
  return ack.device_ack();
}

void stay(FakePeer& peer) {
  while (peer.receive()) {
  }
}

}  // namespace

TEST_CASE("a connection that breaks is resumed from the last seq, and nothing comes twice") {
  std::promise<std::int64_t> acknowledged;
  std::promise<std::int64_t> asked_from;
  FakeServer server({[&](FakePeer& peer) {
                       welcome(peer, {1, 2});
                       acknowledged.set_value(read_ack(peer));
                     },
                     [&](FakePeer& peer) {
                       asked_from.set_value(welcome(peer, {2, 3}));
                       stay(peer);
                     }});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));
  Witness witness;
  REQUIRE(client.connect(witness.handlers()));

  REQUIRE(witness.wait_for_messages(3));
  CHECK(acknowledged.get_future().get() == 2);
  CHECK(asked_from.get_future().get() == 2);
  client.disconnect();

  CHECK(witness.seqs() == std::vector<std::int64_t>{1, 2, 3});
  CHECK(client.account().last_seq == Seq(3));
  auto states = witness.states();
  CHECK(std::count(states.begin(), states.end(), State::kWaiting) == 1);
}

TEST_CASE("a refused token ends the client, and another sign-in may follow") {
  FakeServer server({[](FakePeer& peer) {
    auto sign_in = peer.packet();
    peer.answer(pb::PT_SIGN_IN, sign_in->request_id(), {}, 1003);
    stay(peer);
  }});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));
  Witness witness;
  REQUIRE(client.connect(witness.handlers()));

  REQUIRE(witness.wait_for_state(State::kEnded));
  CHECK(witness.error() == ErrCode::kUnauthorized);
  CHECK(server.connections() == 1);
  CHECK(client.adopt(anna()));
  CHECK(client.connect({}));
}

TEST_CASE("a WebSocket refused with 401 ends the client") {
  std::string seen;
  Witness witness;
  {
    FakeServer server({[&](FakePeer& peer) {
      seen = peer.request();
      peer.send(http_answer(401, R"({"code":1003,"message":"sign in again"})"));
    }});
    auto options = options_for(server.port());
    options.transport = Transport::kWebSocket;
    Client client(options);
    REQUIRE(client.adopt(anna()));
    REQUIRE(client.connect(witness.handlers()));
    REQUIRE(witness.wait_for_state(State::kEnded));
  }
  CHECK(witness.error() == ErrCode::kUnauthorized);
  CHECK(seen.starts_with("GET /ws?user_id=7&device_id=70 HTTP/1.1\r\n"));
  CHECK(seen.find("\r\nAuthorization: Bearer secret\r\n") != std::string::npos);
}

TEST_CASE("disconnecting is quick whatever the client waits for, and nothing is told afterwards") {
  auto script = GENERATE(as<FakeServer::Script>(), stay, [](FakePeer& peer) {
    welcome(peer, {});
    stay(peer);
  });
  FakeServer server({script});
  auto options = options_for(server.port());
  options.transport = GENERATE(Transport::kTcp, Transport::kWebSocket);
  options.heartbeat = 1h;
  Client client(options);
  REQUIRE(client.adopt(anna()));
  Witness witness;
  REQUIRE(client.connect(witness.handlers()));
  REQUIRE(witness.wait_for_state(State::kConnecting));

  const auto begin = std::chrono::steady_clock::now();
  client.disconnect();

  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  for (auto state : witness.states())
    CHECK((state == State::kConnecting || state == State::kOnline));
  CHECK(client.connect({}));
}

TEST_CASE("disconnecting also ends the wait before the next try") {
  FakeServer server({[](FakePeer&) {}});
  auto options = options_for(server.port());
  options.backoff_base = options.backoff_max = 1h;
  Client client(options);
  REQUIRE(client.adopt(anna()));
  Witness witness;
  REQUIRE(client.connect(witness.handlers()));
  REQUIRE(witness.wait_for_state(State::kWaiting));
  client.disconnect();
  SUCCEED();
}

TEST_CASE("a handler may disconnect, and no message comes after that") {
  FakeServer server({[](FakePeer& peer) {
    welcome(peer, {1, 2, 3});
    stay(peer);
  }});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));
  std::promise<void> first;
  std::atomic<int> count{0};
  Handlers handlers;
  handlers.on_message = [&](const pb::MessageItem&) {
    client.disconnect();
    if (++count == 1) first.set_value();
  };
  REQUIRE(client.connect(handlers));
  first.get_future().wait();
  client.disconnect();
  CHECK(count == 1);
  CHECK(client.account().last_seq == Seq(1));
}

TEST_CASE("a send is tried with the same request id until it is answered") {
  std::mutex mutex;
  std::multiset<std::int64_t> ids;
  auto read = [&](FakePeer& peer) {
    auto text = peer.request();
    pb::SendMessageReq request;
    request.ParseFromString(text.substr(text.find("\r\n\r\n") + 4));
    std::lock_guard lock(mutex);
    ids.insert(request.request_id());
  };
  FakeServer server({[&](FakePeer& peer) { read(peer); },
                     [&](FakePeer& peer) {
                       read(peer);
                       peer.send(http_answer(503, "{}"));
                     },
                     [&](FakePeer& peer) {
                       read(peer);
                       pb::SendMessageResp response;
                       response.set_seq(12);
                       peer.send(http_answer(200, response.SerializeAsString()));
                     }});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));

  SECTION("a fresh one") {
    CHECK(*client.send_text(UserId(8), "hello") == Seq(12));
    std::lock_guard lock(mutex);
    REQUIRE(ids.size() == 3);
    CHECK(*ids.begin() == *ids.rbegin());
    CHECK(*ids.begin() > 0);
  }
  SECTION("the caller's") {
    SendOptions options;
    options.request_id = RequestId(99);
    CHECK(client.send_text(UserId(8), "hello", options));
    std::lock_guard lock(mutex);
    CHECK(ids.count(99) == 3);
  }
  SECTION("but what is stored nowhere only once") {
    SendOptions options;
    options.persist = false;
    CHECK(client.send_text(UserId(8), "typing", options).code() == ErrCode::kServerUnknown);
    std::lock_guard lock(mutex);
    CHECK(ids.size() == 1);
  }
}

TEST_CASE("a send gives up after its time") {
  FakeServer server({[](FakePeer& peer) {
    peer.request();
    peer.send(http_answer(503, "{}"));
  }});
  auto options = options_for(server.port());
  options.send_timeout = 1s;
  Client client(options);
  REQUIRE(client.adopt(anna()));
  CHECK(client.send_text(UserId(8), "hello").code() == ErrCode::kServerBusy);
  CHECK(server.connections() > 1);
}

TEST_CASE("without an account nothing is sent") {
  FakeServer server({stay});
  Client client(options_for(server.port()));
  CHECK(client.send_text(UserId(8), "hello").code() == ErrCode::kUnauthorized);
  CHECK(client.friends().code() == ErrCode::kUnauthorized);
  CHECK(client.connect({}).code() == ErrCode::kUnauthorized);
  CHECK(server.connections() == 0);
}

TEST_CASE("while connected the account cannot be changed") {
  FakeServer server({stay});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));
  REQUIRE(client.connect({}));
  CHECK(client.adopt(anna()).code() == ErrCode::kBadRequest);
  CHECK(client.connect({}).code() == ErrCode::kBadRequest);
  client.disconnect();
  CHECK(client.adopt(anna()));
}

TEST_CASE("connecting and disconnecting from several threads ends with nothing running") {
  FakeServer server({[](FakePeer& peer) {
    welcome(peer, {});
    stay(peer);
  }});
  Client client(options_for(server.port()));
  REQUIRE(client.adopt(anna()));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n) {
        if (!client.connect({})) std::this_thread::yield();
        client.disconnect();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(client.adopt(anna()));
}
