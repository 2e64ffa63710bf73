#include "keepers.hpp"

#include "http.hpp"

#include <charconv>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr std::string_view kEnd = "\r\n";

std::vector<SendCall> calls_of(const std::vector<Account>& users,
                               const std::vector<UserId>& receivers, std::size_t payload) {
  std::vector<SendCall> calls;
  calls.reserve(users.size());
  for (std::size_t i = 0; i < users.size(); ++i)
    calls.emplace_back(users[i], pb::RT_USER, receivers[i % receivers.size()].value(), payload);
  return calls;
}

class LinnetHttpKeeper final : public KeeperDialect {
 public:
  explicit LinnetHttpKeeper(std::vector<SendCall> calls) : calls_(std::move(calls)) {}

  std::string hello(std::size_t /*place*/) const override { return {}; }
  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& /*received*/) const override {
    return {};
  }
  std::string_view request(std::size_t place, std::uint64_t number) override {
    return calls_[place].with_request_id(number);
  }
  bool kept(std::string_view& received) const override {
    const auto reply = next_reply(received);
    if (reply && reply->status != 200)
      throw std::runtime_error("a send was refused: " + std::string(reply->body));
    return reply.has_value();
  }

 private:
  std::vector<SendCall> calls_;
};

class LinnetTcpKeeper final : public KeeperDialect {
 public:
  LinnetTcpKeeper(const std::vector<Account>& users, std::vector<SendCall> calls)
      : users_(users), calls_(std::move(calls)) {
    for (auto& call : calls_)
      call.use_tcp();
  }

  std::string hello(std::size_t place) const override {
    return frame(Door::kTcp, pb::PT_SIGN_IN, 1, sign_in_data(users_.at(place)));
  }
  // In turn to: the sign-in, the sync, which asks for nothing of the past.
  Answer answer(std::size_t /*place*/, std::size_t step,
                std::string_view& received) const override {
    Answer answer;
    answer.whole = take(received, step == 0 ? pb::PT_SIGN_IN : pb::PT_SYNC);
    answer.ready = step == 1;
    if (step > 0) return answer;
    pb::SyncInput sync;
    sync.set_seq(kNoPast);
    answer.say = frame(Door::kTcp, pb::PT_SYNC, 2, sync.SerializeAsString());
    return answer;
  }
  std::string_view request(std::size_t place, std::uint64_t number) override {
    return calls_[place].with_request_id(number);
  }
  bool kept(std::string_view& received) const override { return take(received, pb::PT_CALL); }

 private:
  static constexpr std::int64_t kNoPast = std::int64_t{1} << 50;

  static bool take(std::string_view& received, int type) {
    while (const auto packet = wire::next_tcp_packet(received)) {
      const auto down = read_down(*packet);
      if (down.code != 0) throw std::runtime_error("the server refuses a packet");
      if (down.type == type) return true;
    }
    return false;
  }

  const std::vector<Account>& users_;
  std::vector<SendCall> calls_;
};

// XADD, answered with the entry's id as a bulk string: $LENGTH, ID.
class RedisKeeper final : public KeeperDialect {
 public:
  explicit RedisKeeper(std::size_t payload)
      : request_("*5\r\n$4\r\nXADD\r\n$4\r\nkept\r\n$1\r\n*\r\n$1\r\nm\r\n$" +
                 std::to_string(payload) + "\r\n" + std::string(payload, 'x') + "\r\n") {}

  std::string hello(std::size_t /*place*/) const override { return {}; }
  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& /*received*/) const override {
    return {};
  }
  std::string_view request(std::size_t /*place*/, std::uint64_t /*number*/) override {
    return request_;
  }
  bool kept(std::string_view& received) const override {
    const auto first = received.find(kEnd);
    if (first == std::string_view::npos) return false;
    if (received.front() != '$')
      throw std::runtime_error("Redis refuses: " + std::string(received.substr(0, first)));
    const auto second = received.find(kEnd, first + kEnd.size());
    if (second == std::string_view::npos) return false;
    received.remove_prefix(second + kEnd.size());
    return true;
  }

 private:
  std::string request_;
};

