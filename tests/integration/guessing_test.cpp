// Guessing at sign-in codes: from a hundred addresses at once, at two hundred numbers, and after a
// restart. Nobody gets in, and the operator hears of it.
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr int kNumbers = 200;
constexpr int kAddresses = 100;
constexpr int kThreads = 20;
constexpr int kGuesses = 10'000;
constexpr int kTriesOfACode = 5;

std::string address(int number) {
  return "127.2.0." + std::to_string(1 + number % kAddresses);
}

std::string number_of(int who) {
  return std::to_string(15'000'000'000 + who);
}

// A call in JSON on a connection that is kept, from an address of its own.
class Guesser {
 public:
  Guesser(std::uint16_t port, const std::string& from) : socket_(port, from) {}

  // The status, and the answer's body.
  std::pair<int, std::string> call(const std::string& method, const nlohmann::json& request) {
    const auto body = request.dump();
    socket_.send("POST " + method +
                 " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body);
    std::string answer;
    std::size_t head = std::string::npos;
    std::size_t length = 0;
    while (head == std::string::npos || answer.size() < head + 4 + length) {
      if (!socket_.receive(answer)) throw std::runtime_error("the server closed");
      head = answer.find("\r\n\r\n");
      const auto at = answer.find("Content-Length: ");
      if (head != std::string::npos && at < head) length = std::stoul(answer.substr(at + 16));
    }
    return {std::stoi(answer.substr(9, 3)), answer.substr(head + 4)};
  }

 private:
  Socket socket_;
};

struct GuessingFixture {
  GuessingFixture() { start(); }
  void start() {
    server.reset();
    server = std::make_unique<ServerProcess>(
        dir.path() / "data",
        std::vector<std::string>{"--set", "codes.hook=" + hook.url("/codes"), "--set",
                                 "hook.secret_file=" + secret, "--set", "limits.enabled=true",
                                 "--set", "http.metrics=true"});
    device = new_device(server->http_port()).value();
  }
  // To every number, ten from each address.
  std::map<std::string, std::string> send_codes() {
    const auto before = hook.requests().size();
    for (int who = 0; who < kNumbers; ++who) {
      Guesser asking(server->http_port(), address(who));
      REQUIRE(asking.call("/pb.UserExt/SendCode", {{"phoneNumber", number_of(who)}}).first == 200);
    }
    std::map<std::string, std::string> codes;
    const auto requests = hook.requests();
    for (auto i = before; i < requests.size(); ++i) {
      const auto sent = nlohmann::json::parse(requests[i].body);
      codes[sent["phoneNumber"]] = sent["code"];
    }
    REQUIRE(codes.size() == kNumbers);
    return codes;
  }
  nlohmann::json sign_in(int who, const std::string& code) const {
    return {{"phoneNumber", number_of(who)}, {"code", code}, {"deviceId", std::to_string(device)}};
  }
  std::uint64_t metric(const std::string& line) const {
    const auto text = http(server->http_port(), "GET", "/metrics").body;
    const auto at = text.find("\n" + line + " ");
    REQUIRE(at != std::string::npos);
    return std::stoull(text.substr(at + line.size() + 2));
  }
  std::uint64_t wrong() const { return metric("linnet_wrong_total{of=\"code\"}"); }
  std::uint64_t refused() const { return metric("linnet_refused_total{limit=\"code_failures\"}"); }

  TempDir dir;
  HookServer hook{[](const HookRequest&) { return HookAnswer(); }};
  std::string secret = write_secret(dir);
  std::unique_ptr<ServerProcess> server;
  std::int64_t device = 0;
};

// Wrong ones, spread over all numbers and addresses; how many were answered with each status.
std::map<int, int> guess(const GuessingFixture& f,
                         const std::map<std::string, std::string>& codes) {
  std::atomic<int> next = 0;
  std::mutex mutex;
  std::map<int, int> statuses;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      std::vector<std::unique_ptr<Guesser>> from;
      for (int i = thread; i < kAddresses; i += kThreads)
        from.push_back(std::make_unique<Guesser>(f.server->http_port(), address(i)));
      std::map<int, int> own;
      for (int i = next++; i < kGuesses; i = next++) {
        const int who = i % kNumbers;
        auto code = std::to_string(100'000 + (i * 7919) % 900'000);
        if (code == codes.at(number_of(who))) code = "000000";
        ++own[from[static_cast<std::size_t>(i) % from.size()]
                  ->call("/pb.UserExt/SignIn", f.sign_in(who, code))
                  .first];
      }
      std::lock_guard lock(mutex);
      for (const auto& [status, count] : own)
        statuses[status] += count;
    });
  }
  for (auto& thread : threads)
    thread.join();
  return statuses;
}

std::size_t lines_of(const std::string& log, const std::string& event) {
  std::size_t count = 0;
  for (auto at = log.find(event); at != std::string::npos; at = log.find(event, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE(
    "ten thousand guesses at codes from a hundred addresses: none is right, all are counted") {
  GuessingFixture f;
  const auto codes = f.send_codes();
  const auto begin = std::chrono::steady_clock::now();
  const auto statuses = guess(f, codes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;

  CHECK(statuses.count(200) == 0);
  // Each was wrong, or not looked at. Only so many can have been looked at: a code ends with its
  // fifth wrong try, and a minute with its thousandth.
  CHECK(f.wrong() + f.refused() == kGuesses);
  CHECK(f.refused() > 0);
  for (int who = 0; who < kNumbers; ++who) {
    Guesser right(f.server->http_port(), address(who));
    CHECK(right.call("/pb.UserExt/SignIn", f.sign_in(who, codes.at(number_of(who)))).first != 200);
  }
  const auto lines = lines_of(f.server->log(), " sign_in_refused ");
  CHECK(lines >= 1);
  CHECK(static_cast<double>(lines) <= took.count() + 10);
  for (const auto& [number, code] : codes) {
    CHECK(f.server->log().find(number) == std::string::npos);
    CHECK(f.server->log().find("=" + code) == std::string::npos);
  }

  SECTION("a restart gives no new tries at what was sent") {
    f.start();
    for (int who = 0; who < kNumbers; ++who) {
      Guesser right(f.server->http_port(), address(who));
      CHECK(right.call("/pb.UserExt/SignIn", f.sign_in(who, codes.at(number_of(who)))).first !=
            200);
    }
    CHECK(f.wrong() == kNumbers);
  }
}

TEST_CASE(
    "a code that few have guessed at is good still; after five wrong ones at once it is not") {
  GuessingFixture f;
  const auto codes = f.send_codes();
  const auto wrong_at_once = [&](int who, int count) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back([&f, &codes, who, i] {
        Guesser guesser(f.server->http_port(), address(i));
        const std::string code = codes.at(number_of(who)) == "000000" ? "111111" : "000000";
        guesser.call("/pb.UserExt/SignIn", f.sign_in(who, code));
      });
    for (auto& thread : threads)
      thread.join();
    Guesser right(f.server->http_port(), address(who));
    return right.call("/pb.UserExt/SignIn", f.sign_in(who, codes.at(number_of(who)))).first;
  };
  CHECK(wrong_at_once(0, kTriesOfACode - 1) == 200);
  CHECK(wrong_at_once(1, kTriesOfACode) != 200);
  CHECK(wrong_at_once(2, 4 * kTriesOfACode) != 200);
}
