// What it takes to be a member elsewhere: Redis, NATS, MQTT brokers and plain WebSocket servers,
// each in as few words as its protocol allows.
#include "dialect.hpp"

#include <charconv>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr std::string_view kEnd = "\r\n";

// Takes a line off the front, without its end; whether there was one.
bool next_line(std::string_view& bytes, std::string_view& line) {
  const auto end = bytes.find(kEnd);
  if (end == std::string_view::npos) return false;
  line = bytes.substr(0, end);
  bytes.remove_prefix(end + kEnd.size());
  return true;
}

std::size_t number_of(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("no number: " + std::string(text));
  return number;
}

Answer said(std::string say) {
  Answer answer;
  answer.whole = true;
  answer.ready = say.empty();
  answer.say = std::move(say);
  return answer;
}

// RESP 2: a push is *3 $7 message $4 room $N payload; the answer to the subscription *3 as well.
class RedisDialect final : public Dialect {
 public:
  explicit RedisDialect(std::size_t members) : members_(members) {}

  std::string hello(std::size_t place) const override {
    return place == members_ ? "" : "*2\r\n$9\r\nSUBSCRIBE\r\n$4\r\nroom\r\n";
  }
  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& received) const override {
    auto rest = received;
    std::string_view line;
    for (int lines = 0; lines < 6; ++lines) {
      if (!next_line(rest, line)) return {};
      if (line.substr(0, 1) == "-") throw std::runtime_error("Redis refuses: " + std::string(line));
    }
    received = rest;
    return said({});
  }
  void take(std::string_view& received, const OnPayload& on_payload) const override {
    for (;;) {
      auto rest = received;
      std::string_view line;
      for (int lines = 0; lines < 6; ++lines)
        if (!next_line(rest, line)) return;
      const auto size = number_of(line.substr(1));
      if (rest.size() < size + kEnd.size()) return;
      on_payload(rest.substr(0, size));
      received = rest.substr(size + kEnd.size());
    }
  }
  std::string publish(std::uint64_t /*number*/, std::string_view payload) const override {
    return "*3\r\n$7\r\nPUBLISH\r\n$4\r\nroom\r\n$" + std::to_string(payload.size()) + "\r\n" +
           std::string(payload) + "\r\n";
  }

 private:
  std::size_t members_;
};

// Text: a push is MSG room 1 SIZE, and the payload in a line of its own.
class NatsDialect final : public Dialect {
 public:
  explicit NatsDialect(std::size_t members) : members_(members) {}

  std::string hello(std::size_t place) const override {
    const std::string connect = "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\n";
    return connect + (place == members_ ? "PING\r\n" : "SUB room 1\r\nPING\r\n");
  }
  // After two seconds and a little the server measures everybody's distance with a PING.
  Nanos settling() const override { return 2600 * kMilli; }
  // The server's INFO comes first, PONG when the subscription has been taken.
  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& received) const override {
    std::string_view line;
    if (!next_line(received, line)) return {};
    if (line.substr(0, 1) == "-") throw std::runtime_error("NATS refuses: " + std::string(line));
    auto answer = said({});
    answer.ready = line == "PONG";
    return answer;
  }
  void take(std::string_view& received, const OnPayload& on_payload) const override {
    for (;;) {
      auto rest = received;
      std::string_view line;
      if (!next_line(rest, line)) return;
      if (line.substr(0, 4) != "MSG ") {
        received = rest;
        continue;
      }
      const auto size = number_of(line.substr(line.rfind(' ') + 1));
      if (rest.size() < size + kEnd.size()) return;
      on_payload(rest.substr(0, size));
      received = rest.substr(size + kEnd.size());
    }
  }
  std::string publish(std::uint64_t /*number*/, std::string_view payload) const override {
    return "PUB room " + std::to_string(payload.size()) + "\r\n" + std::string(payload) + "\r\n";
  }

 private:
  std::size_t members_;
};

// MQTT 3.1.1: one byte with the kind, the length in 7-bit groups, the rest.
class MqttDialect final : public Dialect {
 public:
  explicit MqttDialect(std::size_t members) : members_(members) {}