// PUB with a subject for the answer, which comes as MSG SUBJECT 1 SIZE and a line of JSON.
class NatsKeeper final : public KeeperDialect {
 public:
  explicit NatsKeeper(std::size_t payload) : payload_(payload, 'x') {}

  std::string hello(std::size_t place) const override {
    auto words = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nSUB " + inbox(place) + " 1\r\n";
    if (place == 0)
      words += publication("$JS.API.STREAM.CREATE.kept", place,
                           R"({"name":"kept","subjects":["kept"],"storage":"file","retention":)"
                           R"("limits","discard":"old","max_consumers":-1,"max_msgs":-1,)"
                           R"("max_bytes":-1,"max_age":0,"num_replicas":1})");
    return words + "PING\r\n";
  }
  // INFO comes first; the first client makes the stream, of the others PONG is the last.
  Answer answer(std::size_t place, std::size_t /*step*/,
                std::string_view& received) const override {
    Answer answer;
    if (place == 0) {
      answer.whole = kept(received);
      answer.ready = answer.whole;
      return answer;
    }
    const auto end = received.find(kEnd);
    if (end == std::string_view::npos) return answer;
    answer.whole = true;
    answer.ready = received.substr(0, end) == "PONG";
    received.remove_prefix(end + kEnd.size());
    return answer;
  }
  std::string_view request(std::size_t place, std::uint64_t /*number*/) override {
    request_ = publication("kept", place, payload_);
    return request_;
  }
  bool kept(std::string_view& received) const override {
    for (;;) {
      const auto end = received.find(kEnd);
      if (end == std::string_view::npos) return false;
      const auto line = received.substr(0, end);
      if (line.substr(0, 1) == "-") throw std::runtime_error("NATS refuses: " + std::string(line));
      if (line.substr(0, 4) != "MSG ") {
        received.remove_prefix(end + kEnd.size());
        continue;
      }
      const auto text = line.substr(line.rfind(' ') + 1);
      std::size_t size = 0;
      std::from_chars(text.data(), text.data() + text.size(), size);
      const auto whole = end + kEnd.size() + size + kEnd.size();
      if (received.size() < whole) return false;
      const auto body = received.substr(end + kEnd.size(), size);
      if (body.find("\"error\"") != std::string_view::npos)
        throw std::runtime_error("JetStream refuses: " + std::string(body));
      received.remove_prefix(whole);
      return true;
    }
  }

 private:
  static std::string inbox(std::size_t place) { return "_INBOX.bench." + std::to_string(place); }
  static std::string publication(const std::string& subject, std::size_t place,
                                 const std::string& body) {
    return "PUB " + subject + " " + inbox(place) + " " + std::to_string(body.size()) + "\r\n" +
           body + "\r\n";
  }

  std::string payload_;
  std::string request_;
};

}  // namespace

std::unique_ptr<KeeperDialect> linnet_http_keeper(const std::vector<Account>& users,
                                                  const std::vector<UserId>& receivers,
                                                  std::size_t payload) {
  return std::make_unique<LinnetHttpKeeper>(calls_of(users, receivers, payload));
}

std::unique_ptr<KeeperDialect> linnet_tcp_keeper(const std::vector<Account>& users,
                                                 const std::vector<UserId>& receivers,
                                                 std::size_t payload) {
  return std::make_unique<LinnetTcpKeeper>(users, calls_of(users, receivers, payload));
}

std::unique_ptr<KeeperDialect> peer_keeper(const std::string& name, std::size_t payload) {
  if (name == "redis") return std::make_unique<RedisKeeper>(payload);
  if (name == "nats") return std::make_unique<NatsKeeper>(payload);
  throw std::runtime_error("nothing is kept by '" + name + "': redis or nats");
}

}  // namespace linnet::bench
