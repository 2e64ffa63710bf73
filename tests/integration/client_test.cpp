// The client library against the real server, over both transports.
#include "linnet/client/client.hpp"

#include "support/raw_client.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace linnet;
using namespace linnet::test;
using namespace std::chrono_literals;
using client::Account;
using client::Client;
using client::State;
using client::Transport;

namespace {

using Texts = std::vector<std::string>;

// A person with a client; remembers what was told.
class Person {
 public:
  Person(const ServerProcess& server, Transport transport, const std::string& phone)
      : Person(server, transport) {
    auto signed_in = client->sign_in(phone, kCode);
    if (!signed_in) throw std::runtime_error(signed_in.error().message());
    remember_secret(signed_in->token);
  }
  Person(const ServerProcess& server, Transport transport, const Account& account)
      : Person(server, transport) {
    if (!client->adopt(account)) throw std::runtime_error("not adopted");
  }
  ~Person() { client.reset(); }
  Person(const Person&) = delete;
  Person& operator=(const Person&) = delete;

  UserId id() const { return client->account().user; }
  void connect() {
    client::Handlers handlers;
    handlers.on_message = [this](const pb::MessageItem& item) {
      std::lock_guard lock(mutex_);
      items_.push_back(item);
      changed_.notify_all();
    };
    handlers.on_state = [this](State state, const Error* error) {
      std::lock_guard lock(mutex_);
      state_ = state;
      if (state == State::kOnline) ++times_online_;
      if (error != nullptr) error_ = *error;
      changed_.notify_all();
    };
    if (!client->connect(std::move(handlers))) throw std::runtime_error("not connected");
  }
  void go_online() {
    connect();
    REQUIRE(wait_for(State::kOnline));
  }
  bool wait_for(State state) {
    return wait([&] { return state_ == state; });
  }
  // Until it has been online so many times.
  bool wait_until_online(int times) {
    return wait([&] { return times_online_ >= times; });
  }
  // The texts so far, once there are `count` or time is over.
  Texts texts(std::size_t count) {
    wait([&] { return collect().size() >= count; });
    std::lock_guard lock(mutex_);
    return collect();
  }
  std::vector<std::int64_t> seqs() {
    std::lock_guard lock(mutex_);
    std::vector<std::int64_t> result;
    for (const auto& item : items_)
      result.push_back(item.seq());
    return result;
  }
  ErrCode error() {
    std::lock_guard lock(mutex_);
    return error_ ? error_->code() : ErrCode::kSuccess;
  }

  std::unique_ptr<Client> client;

 private:
  Person(const ServerProcess& server, Transport transport) {
    Client::Options options;
    options.http_port = server.http_port();
    options.tcp_port = server.tcp_port();
    options.transport = transport;
    options.call_timeout = 20s;
    options.answer_timeout = 20s;
    options.backoff_base = 20ms;
    options.backoff_max = 200ms;
    client = std::make_unique<Client>(options);
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, condition);
  }
  Texts collect() const {
    Texts result;
    for (const auto& item : items_) {
      pb::Text text;
      if (item.message_type() == pb::MT_TEXT && text.ParseFromString(item.message_content()))
        result.push_back(text.text());
    }
    return result;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<pb::MessageItem> items_;
  State state_ = State::kConnecting;
  int times_online_ = 0;
  std::optional<Error> error_;
};

void befriend(Person& a, Person& b) {
  REQUIRE(a.client->add_friend(b.id()));
  REQUIRE(b.client->agree_add_friend(a.id()));
}

Texts numbered(int from, int to) {
  Texts result;
  for (int i = from; i <= to; ++i)
    result.push_back("message " + std::to_string(i));
  return result;
}

void send_numbered(Person& from, Person& to, int first, int last) {
  for (const auto& text : numbered(first, last))
    REQUIRE(from.client->send_text(to.id(), text));
}

// Every seq is the one before plus one: nothing is missing and nothing came twice.
void check_gapless(const std::vector<std::int64_t>& seqs) {
  for (std::size_t i = 1; i < seqs.size(); ++i)
    CHECK(seqs[i] == seqs[i - 1] + 1);
}

Transport any_transport() {
  return GENERATE(Transport::kTcp, Transport::kWebSocket);
}

}  // namespace