  std::string hello(std::size_t place) const override {
    const auto id = "linnet-bench-" + std::to_string(place);
    // Protocol name and level, a clean session, no keep-alive.
    return packet(0x10, text("MQTT") + std::string("\x04\x02\0\0", 4) + text(id));
  }
  // CONNACK; then, but for the publisher, SUBACK.
  Answer answer(std::size_t place, std::size_t step, std::string_view& received) const override {
    std::string_view body;
    unsigned kind = 0;
    if (!next_packet(received, kind, body)) return {};
    const bool good = step == 0 ? kind == 0x20 && body.size() == 2 && body[1] == 0
                                : kind == 0x90 && body.size() == 3 && body[2] == 0;
    if (!good) throw std::runtime_error("the MQTT broker refuses");
    if (step > 0 || place == members_) return said({});
    return said(packet(0x82, std::string("\0\1", 2) + text("room") + std::string(1, '\0')));
  }
  void take(std::string_view& received, const OnPayload& on_payload) const override {
    std::string_view body;
    unsigned kind = 0;
    while (next_packet(received, kind, body)) {
      if ((kind & 0xF0U) != 0x30U) continue;
      const auto topic = static_cast<std::size_t>(static_cast<unsigned char>(body.at(0))) << 8U |
                         static_cast<unsigned char>(body.at(1));
      on_payload(body.substr(2 + topic));
    }
  }
  std::string publish(std::uint64_t /*number*/, std::string_view payload) const override {
    return packet(0x30, text("room") + std::string(payload));
  }

 private:
  static std::string text(const std::string& words) {
    std::string bytes;
    bytes += static_cast<char>(words.size() >> 8U);
    bytes += static_cast<char>(words.size() & 0xFFU);
    return bytes + words;
  }
  static std::string packet(unsigned kind, const std::string& body) {
    std::string bytes(1, static_cast<char>(kind));
    auto length = body.size();
    do {
      const auto group = length & 0x7FU;
      length >>= 7U;
      bytes += static_cast<char>(length > 0 ? group | 0x80U : group);
    } while (length > 0);
    return bytes + body;
  }
  static bool next_packet(std::string_view& bytes, unsigned& kind, std::string_view& body) {
    std::size_t length = 0;
    std::size_t head = 1;
    for (unsigned shift = 0;; shift += 7) {
      if (shift > 21) throw std::runtime_error("no MQTT");
      if (bytes.size() <= head) return false;
      const auto byte = static_cast<unsigned char>(bytes[head++]);
      length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) break;
    }
    if (bytes.size() - head < length) return false;
    kind = static_cast<unsigned char>(bytes[0]);
    body = bytes.substr(head, length);
    bytes.remove_prefix(head + length);
    return true;
  }

  std::size_t members_;
};

// A server that sends each message that comes to everybody else.
class WsDialect final : public Dialect {
 public:
  std::string hello(std::size_t /*place*/) const override { return upgrade_request("/"); }
  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& received) const override {
    return take_upgrade(received) ? said({}) : Answer();
  }
  void take(std::string_view& received, const OnPayload& on_payload) const override {
    for (;;) {
      const auto frame = next_ws_frame(received);
      if (!frame.there) return;
      on_payload(frame.payload);
    }
  }
  std::string publish(std::uint64_t /*number*/, std::string_view payload) const override {
    std::string framed;
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, payload, 0x12345678U, framed);
    return framed;
  }
};

}  // namespace

std::unique_ptr<Dialect> peer_dialect(const std::string& name, std::size_t members) {
  if (name == "redis") return std::make_unique<RedisDialect>(members);
  if (name == "nats") return std::make_unique<NatsDialect>(members);
  if (name == "mqtt") return std::make_unique<MqttDialect>(members);
  if (name == "ws") return std::make_unique<WsDialect>();
  throw std::runtime_error("no dialect '" + name + "': redis, nats, mqtt or ws");
}

}  // namespace linnet::bench
