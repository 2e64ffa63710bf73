// Nothing acknowledged is lost, doubled or reordered: while connections are cut, and when the
// server is killed.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

const std::vector<std::string> kOpen{"--set", "logic.require_friendship=false"};

// What one device has, as its client would keep it.
struct Kept {
  std::int64_t seq = 0;
  std::map<std::int64_t, std::string> texts;  // by seq
  std::vector<std::string> problems;

  // One connection's view: seqs must rise; a text seen again under its seq must be the same.
  void take(const pb::MessageItem& item, std::int64_t& last_of_connection) {
    if (item.seq() <= last_of_connection)
      problems.push_back("seq " + std::to_string(item.seq()) + " after " +
                         std::to_string(last_of_connection));
    last_of_connection = item.seq();
    auto [it, added] = texts.emplace(item.seq(), text_of(item));
    if (!added && it->second != text_of(item)) problems.push_back("two texts under one seq");
    seq = std::max(seq, item.seq());
  }
};

std::string describe(const std::vector<std::string>& problems) {
  std::string all;
  for (const auto& problem : problems)
    all += problem + "\n";
  return all;
}

// The whole inbox through a fresh connection; seqs must be 1, 2, 3 …
std::vector<std::string> whole_inbox(const ServerProcess& server, const TestUser& user, Door door) {
  auto connection = LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user);
  std::vector<std::string> texts;
  // A sync from 1 leaves the first out, one from 0 begins after what was acknowledged; nothing is
  // here.
  for (const auto& item : connection.sync(0)) {
    if (item.seq() != static_cast<std::int64_t>(texts.size()) + 1)
      throw std::runtime_error("a gap or a repeat before seq " + std::to_string(item.seq()));
    texts.push_back(text_of(item));
  }
  return texts;
}

// Sends until it is acknowledged, always with the same request id, as a client does after a cut.
// False when `until` passes first.
bool send_until_acknowledged(std::uint16_t port, const TestUser& from, UserId to,
                             const std::string& text, std::int64_t request_id,
                             const std::atomic<bool>& stop, bool cut_first) {
  auto body = text_to(to, text, request_id).SerializeAsString();
  if (cut_first) {
    // The request goes out whole and nobody waits for the answer.
    try {
      Socket socket(port);
      socket.send(
          "POST /pb.LogicExt/SendMessage HTTP/1.1\r\nHost: x\r\nContent-Type: "
          "application/proto\r\nAuthorization: Bearer " +
          from.token + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    } catch (const std::runtime_error&) {
      return false;
    }
  }
  while (!stop) {
    try {
      Caller caller(port);
      caller.use(from);
      if (caller.post("/pb.LogicExt/SendMessage", body).status == 200) return true;
    } catch (const std::exception&) {
      return false;  // the server has gone
    }
  }
  return false;
}

}  // namespace

TEST_CASE(
    "50 users write to each other over both doors while connections are cut: nothing is lost, "
    "doubled or reordered") {
  constexpr std::size_t kUsers = 50;
  constexpr int kMessages = 40;
  TempDir dir;
  auto arguments = kOpen;
  arguments.insert(arguments.end(), {"--io-threads", std::to_string(GENERATE(1, 2, 8)), "--set",
                                     "store.merge_after=64"});
  ServerProcess server(dir.path() / "data", arguments);
  std::vector<TestUser> users;
  for (std::size_t i = 0; i < kUsers; ++i)
    users.push_back(sign_in(server.http_port(), "1" + std::to_string(1000 + i)));
  std::vector<TestUser> readers;  // a second device of each: the one that listens
  for (std::size_t i = 0; i < kUsers; ++i)
    readers.push_back(sign_in(server.http_port(), "1" + std::to_string(1000 + i)));

  std::atomic<bool> stop{false};
  std::atomic<bool> sent{false};
  std::vector<Kept> kept(kUsers);
  std::vector<std::thread> threads;
  // Five threads each listen for ten users, one connection at a time per user, cut at random.
  for (std::size_t worker = 0; worker < 5; ++worker) {
    threads.emplace_back([&, worker] {
      std::minstd_rand random(static_cast<unsigned>(worker + 1));
      for (bool last = false; !last;) {
        last = sent;
        for (std::size_t u = worker; u < kUsers; u += 5) {
          auto door = std::array{Door::kTcp, Door::kWebSocket, Door::kWebSocketJson}[random() % 3];
          auto connection =
              LongConnection::sign_in(door, server.tcp_port(), server.http_port(), readers[u]);
          std::int64_t last_seq = kept[u].seq;
          for (const auto& item : connection.sync(kept[u].seq))
            kept[u].take(item, last_seq);
          // Some pushes, then the cut, perhaps in the middle of one.
          for (auto pushes = random() % 4; pushes > 0 && !last; --pushes) {
            if (!connection.socket().readable(std::chrono::milliseconds(2))) break;
            kept[u].take(connection.next_message(), last_seq);
          }
        }
      }
    });
  }
  std::vector<std::thread> senders;
  for (std::size_t worker = 0; worker < 8; ++worker) {
    senders.emplace_back([&, worker] {
      std::minstd_rand random(static_cast<unsigned>(worker + 100));
      for (int n = 1; n <= kMessages; ++n) {
        for (std::size_t u = worker; u < kUsers; u += 8) {
          auto to = (u + 1 + random() % (kUsers - 1)) % kUsers;
          send_until_acknowledged(server.http_port(), users[u], users[to].id,
                                  std::to_string(u) + ">" + std::to_string(n), n, stop,
                                  random() % 4 == 0);
        }
      }
    });
  }
  for (auto& thread : senders)
    thread.join();
  sent = true;
  for (auto& thread : threads)
    thread.join();

  std::map<std::string, int>
      copies;  // of each message, over all inboxes: the sender's and the receiver's
  for (std::size_t u = 0; u < kUsers; ++u) {
    CAPTURE(u);
    CHECK(describe(kept[u].problems).empty());
    auto inbox = whole_inbox(server, readers[u], Door::kTcp);
    REQUIRE(inbox.size() == kept[u].texts.size());
    std::map<std::string, int> newest;  // per sender, in this inbox
    for (std::size_t i = 0; i < inbox.size(); ++i) {
      REQUIRE(kept[u].texts[static_cast<std::int64_t>(i) + 1] == inbox[i]);
      auto sender = inbox[i].substr(0, inbox[i].find('>'));
      auto number = std::stoi(inbox[i].substr(inbox[i].find('>') + 1));
      CHECK(number > newest[sender]);
      newest[sender] = number;
      ++copies[inbox[i]];
    }
  }
  CHECK(copies.size() == kUsers * kMessages);
  for (const auto& [text, count] : copies) {
    CAPTURE(text);
    CHECK(count == 2);
  }
}

