// An app that was written for this protocol years ago, as recorded bytes (lineage/*.txt, which says
// how to read them).
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <sstream>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr std::size_t kTimeBytes = 6;    // of milliseconds, until the year 2109
constexpr std::size_t kTokenBytes = 50;  // "l1.1.1." and the secret

struct Step {
  std::string what;
  std::optional<std::string> sent;  // as written
  std::optional<std::string> expected;
  int line = 0;
};

std::vector<Step> read_script(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::vector<Step> steps;
  std::optional<std::string>* part = nullptr;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.empty() || text[0] == '#') continue;
    if (text[0] == '>' || text[0] == '<') {
      REQUIRE_FALSE(steps.empty());
      part = text[0] == '>' ? &steps.back().sent : &steps.back().expected;
      *part = text.substr(1);
    } else if (text[0] == ' ') {
      REQUIRE(part != nullptr);
      **part += text;
    } else {
      steps.push_back({text, std::nullopt, std::nullopt, line});
    }
  }
  return steps;
}

class Player {
 public:
  void play(const Step& step) {
    std::istringstream words(step.what);
    std::string verb;
    std::string second;
    words >> verb >> second;
    if (verb == "call") {
      call(step, second, words);
      return;
    }
    std::string who = second;
    std::string door = verb;
    if (verb == "open" || verb == "close" || verb == "end") {
      door = second;
      words >> who;
    }
    auto& socket = sockets_[door + ' ' + who];
    if (verb == "open") {
      received_.erase(&socket);
      socket = door == "tcp" ? Socket(server_.tcp_port()) : upgraded(who);
    } else if (verb == "close") {
      socket.close();
    } else if (verb == "end") {
      std::string rest;
      CHECK_FALSE(socket.receive(rest));
    } else {
      if (step.sent) socket.send(door == "tcp" ? bytes(*step.sent) : masked(bytes(*step.sent)));
      if (step.expected) expect(*step.expected, packet(socket, door == "tcp"));
    }
  }

 private:
  void call(const Step& step, const std::string& path, std::istringstream& words) {
    Headers headers{{"Content-Type", "application/proto"}};
    std::string key;
    std::string value;
    while (words >> key >> value) {
      if (key == "request") headers.emplace_back("request_id", value);
      if (key != "as") continue;
      // "l1.<user>.<device>.<secret>"
      const auto& token = tokens_.at(value);
      const auto user_end = token.find('.', 3);
      headers.emplace_back("user_id", token.substr(3, user_end - 3));
      headers.emplace_back(
          "device_id", token.substr(user_end + 1, token.find('.', user_end + 1) - user_end - 1));
      headers.emplace_back("token", token);
    }
    auto answer = http(server_.http_port(), "POST", path, headers, bytes(step.sent.value()));
    CHECK(answer.status == 200);
    expect(step.expected.value(), answer.body);
  }

  Socket upgraded(const std::string& who) {
    const auto& token = tokens_.at(who);
    const auto user_end = token.find('.', 3);
    Socket socket(server_.http_port());
    socket.send("GET /ws?user_id=" + token.substr(3, user_end - 3) + "&device_id=" +
                token.substr(user_end + 1, token.find('.', user_end + 1) - user_end - 1) +
                "&token=" + token +
                " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    std::string head;
    while (!head.ends_with("\r\n\r\n"))
      REQUIRE(socket.receive(head));
    CHECK(head.starts_with("HTTP/1.1 101 "));
    CHECK(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos);  // RFC 6455, section 1.3
    return socket;
  }

  static std::string masked(const std::string& packet) {
    std::string frame;
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet, 0x37fa213dU, frame);
    return frame;
  }

  // One frame, with its head. What comes behind it belongs to a later step.
  std::string packet(Socket& socket, bool tcp) {
    auto& received = received_[&socket];
    for (;;) {
      const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received[at]); };
      std::size_t size = 0;
      if (received.size() >= 4) {
        if (tcp) {
          size = 2U + (static_cast<std::size_t>(byte(0)) << 8U | byte(1));
        } else {
          size = byte(1) < 126 ? 2U + byte(1)
                               : 4U + (static_cast<std::size_t>(byte(2)) << 8U | byte(3));
        }
      }
      if (size > 0 && received.size() >= size) {
        auto frame = received.substr(0, size);
        received.erase(0, size);
        return frame;
      }
      REQUIRE(socket.receive(received));
    }
  }

  // Calls `piece` with the bytes, or with the name of a placeholder.
  template <class Piece>
  void parse(const std::string& text, Piece piece) {
    for (std::size_t at = 0; at < text.size();) {
      const char c = text[at];
      if (c == ' ') {
        ++at;
      } else if (c == '"' || c == '{') {
        auto end = text.find(c == '"' ? '"' : '}', at + 1);
        piece(text.substr(at + 1, end - at - 1), c == '{');
        at = end + 1;
      } else {
        piece(std::string(1, static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16))), false);
        at += 2;
      }
    }
  }

  std::string bytes(const std::string& text) {
    std::string out;
    parse(text, [&](const std::string& piece, bool placeholder) {
      out += placeholder ? tokens_.at(piece.substr(6)) : piece;
    });
    return out;
  }

  void expect(const std::string& text, const std::string& got) {
    std::string wanted;
    parse(text, [&](const std::string& piece, bool placeholder) {
      if (!placeholder) {
        wanted += piece;
        return;
      }
      // Whatever stands there is right.
      const bool time = piece == "time";
      const auto there =
          got.substr(std::min(wanted.size(), got.size()), time ? kTimeBytes : kTokenBytes);
      if (!time) tokens_[piece.substr(10)] = there;
      wanted += there;
    });
    CHECK(to_hex(got) == to_hex(wanted));
  }

  static std::string to_hex(const std::string& bytes) {
    std::ostringstream out;
    for (unsigned char c : bytes)
      out << std::hex << (c < 16 ? "0" : "") << static_cast<int>(c) << ' ';
    return out.str();
  }

  TempDir dir_;
  ServerProcess server_{dir_.path() / "data"};
  std::map<std::string, Socket> sockets_;
  std::map<const Socket*, std::string> received_;
  std::map<std::string, std::string> tokens_;
};

}  // namespace

TEST_CASE("an app of long ago works unchanged, byte for byte") {
  Player player;
  for (const auto& step :
       read_script(std::string(LINNET_SOURCE_DIR) + "/tests/integration/lineage/first_day.txt")) {
    INFO("line " << step.line << ": " << step.what);
    player.play(step);
  }
}
