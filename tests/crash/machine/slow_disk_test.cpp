// A disk that takes seconds, or for the time being nothing at all.
#include "integration/room_client.hpp"
#include "machine_kit.hpp"

#include <algorithm>
#include <fstream>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr int kQueue = 50;
constexpr int kCrowd = 80;

// Of the process, in kilobytes.
long resident(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
  return 0;
}

// A request that somebody waits for the answer of.
struct Waiting {
  Waiting(std::uint16_t port, const TestUser& from, UserId to, int number)
      : socket(port), id(number), text(std::to_string(number)) {
    const auto body = text_to(to, text, id).SerializeAsString();
    socket.send(
        "POST /pb.LogicExt/SendMessage HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: application/proto\r\nAuthorization: Bearer " +
        from.token + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  bool answered() { return socket.readable(std::chrono::milliseconds(0)); }
  bool good() {
    std::string answer;
    while (answer.find("\r\n\r\n") == std::string::npos && socket.receive(answer)) {
    }
    return answer.starts_with("HTTP/1.1 200");
  }
  Socket socket;
  int id;
  std::string text;
};

}  // namespace

TEST_CASE("while the disk takes nothing, sends wait or are refused as busy, and all else goes on") {
  OnFalseMachine on({"store.queue=" + std::to_string(kQueue), "store.batch=1"});
  const auto port = on.server.http_port();
  const auto anna = sign_in(port, "100");
  const auto ben = sign_in(port, "200");
  RoomClient speaker(on.connect(anna));
  RoomClient hearer(on.connect(ben, Door::kWebSocket));
  speaker.enter(7);
  hearer.enter(7);
  send_text(port, anna, ben.id, "before", 1);
  const auto memory = resident(on.server.pid());

  on.machine->sync_held = 1;
  std::vector<std::unique_ptr<Waiting>> crowd;
  const auto send = [&](int number) {
    crowd.push_back(std::make_unique<Waiting>(port, anna, ben.id, number));
  };
  send(2);
  REQUIRE(eventually([&] { return on.machine->syncs_waiting > 0; }));
  for (int i = 1; i < kCrowd; ++i)
    send(i + 2);
  const auto answered = [&] {
    return std::count_if(crowd.begin(), crowd.end(), [](auto& one) { return one->answered(); });
  };
  // One is being committed, as many as the queue takes wait.
  REQUIRE(eventually([&] { return answered() >= kCrowd - kQueue - 1; }));
  CHECK(answered() == kCrowd - kQueue - 1);

  SECTION("reads, heartbeats and live rooms go on, and memory is bounded") {
    beat(speaker.connection);
    speaker.say(7, "still here");
    while (hearer.heard.empty())
      hearer.next();
    CHECK(words_of(hearer.heard.back()) == "still here");
    auto reader = on.connect(ben);
    CHECK(reader.sync(0).size() == 1);
    CHECK(http(port, "GET", "/healthz").status == 200);
    Caller caller(port);
    caller.use(anna);
    for (int i = 0; i < 200; ++i) {
      const auto refused = caller.fails("/pb.LogicExt/SendMessage",
                                        text_to(ben.id, std::string(30000, '.'), 1000 + i));
      REQUIRE(refused.code == pb::EC_SERVER_BUSY);
    }
    CHECK(resident(on.server.pid()) < memory + 64 * 1024);
  }
  SECTION("a supervisor is told after a while, and again when it is over") {
    REQUIRE(eventually([&] { return on.ready().status == 503; }));
    CHECK(on.ready().body.find("waits for the disk") != std::string::npos);
    CHECK(http(port, "GET", "/healthz").status == 200);
    on.machine->sync_held = 0;
    REQUIRE(eventually([&] { return on.ready().status == 200; }));
    CHECK(eventually([&] { return on.server.log().find("storage_slow") != std::string::npos; }));
  }
  on.machine->sync_held = 0;

  std::vector<std::string> stored{"before"};
  const Waiting* refused = nullptr;
  for (auto& one : crowd)
    if (one->good())
      stored.push_back(one->text);
    else
      refused = one.get();
  CHECK(stored.size() == kQueue + 2);
  // Whoever was refused may try again, with the same request id.
  REQUIRE(refused != nullptr);
  CHECK(send_text(port, anna, ben.id, refused->text, refused->id) == Seq(kQueue + 3));
  stored.push_back(refused->text);
  auto reader = on.connect(ben);
  std::vector<std::string> inbox;
  for (const auto& item : reader.sync(0)) {
    CHECK(item.seq() == static_cast<std::int64_t>(inbox.size()) + 1);
    inbox.push_back(text_of(item));
  }
  std::sort(inbox.begin(), inbox.end());
  std::sort(stored.begin(), stored.end());
  CHECK(inbox == stored);
}

TEST_CASE("with a disk that takes a second for each sync everybody is answered in the end") {
  OnFalseMachine on;
  const auto port = on.server.http_port();
  const auto anna = sign_in(port, "100");
  const auto ben = sign_in(port, "200");
  auto listener = on.connect(ben);
  listener.sync(0);
  on.machine->sync_takes_ms = 1000;
  std::vector<std::unique_ptr<Waiting>> crowd;
  for (int i = 1; i <= kCrowd; ++i)
    crowd.push_back(std::make_unique<Waiting>(port, anna, ben.id, i));
  for (auto& one : crowd)
    CHECK(one->good());
  on.machine->sync_takes_ms = 0;
  for (int i = 1; i <= kCrowd; ++i)
    CHECK(listener.next_message().seq() == i);
}