TEST_CASE("two clients befriend each other and chat") {
  auto transport = any_transport();
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, transport, "100");
  Person ben(server, transport, "200");
  anna.go_online();
  ben.go_online();

  auto strangers = anna.client->send_text(ben.id(), "hello?");
  CHECK(strangers.code() == ErrCode::kIsNotFriend);
  befriend(anna, ben);
  CHECK(anna.client->send_text(ben.id(), "hello"));
  CHECK(ben.client->send_text(anna.id(), "hello yourself"));
  client::SendOptions passing;
  passing.persist = false;
  CHECK(*anna.client->send_text(ben.id(), "typing", passing) == Seq());

  CHECK(ben.texts(2) == Texts{"hello", "typing"});
  CHECK(anna.texts(1) == Texts{"hello yourself"});
  auto friends = ben.client->friends();
  REQUIRE(friends);
  REQUIRE(friends->size() == 1);
  CHECK(friends->front().user_id() == anna.id().value());
}

TEST_CASE("a profile that was changed is what others see") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, Transport::kTcp, "100");
  Person ben(server, Transport::kTcp, "200");

  pb::UpdateUserReq profile;
  profile.set_nickname("Anna");
  REQUIRE(anna.client->update_user(profile));

  auto seen = ben.client->get_user(anna.id());
  REQUIRE(seen);
  CHECK(seen->nickname() == "Anna");
  CHECK(ben.client->get_user(UserId(999999)).code() == ErrCode::kUserNotExist);
}

TEST_CASE("messages that came while a client was away arrive on its return, once and in order") {
  auto transport = any_transport();
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, transport, "100");
  Account bens;
  {
    Person ben(server, transport, "200");
    befriend(anna, ben);
    ben.go_online();
    send_numbered(anna, ben, 1, 3);
    CHECK(ben.texts(3) == numbered(1, 3));
    ben.client->disconnect();
    send_numbered(anna, ben, 4, 250);  // more than a page of a sync
    bens = ben.client->account();
  }
  Person back(server, transport, bens);
  back.go_online();

  CHECK(back.texts(247) == numbered(4, 250));
  check_gapless(back.seqs());
  send_numbered(anna, back, 251, 251);
  CHECK(back.texts(248).back() == "message 251");
  back.client->disconnect();  // the account moves on after the handler has returned
  CHECK(back.client->account().last_seq == Seq(back.seqs().back()));
}

TEST_CASE("a client on a new device begins after what another device has acknowledged") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, Transport::kTcp, "100");
  Person phone(server, Transport::kTcp, "200");
  befriend(anna, phone);
  phone.go_online();
  send_numbered(anna, phone, 1, 2);
  CHECK(phone.texts(2) == numbered(1, 2));
  phone.client->disconnect();  // sends what is not acknowledged yet
  send_numbered(anna, phone, 3, 3);

  Person tablet(server, Transport::kWebSocket, "200");
  tablet.go_online();

  CHECK(tablet.texts(1) == numbered(3, 3));
}

TEST_CASE("a connection survives a killed server and resumes by seq") {
  auto transport = any_transport();
  TempDir dir;
  const auto same_ports = lasting_ports();
  auto server = std::make_unique<ServerProcess>(dir.path() / "data", same_ports);
  Person anna(*server, transport, "100");
  Person ben(*server, transport, "200");
  befriend(anna, ben);
  ben.go_online();
  send_numbered(anna, ben, 1, 5);
  CHECK(ben.texts(5) == numbered(1, 5));

  server->kill();
  REQUIRE(ben.wait_for(State::kWaiting));
  server.reset();
  server = std::make_unique<ServerProcess>(dir.path() / "data", same_ports);
  REQUIRE(ben.wait_until_online(2));
  send_numbered(anna, ben, 6, 10);

  CHECK(ben.texts(10) == numbered(1, 10));
  check_gapless(ben.seqs());
}

