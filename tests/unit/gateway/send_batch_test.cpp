// Sends in batches, over real sockets.
#include "send_batch.hpp"

#include "pb/conn.ext.pb.h"

#include <catch2/catch.hpp>

#include <array>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;

namespace {

wire::FrameRunPtr run_of(std::size_t bytes) {
  pb::Output packet;
  packet.set_data(std::string(bytes, 'x'));
  return std::make_shared<const wire::FrameRun>(std::make_shared<const wire::SharedFrame>(packet));
}

// A socket, and the other end of it.
class Pair final : public SendBatch::Sender {
 public:
  Pair() {
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) == 0);
  }
  ~Pair() override {
    hang_up();
    ::close(ends_[0]);
  }
  int fd() const { return ends_[0]; }
  void hang_up() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }
  std::string received() const {
    std::string all;
    std::array<char, 65536> buffer{};
    for (;;) {
      const auto got = ::read(ends_[1], buffer.data(), buffer.size());
      if (got <= 0) return all;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  void on_batch_sent(std::string_view what) override {
    ++told;
    rest = what;
  }
  int told = 0;
  std::string rest;

 private:
  std::array<int, 2> ends_{-1, -1};
};

constexpr auto kForm = wire::Framing::kWebSocketBinary;

bool refused_here() {
  if (SendBatch::possible()) return false;
  WARN("io_uring is refused here: not tested");
  return true;
}

}  // namespace

TEST_CASE("each of many sockets gets its bytes once, however the batches are cut") {
  if (refused_here()) return;
  const auto count = GENERATE(1U, 3U, 4U, 256U, 257U, 300U);
  SendBatch batch(true);
  std::vector<Pair> pairs(count);
  const auto first = run_of(100);
  const auto second = run_of(2000);
  for (auto& pair : pairs) {
    const auto& run = (&pair - pairs.data()) % 3 == 0 ? second : first;
    REQUIRE(batch.add(pair.fd(), run->bytes(kForm), run, pair));
  }
  batch.submit();
  CHECK(batch.empty());
  for (auto& pair : pairs) {
    const auto& run = (&pair - pairs.data()) % 3 == 0 ? second : first;
    CHECK(pair.told == 1);
    CHECK(pair.rest.empty());
    CHECK(pair.received() == run->bytes(kForm));
  }
}

TEST_CASE("a batch keeps what it is to send") {
  if (refused_here()) return;
  SendBatch batch(true);
  std::vector<Pair> pairs(8);
  auto run = run_of(500);
  const std::string bytes(run->bytes(kForm));
  for (auto& pair : pairs)
    REQUIRE(batch.add(pair.fd(), run->bytes(kForm), run, pair));
  run.reset();
  batch.submit();
  for (auto& pair : pairs)
    CHECK(pair.received() == bytes);
}

TEST_CASE("what a socket does not take is told, and nobody waits for it") {
  if (refused_here()) return;
  const auto others = GENERATE(1U, 6U);  // one by one, and through the ring
  SendBatch batch(true);
  Pair full;
  Pair gone;
  std::vector<Pair> rest(others);
  gone.hang_up();
  const auto run = run_of(4'000'000);
  const auto small = run_of(10);
  REQUIRE(batch.add(full.fd(), run->bytes(kForm), run, full));
  REQUIRE(batch.add(gone.fd(), small->bytes(kForm), small, gone));
  for (auto& pair : rest)
    REQUIRE(batch.add(pair.fd(), small->bytes(kForm), small, pair));
  batch.submit();
  CHECK(full.told == 1);
  CHECK_FALSE(full.rest.empty());
  CHECK(full.received() + full.rest == run->bytes(kForm));
  CHECK(gone.rest == small->bytes(kForm));
  for (auto& pair : rest)
    CHECK(pair.received() == small->bytes(kForm));

  // It takes nothing at all.
  Pair blocked;
  const std::string filler(1'000'000, 'f');
  while (::send(blocked.fd(), filler.data(), filler.size(), MSG_DONTWAIT) > 0) {
  }
  for (auto& pair : rest)
    REQUIRE(batch.add(pair.fd(), small->bytes(kForm), small, pair));
  REQUIRE(batch.add(blocked.fd(), small->bytes(kForm), small, blocked));
  batch.submit();
  CHECK(blocked.rest == small->bytes(kForm));
}

TEST_CASE("one that is not wanted takes nothing") {
  SendBatch batch(false);
  Pair pair;
  const auto run = run_of(10);
  CHECK_FALSE(batch.add(pair.fd(), run->bytes(kForm), run, pair));
  CHECK(batch.empty());
  batch.submit();
  CHECK(pair.told == 0);
}
