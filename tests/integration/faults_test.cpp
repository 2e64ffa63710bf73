// What a running server does when the machine refuses it something: a file that may not grow, a
// descriptor, a database that is gone.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sys/resource.h>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr int kStorage = pb::EC_STORAGE;

struct FaultsFixture {
  TempDir dir;
  std::filesystem::path data = dir.path() / "data";
  ServerProcess server{data,
                       {"--set", "logic.require_friendship=false", "--set", "http.metrics=true"}};
  TestUser anna = sign_in(server.http_port(), "100");
  TestUser ben = sign_in(server.http_port(), "200");
  std::vector<std::string> acknowledged;
  int sent = 0;

  // The error code; 0: acknowledged.
  int send() {
    const auto text = std::to_string(++sent);
    Caller caller(server.http_port());
    caller.use(anna);
    const auto refused = caller.fails("/pb.LogicExt/SendMessage",
                                      text_to(ben.id, text + std::string(500, '.'), sent));
    if (refused.code == 0) acknowledged.push_back(text);
    return refused.code;
  }

  std::vector<std::string> inbox() {
    auto connection =
        LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), ben);
    std::vector<std::string> texts;
    for (const auto& item : connection.sync(0)) {
      CHECK(item.seq() == static_cast<std::int64_t>(texts.size()) + 1);
      const auto text = text_of(item);
      texts.push_back(text.substr(0, text.find('.')));
    }
    return texts;
  }

  HttpAnswer ready() { return http(server.http_port(), "GET", "/readyz"); }

  // What an alarm looks at.
  bool in_trouble() {
    const auto text = http(server.http_port(), "GET", "/metrics").body;
    const bool none = text.find("\nlinnet_trouble 0\n") != std::string::npos;
    CHECK(none != (text.find("\nlinnet_trouble 1\n") != std::string::npos));
    return !none;
  }

  bool becomes_ready() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (ready().status != 200) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  void allow(__rlimit_resource what, rlim_t most) const {
    rlimit limit{};
    REQUIRE(prlimit(server.pid(), what, nullptr, &limit) == 0);
    limit.rlim_cur = std::min(most, limit.rlim_max);
    REQUIRE(prlimit(server.pid(), what, &limit, nullptr) == 0);
  }
};

}  // namespace

TEST_CASE_METHOD(FaultsFixture,
                 "a disk that takes no more refuses sends, serves reads, and recovers") {
  for (int i = 0; i < 20; ++i)
    REQUIRE(send() == 0);
  REQUIRE(ready().status == 200);
  CHECK_FALSE(in_trouble());

  const auto wal = data.string() + "/linnet.db-wal";
  allow(RLIMIT_FSIZE, std::filesystem::file_size(wal) + 16384);
  int code = 0;
  while (code == 0 && sent < 1000)
    code = send();
  CHECK(code == kStorage);
  CHECK(send() == kStorage);
  const auto trouble = ready();
  CHECK(trouble.status == 503);
  CHECK(trouble.body.find("\"why\"") != std::string::npos);
  CHECK(in_trouble());
  CHECK(inbox() == acknowledged);
  CHECK(server.log().find("storage_failed") != std::string::npos);
  CHECK(http(server.http_port(), "GET", "/healthz").status == 200);

  allow(RLIMIT_FSIZE, RLIM_INFINITY);
  REQUIRE(becomes_ready());  // though nobody sends
  CHECK_FALSE(in_trouble());
  CHECK(server.log().find("storage_recovered") != std::string::npos);
  CHECK(send() == 0);
  CHECK(inbox() == acknowledged);
  server.kill();
  ServerProcess again(data, {"--set", "logic.require_friendship=false"});
  auto connection = LongConnection::sign_in(Door::kTcp, again.tcp_port(), again.http_port(), ben);
  CHECK(connection.sync(0).size() == acknowledged.size());
}

TEST_CASE_METHOD(FaultsFixture,
                 "without a free descriptor who is connected is served, and then all are") {
  HttpConnection known(server.http_port());
  auto listener = LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), ben);
  listener.sync(0);
  const auto call = [&](const std::string& text, int id) {
    return known.ask(
        "POST", "/pb.LogicExt/SendMessage",
        {{"Content-Type", "application/proto"}, {"Authorization", "Bearer " + anna.token}},
        text_to(ben.id, text, id).SerializeAsString());
  };
  REQUIRE(call("before", 1).status == 200);
  CHECK(text_of(listener.next_message()) == "before");

  std::size_t open = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(server.pid()) + "/fd"))
    open = std::max(open, static_cast<std::size_t>(std::stoul(entry.path().filename().string())));
  allow(RLIMIT_NOFILE, open + 1);
  {
    std::vector<Socket> crowd;
    for (int i = 0; i < 50; ++i)
      crowd.emplace_back(server.http_port());  // the kernel takes them, the server cannot
    CHECK(call("meanwhile", 2).status == 200);
    CHECK(text_of(listener.next_message()) == "meanwhile");
  }
  allow(RLIMIT_NOFILE, RLIM_INFINITY);

  REQUIRE(becomes_ready());
  CHECK(call("after", 3).status == 200);
  CHECK(text_of(listener.next_message()) == "after");
}

TEST_CASE_METHOD(FaultsFixture,
                 "a server whose database is removed says so and acknowledges no more") {
  for (int i = 0; i < 5; ++i)
    REQUIRE(send() == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // it looks for its files
  std::filesystem::remove(data / "linnet.db-wal");

  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (ready().status == 200 && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(ready().body.find("moved or removed") != std::string::npos);
  CHECK(send() == kStorage);
  CHECK(inbox() == acknowledged);
  server.kill();
  ServerProcess again(data);
  auto connection = LongConnection::sign_in(Door::kTcp, again.tcp_port(), again.http_port(), ben);
  CHECK(connection.sync(0).size() == acknowledged.size());
}