TEST_CASE(
    "after a kill -9 in the middle of 64 senders each acknowledged message is there, each seq "
    "once, and retries are recognised") {
  TempDir dir;
  auto arguments = kOpen;
  arguments.insert(arguments.end(), {"--set", "store.merge_after=32"});
  std::vector<TestUser> users;
  {
    ServerProcess server(dir.path() / "data", arguments);
    for (int i = 0; i < 64; ++i)
      users.push_back(sign_in(server.http_port(), "2" + std::to_string(1000 + i)));
    CHECK(server.stop() == 0);
  }
  std::map<std::string, std::int64_t> acknowledged;  // text -> request id
  std::mutex mutex;
  std::int64_t next_id = 1;
  std::minstd_rand random(7);
  for (int round = 0; round < 5; ++round) {
    ServerProcess server(dir.path() / "data", arguments);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::size_t u = 0; u < users.size(); ++u) {
      threads.emplace_back([&, u, first = next_id] {
        for (std::int64_t n = first; !stop; ++n) {
          auto text = std::to_string(u) + ">" + std::to_string(n);
          if (!send_until_acknowledged(server.http_port(), users[u], users[(u + 1) % 64].id, text,
                                       n, stop, false))
            return;
          std::lock_guard lock(mutex);
          acknowledged.emplace(text, n);
        }
      });
    }
    next_id += 100000;
    // Somewhere in the middle: after a number of acknowledgements, not of milliseconds.
    std::size_t enough = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    for (std::size_t count = 0; enough == 0 || count < enough; std::this_thread::yield()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::lock_guard lock(mutex);
      count = acknowledged.size();
      if (enough == 0) enough = count + 200 + random() % 600;
    }
    server.kill();
    stop = true;
    for (auto& thread : threads)
      thread.join();
  }

  ServerProcess server(dir.path() / "data", arguments);
  std::map<std::string, int> copies;
  std::map<std::string, Seq> sender_seq;
  for (std::size_t u = 0; u < users.size(); ++u) {
    auto inbox = whole_inbox(server, users[u], u % 2 == 0 ? Door::kTcp : Door::kWebSocket);
    std::map<std::string, std::int64_t> newest;
    for (std::size_t i = 0; i < inbox.size(); ++i) {
      ++copies[inbox[i]];
      auto sender = inbox[i].substr(0, inbox[i].find('>'));
      auto number = std::stoll(inbox[i].substr(inbox[i].find('>') + 1));
      CHECK(number > newest[sender]);
      newest[sender] = number;
      if (sender == std::to_string(u)) sender_seq[inbox[i]] = Seq(static_cast<std::int64_t>(i) + 1);
    }
  }
  for (const auto& [text, request_id] : acknowledged) {
    CAPTURE(text);
    REQUIRE(copies[text] == 2);
  }
  for (const auto& [text, count] : copies)
    CHECK(count == 2);  // also of what was not acknowledged

  int retried = 0;
  for (const auto& [text, request_id] : acknowledged) {
    if (++retried > 100) break;
    auto u = static_cast<std::size_t>(std::stoi(text));
    CHECK(send_text(server.http_port(), users[u], users[(u + 1) % 64].id, text, request_id) ==
          sender_seq[text]);
  }
}
