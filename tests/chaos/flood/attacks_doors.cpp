// Attacks with as many connections, and with as many bytes, as one can bring to the doors.
#include "attack.hpp"
#include "foes.hpp"
#include "http.hpp"
#include "pb/logic.ext.pb.h"

#include "linnet/wire/tcp.hpp"

#include <algorithm>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace linnet::flood {
namespace {

using bench::Door;
using bench::kMilli;
using bench::kSecond;
using bench::now;

constexpr std::uint32_t kOneAddress = 0x7f000002;  // 127.0.0.2
constexpr std::size_t kOpenAtOnce = 256;
constexpr double kOpenedASecond = 10'000;
constexpr double kAcceptedASecond = 2500;  // limits.accepts_per_second
constexpr Nanos kWaits = 60 * kSecond;

constexpr std::size_t kLargeSpeakers = 16;
constexpr std::size_t kLargestPacket = 65'535;
constexpr std::size_t kLargestText = 59'990;   // logic.message_bytes, but for the text's own tag
constexpr std::size_t kLargestBody = 262'144;  // http.body_bytes
constexpr double kBytes = 1'048'576;           // limits.bytes_per_second and bytes_burst
constexpr int kStored = 200;
constexpr int kTooMuch = 429;  // as too many, or as too large

// Begins to connect and does not wait.
int begin_to_connect(const bench::Address& to) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  // Ends leave no port waiting.
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(kOneAddress);
  // Its error is seen in what became of it.
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0)
    static_cast<void>(::connect(fd, reinterpret_cast<const sockaddr*>(&to.value), sizeof to.value));
  return fd;
}

// Whether it was ever there.
bool end_connection(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  const bool known = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
  ::close(fd);
  return known && (info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT);
}

// Somebody at another address who comes, is answered and goes, all the time.
class Newcomer {
 public:
  explicit Newcomer(const bench::Address& http) : thread_([this, http] { come_and_go(http); }) {}
  ~Newcomer() {
    if (thread_.joinable()) end();
  }
  Newcomer(const Newcomer&) = delete;
  Newcomer& operator=(const Newcomer&) = delete;

  // It comes once more.
  void end() {
    over_ = true;
    thread_.join();
  }
  std::uint64_t answered() const { return answered_; }
  std::uint64_t unanswered() const { return unanswered_; }
  double longest_ms() const { return static_cast<double>(longest_) / kMilli; }