TEST_CASE("a send that meets a server that restarts is answered in the end, and is one message") {
  TempDir dir;
  const auto same_ports = lasting_ports();
  auto server = std::make_unique<ServerProcess>(dir.path() / "data", same_ports);
  Person anna(*server, Transport::kTcp, "100");
  Person ben(*server, Transport::kTcp, "200");
  befriend(anna, ben);
  server->kill();

  Result<Seq> sent;
  std::thread sender([&] { sent = anna.client->send_text(ben.id(), "patience"); });
  server.reset();
  server = std::make_unique<ServerProcess>(dir.path() / "data", same_ports);
  sender.join();

  CHECK(sent);
  ben.go_online();
  REQUIRE(anna.client->send_text(ben.id(), "last"));
  CHECK(ben.texts(2) == Texts{"patience", "last"});
}

TEST_CASE("a send repeated with one request id is answered as before and is one message") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, Transport::kTcp, "100");
  Person ben(server, Transport::kWebSocket, "200");
  befriend(anna, ben);
  ben.go_online();
  client::SendOptions options;
  options.request_id = RequestId(7);

  auto first = anna.client->send_text(ben.id(), "once", options);
  auto again = anna.client->send_text(ben.id(), "once", options);
  REQUIRE(anna.client->send_text(ben.id(), "last"));

  REQUIRE(first);
  REQUIRE(again);
  CHECK(*first == *again);
  CHECK(ben.texts(2) == Texts{"once", "last"});
}

TEST_CASE("a client whose device connects again elsewhere ends and does not fight") {
  auto transport = any_transport();
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person old(server, transport, "100");
  old.go_online();

  Person newer(server, transport, old.client->account());
  newer.go_online();

  REQUIRE(old.wait_for(State::kEnded));
  CHECK(old.error() == ErrCode::kDeviceReplaced);
  CHECK(newer.client->account().last_seq == Seq());  // and the newer one stays
}

TEST_CASE("a client whose device is signed out ends and does not connect again") {
  auto transport = any_transport();
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Person anna(server, transport, "100");
  anna.go_online();
  Person laptop(server, transport, "100");

  Caller caller(server.http_port());
  const auto account = laptop.client->account();
  caller.use({account.user, account.device, account.token});
  pb::RevokeDeviceReq revoke;
  revoke.set_device_id(anna.client->account().device.value());
  caller.call<pb::RevokeDeviceResp>("/pb.LogicExt/RevokeDevice", revoke);

  REQUIRE(anna.wait_for(State::kEnded));
  // A connection after that would have been refused with kUnauthorized.
  CHECK(anna.error() == ErrCode::kSignedOut);
}

TEST_CASE("a client whose token is no longer valid ends") {
  auto transport = any_transport();
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Account account;
  {
    Person anna(server, transport, "100");
    account = anna.client->account();
  }
  account.token += "x";
  Person stranger(server, transport, account);
  stranger.connect();

  REQUIRE(stranger.wait_for(State::kEnded));
  CHECK(stranger.error() == ErrCode::kUnauthorized);
  CHECK(stranger.client->friends().code() == ErrCode::kUnauthorized);
}

TEST_CASE("a wrong code signs nobody in") {
  TempDir dir;
  ServerProcess server(dir.path() / "data");
  Client::Options options;
  options.http_port = server.http_port();
  Client client(options);
  CHECK(client.sign_in("100", "000000").code() == ErrCode::kBadCode);
  CHECK(client.account().token.empty());
  CHECK(client.account().device);  // and the device is used again
  CHECK(client.sign_in("100", kCode));
}