 private:
  void come_and_go(const bench::Address& http) {
    bool last = false;
    while (!last) {
      last = over_;
      const auto begin = now();
      const bool good = is_answered(http, begin + kWaits);
      longest_ = std::max(longest_, now() - begin);
      ++(good ? answered_ : unanswered_);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  static bool is_answered(const bench::Address& http, Nanos deadline) {
    Foes one(1);
    if (!one.connect(0, http)) return false;
    one.say(0, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    bool good = false;
    while (one.open(0) && !good && now() < deadline)
      one.listen(deadline, [&good](std::size_t, const std::string& received) {
        good = received.find(" 200 OK") != std::string::npos;
      });
    return good;
  }

  std::atomic<bool> over_{false};
  Nanos longest_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t unanswered_ = 0;
  std::thread thread_;  // the last: it begins when all else is there
};

// A packet as large as a length of two bytes can say.
std::string largest_packet() {
  const auto of = [](std::size_t bytes) {
    return bench::frame(Door::kTcp, pb::PT_HEARTBEAT, 1, std::string(bytes, 'x'));
  };
  constexpr std::size_t kLength = 2;
  const auto around = of(kLargestText).size() - kLargestText;
  return of(kLargestPacket + kLength - around);
}

// A message that is too large, in a body that is not.
std::string largest_body(const bench::Account& user) {
  std::size_t content = kLargestBody;
  std::string call;
  do {
    pb::SendMessageReq request;
    request.set_receiver_type(pb::RT_USER);
    request.set_receiver_id(user.id.value());
    request.set_message_type(pb::MT_TEXT);
    request.set_message_content(std::string(content--, 'x'));
    call = request.SerializeAsString();
  } while (call.size() > kLargestBody);
  return bench::http_call("/pb.LogicExt/SendMessage", user.token, call);
}

// Users that send the largest there is: every other one packets, the rest bodies. Those that are
// cut come back.
class Large {
 public:
  explicit Large(const Field& field)
      : field_(field),
        foes_(std::min(std::max<std::size_t>(2, field.scaled(kLargeSpeakers)), field.users.size())),
        packet_(largest_packet()) {
    for (std::size_t foe = 0; foe < foes_.size(); ++foe) {
      const auto& user = field.users[foe];
      messages_.emplace_back(user, pb::RT_USER, field.users[0].id.value(), kLargestText);
      if (in_packets(foe)) messages_.back().use_tcp();
      bodies_.push_back(in_packets(foe) ? std::string() : largest_body(user));
    }
  }

  void go_on() {
    for (std::size_t foe = 0; foe < foes_.size(); ++foe) {
      if (!foes_.open(foe)) {
        come(foe);
      } else if (in_packets(foe) && foes_.say(foe, {})) {
        // say() keeps what the socket does not take, which ends this.
        foes_.say(foe, messages_[foe].with_request_id(number_++));
        foes_.say(foe, packet_);
      }
    }
    foes_.listen(now() + kMilli, [this](std::size_t foe, std::string& received) {
      if (in_packets(foe)) {
        hear_packets(received);
      } else {
        hear_answer(foe, received);
      }
    });
  }

  bool answered() const { return packets_ > 0 && stored_ > 0 && too_large_ > 0; }
  // Half of them send packets.
  std::size_t with_packets() const { return (foes_.size() + 1) / 2; }
  std::size_t with_bodies() const { return foes_.size() / 2; }
  std::uint64_t packets() const { return packets_; }
  std::uint64_t stored() const { return stored_; }
  std::uint64_t too_many() const { return too_many_; }
  std::uint64_t too_large() const { return too_large_; }
  std::uint64_t other() const { return other_; }
  std::size_t connections() const { return foes_.size(); }
  std::size_t cut() const { return foes_.cut(); }

 private:
  static bool in_packets(std::size_t foe) { return foe % 2 == 0; }

  void come(std::size_t foe) {
    if (!foes_.connect(foe, in_packets(foe) ? field_.doors.tcp : field_.doors.http)) return;
    if (in_packets(foe)) {
      foes_.say(
          foe, bench::frame(Door::kTcp, pb::PT_SIGN_IN, 1, bench::sign_in_data(field_.users[foe])));
    } else {
      call(foe);
    }
  }
  void call(std::size_t foe) {
    const auto number = number_++;
    foes_.say(foe, number % 4 == 0 ? std::string_view(bodies_[foe])
                                   : messages_[foe].with_request_id(number));
  }
  void hear_packets(std::string& received) {
    std::string_view rest(received);
    while (const auto packet = wire::next_tcp_packet(rest)) {
      const auto down = bench::read_down(*packet);
      if (down.type == pb::PT_HEARTBEAT && down.code == 0) ++packets_;
      if (down.code == pb::EC_RATE_LIMITED) {
        ++too_many_;
      } else if (down.code != 0) {
        ++other_;
      }
    }
    received.erase(0, received.size() - rest.size());
  }
  void hear_answer(std::size_t foe, std::string& received) {
    std::string_view rest(received);
    const auto reply = bench::next_reply(rest);
    if (!reply) return;
    if (reply->status == kStored) {
      ++stored_;
    } else if (reply->status == kTooMuch) {
      ++(reply->body.find("EC_TOO_LARGE") == std::string_view::npos ? too_many_ : too_large_);
    } else {
      ++other_;
    }
    received.clear();
    if (foes_.open(foe)) call(foe);
  }

  const Field& field_;
  Foes foes_;
  std::string packet_;
  std::vector<bench::SendCall> messages_;
  std::vector<std::string> bodies_;
  std::uint64_t number_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t stored_ = 0;
  std::uint64_t too_many_ = 0;
  std::uint64_t too_large_ = 0;
  std::uint64_t other_ = 0;
};

double seconds_since(Nanos begin) {
  return static_cast<double>(now() - begin) / 1e9;
}

}  // namespace

// Each is closed soon after it is there, whether it was accepted or not; some open a moment longer.
Outcome accepts(const Field& field) {
  const auto before = refused(field.doors, "accepts_per_second");
  Newcomer newcomer(field.doors.http);
  std::vector<int> open(field.scaled(kOpenAtOnce), -1);
  std::uint64_t begun = 0;
  std::uint64_t opened = 0;
  const auto begin = now();
  while (!field.over) {
    const auto due = static_cast<std::uint64_t>(seconds_since(begin) * kOpenedASecond);
    for (; begun < due && !field.over; ++begun) {
      auto& place = open[begun % open.size()];
      if (place >= 0 && end_connection(place)) ++opened;
      place = begin_to_connect(begun / open.size() % 2 == 0 ? field.doors.tcp : field.doors.http);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto seconds = seconds_since(begin);
  for (const int fd : open)
    if (fd >= 0 && end_connection(fd)) ++opened;
  newcomer.end();
  const auto late = refused(field.doors, "accepts_per_second") - before;
  Outcome outcome;
  outcome.did = std::to_string(static_cast<std::uint64_t>(static_cast<double>(opened) / seconds)) +
                " connections a second, of " + std::to_string(begun) + " begun, " +
                std::to_string(late) + " times accepted later; a newcomer was answered " +
                std::to_string(newcomer.answered()) + " times, in " +
                std::to_string(static_cast<int>(newcomer.longest_ms())) + " ms at most";
  if (opened == 0) outcome.faults.emplace_back("none was opened");
  if (late == 0 && static_cast<double>(opened) > 2 * kAcceptedASecond * seconds)
    outcome.faults.emplace_back("nothing was limited");
  if (newcomer.unanswered() > 0) outcome.faults.emplace_back("a newcomer was not answered");
  return outcome;
}

// Packets of 64 KB on long connections, and messages and bodies of the largest size over HTTP.
Outcome large(const Field& field) {
  const auto packets_before = refused(field.doors, "packets");
  const auto writes_before = refused(field.doors, "write");
  Large all(field);
  const auto begin = now();
  const auto limited = [&] { return refused(field.doors, "packets") > packets_before; };
  while (!field.over || (now() - begin < kWaits && !(all.answered() && limited())))
    all.go_on();
  const auto seconds = seconds_since(begin) + 1;
  const auto late = refused(field.doors, "packets") - packets_before;
  const auto writes = refused(field.doors, "write") - writes_before;
  Outcome outcome;
  outcome.did = std::to_string(all.connections()) + " users, " + std::to_string(all.packets()) +
                " packets of 64 KB, " + std::to_string(late) + " times read later, " +
                std::to_string(all.stored()) + " messages of 60 KB over HTTP, " +
                std::to_string(all.too_large()) + " bodies too large, " +
                std::to_string(all.too_many()) + " too many (" + std::to_string(writes) +
                " counted), " + std::to_string(all.cut()) + " cut";
  if (!all.answered()) outcome.faults.emplace_back("not all was answered");
  if (all.other() > 0)
    outcome.faults.push_back(std::to_string(all.other()) + " answers were others than these");
  if (late == 0) outcome.faults.emplace_back("no packets were read later");
  if (writes != all.too_many()) outcome.faults.emplace_back("what was too many is not counted");
  // limits.bytes_per_second and bytes_burst; limits.write_per_second and write_burst.
  if (static_cast<double>(all.packets() * kLargestPacket) >
      static_cast<double>(all.with_packets()) * kBytes * (1 + seconds))
    outcome.faults.emplace_back("more bytes were taken than are allowed");
  if (static_cast<double>(all.stored()) >
      static_cast<double>(all.with_bodies()) * (500 + 100 * seconds))
    outcome.faults.emplace_back("more messages were taken than are allowed");
  return outcome;
}

}  // namespace linnet::flood
