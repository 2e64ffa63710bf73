// The WebSocket codec beyond Autobahn's list: roles, lengths, limits, masks, cuts, and the encoder.
#include "linnet/wire/websocket.hpp"

#include "frames.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace linnet;
using test::Events;
using test::Frame;
using wire::CloseCode;
using wire::WsDecoder;
using wire::WsEvent;
using wire::WsOpcode;
using wire::WsRole;

namespace {

WsEvent first_event(WsDecoder& decoder, std::string& bytes) {
  char* begin = bytes.data();
  return decoder.next(begin, bytes.data() + bytes.size());
}

std::string first_event(std::string bytes, WsRole role = WsRole::kServer,
                        std::size_t max_message = 1000) {
  WsDecoder decoder(role, max_message);
  return test::describe(first_event(decoder, bytes));
}

std::string raw(std::initializer_list<unsigned> bytes) {
  std::string out;
  for (unsigned b : bytes)
    out += static_cast<char>(b);
  return out;
}

}  // namespace

TEST_CASE("a client's frames must be masked, a server's must not") {
  std::string masked = test::bytes_of(Frame{2, "hi"});
  std::string plain = test::bytes_of(Frame{2, "hi", true, 0, false});
  CHECK(first_event(masked, WsRole::kServer) == "binary hi");
  CHECK(first_event(plain, WsRole::kServer) == "error 1002");
  CHECK(first_event(plain, WsRole::kClient) == "binary hi");
  CHECK(first_event(masked, WsRole::kClient) == "error 1002");
}

TEST_CASE("a length must have its shortest form") {
  CHECK(first_event(raw({0x82, 126, 0, 125}), WsRole::kClient) == "error 1002");
  CHECK(first_event(raw({0x82, 126, 0, 126}), WsRole::kClient) == "need more");
  CHECK(first_event(raw({0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff}), WsRole::kClient, 1U << 20U) ==
        "error 1002");
  CHECK(first_event(raw({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}), WsRole::kClient, 1U << 20U) ==
        "need more");
}

TEST_CASE("a length with its top bit set is an error, and so is one over the limit") {
  CHECK(first_event(raw({0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0}), WsRole::kClient) == "error 1002");
  CHECK(first_event(raw({0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
                    WsRole::kClient) == "error 1009");
  CHECK(first_event(raw({0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
                    WsRole::kClient, SIZE_MAX) == "need more");
}

TEST_CASE("a message over the limit is an error as soon as its header is there") {
  CHECK(first_event(raw({0x82, 126, 0x03, 0xe8}), WsRole::kClient) == "need more");
  CHECK(first_event(raw({0x82, 126, 0x03, 0xe9}), WsRole::kClient) == "error 1009");

  std::string open = test::bytes_of(Frame{2, std::string(600, 'a'), false});
  std::string fits = open + test::bytes_of(Frame{0, std::string(400, 'b')});
  std::string over = open + test::bytes_of(Frame{0, std::string(401, 'b')}).substr(0, 4);
  CHECK(test::decode(fits, 1, WsRole::kServer, 1000).at(0).size() == 1007);
  CHECK(test::decode(over, 1, WsRole::kServer, 1000) == Events{"error 1009"});
}

TEST_CASE("a control frame is read although messages are limited to less") {
  CHECK(first_event(test::bytes_of(Frame{9, "ping"}), WsRole::kServer, 2) == "ping ping");
}

TEST_CASE("what the first two bytes tell is told without the rest") {
  CHECK(first_event(raw({0xc2, 0xfe})) == "error 1002");  // a reserved bit
  CHECK(first_event(raw({0x83, 0x80})) == "error 1002");  // a reserved opcode
  CHECK(first_event(raw({0x09, 0x80})) == "error 1002");  // a fragmented ping
  CHECK(first_event(raw({0x89, 0xfe})) == "error 1002");  // a long ping
  CHECK(first_event(raw({0x80, 0x80})) == "error 1002");  // a continuation of nothing
  CHECK(first_event(raw({0x82})) == "need more");
  CHECK(first_event("") == "need more");
}

TEST_CASE("an incomplete frame is left untouched until the rest is there") {
  std::string frame = test::bytes_of(Frame{1, "Hello"});
  WsDecoder decoder(WsRole::kServer, 1000);
  std::string bytes = frame.substr(0, frame.size() - 1);
  std::string before = bytes;
  char* begin = bytes.data();
  CHECK(decoder.next(begin, bytes.data() + bytes.size()).kind == WsEvent::Kind::kNeedMore);
  CHECK(begin == bytes.data());
  CHECK(bytes == before);

  bytes = frame + "next";
  begin = bytes.data();
  WsEvent event = decoder.next(begin, bytes.data() + bytes.size());
  CHECK(test::describe(event) == "text Hello");
  CHECK(event.payload.data() == bytes.data() + 6);  // in place
  CHECK(begin == bytes.data() + frame.size());
}

TEST_CASE("a payload of every length and offset is unmasked rightly") {
  for (std::size_t size = 0; size <= 40; ++size) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i)
      payload += static_cast<char>('A' + i);
    CHECK(first_event(test::bytes_of(Frame{2, payload})) == "binary " + payload);
    std::string masked;
    wire::append_masked_ws_frame(WsOpcode::kBinary, payload, 0x37fa213dU, masked);
    CHECK(masked == test::bytes_of(Frame{2, payload}));
    std::string plain;
    wire::append_ws_frame(WsOpcode::kBinary, payload, plain);
    CHECK(plain == test::bytes_of(Frame{2, payload, true, 0, false}));
  }
}

TEST_CASE("RFC 6455's own examples are written and read") {
  std::string out;
  wire::append_ws_frame(WsOpcode::kText, "Hello", out);
  CHECK(out == raw({0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f}));
  out.clear();
  wire::append_masked_ws_frame(WsOpcode::kText, "Hello", 0x37fa213dU, out);
  CHECK(out == raw({0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}));
  CHECK(first_event(out) == "text Hello");
  out.clear();
  wire::append_ws_frame(WsOpcode::kBinary, std::string(256, 'x'), out);
  CHECK(out.substr(0, 4) == raw({0x82, 0x7e, 0x01, 0x00}));
  out.clear();
  wire::append_ws_frame(WsOpcode::kBinary, std::string(65536, 'x'), out);
  CHECK(out.substr(0, 10) == raw({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("random frames come out as they went in, wherever they are cut") {
  constexpr unsigned kSeed = 20240611;
  std::mt19937 random(kSeed);
  auto below = [&random](std::size_t bound) { return random() % bound; };
  CAPTURE(kSeed);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    bool server_reads = below(2) == 0;
    std::string bytes;
    Events expected;
    for (std::size_t i = below(8); i > 0; --i) {
      const WsOpcode opcodes[] = {WsOpcode::kText, WsOpcode::kBinary, WsOpcode::kPing,
                                  WsOpcode::kPong};
      const char* names[] = {"text ", "binary ", "ping ", "pong "};
      std::size_t kind = below(4);
      std::size_t largest = kind >= 2 ? 126 : (below(10) == 0 ? 70000 : 300);
      std::string payload(below(largest), '\0');
      for (auto& c : payload)
        c = static_cast<char>(kind == 0 ? below(128) : below(256));
      if (server_reads) {
        auto mask = static_cast<std::uint32_t>(random());
        wire::append_masked_ws_frame(opcodes[kind], payload, mask, bytes);
      } else {
        wire::append_ws_frame(opcodes[kind], payload, bytes);
      }
      expected.push_back(names[kind] + payload);
    }
    auto role = server_reads ? WsRole::kServer : WsRole::kClient;
    CHECK(test::decode(bytes, bytes.size(), role, 70000) == expected);
    std::size_t chunk = 1 + bytes.size() / (1 + below(50));
    CHECK(test::decode(bytes, chunk, role, 70000) == expected);
  }
}

TEST_CASE("cut at any byte, a conversation gives the same events") {
  std::string bytes = test::bytes_of({Frame{1, "one", false}, Frame{9, "p"}, Frame{0, "two"},
                                      Frame{2, std::string(130, 'x')}, Frame{10},
                                      Frame{8, test::close_payload(1001, "bye")}});
  Events whole = test::decode(bytes, bytes.size(), WsRole::kServer, 1000);
  REQUIRE(whole == Events{"ping p", "text onetwo", "binary " + std::string(130, 'x'), "pong ",
                          "close 1001 bye"});
  for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
    CAPTURE(chunk);
    CHECK(test::decode(bytes, chunk, WsRole::kServer, 1000) == whole);
  }
}

TEST_CASE("a message in fragments leaves nothing behind for the next one") {
  std::string bytes;
  Events expected;
  for (const char* name : {"a", "b", "c"}) {
    std::string half = std::string(300, *name);
    bytes += test::bytes_of({Frame{1, half, false}, Frame{0, half}, Frame{2, half + half}});
    expected.push_back("text " + half + half);
    expected.push_back("binary " + half + half);
  }
  for (std::size_t chunk : {std::size_t{1}, std::size_t{100}, bytes.size()}) {
    CAPTURE(chunk);
    CHECK(test::decode(bytes, chunk, WsRole::kServer, 600) == expected);
  }
}

TEST_CASE("a close payload's reason is cut at a character's border") {
  CHECK(wire::ws_close_payload(CloseCode::kNone, "ignored").empty());
  CHECK(wire::ws_close_payload(CloseCode::kReplaced, "bye") == test::close_payload(3502, "bye"));
  CHECK(wire::ws_close_payload(CloseCode::kNormal, std::string(200, 'a')).size() == 125);

  std::string wide(122, 'a');
  wide += "\xe2\x82\xac";  // the euro sign, of which only one byte would fit
  CHECK(wire::ws_close_payload(CloseCode::kNormal, wide).size() == 2 + 122);
  CHECK(wire::ws_close_payload(CloseCode::kNormal, "\xff") == test::close_payload(1000));
}

TEST_CASE("the handshake's accept value is RFC 6455's example") {
  CHECK(wire::ws_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("a handshake key is base64 of 16 bytes") {
  CHECK(wire::is_ws_key("dGhlIHNhbXBsZSBub25jZQ=="));
  CHECK_FALSE(wire::is_ws_key(""));
  CHECK_FALSE(wire::is_ws_key("dGhlIHNhbXBsZSBub25jZQ="));
  CHECK_FALSE(wire::is_ws_key("dGhlIHNhbXBsZSBub25jZQQ="));
  CHECK_FALSE(wire::is_ws_key("dGhlIHNhbXBsZSBub25jZQQQ"));
  CHECK_FALSE(wire::is_ws_key("dGhlIHNhbXBsZSBub25jZQ==="));
  CHECK_FALSE(wire::is_ws_key("dGhl HNhbXBsZSBub25jZQ=="));
  CHECK_FALSE(wire::is_ws_key("dGhl\r\nhbXBsZSBub25jZQ=="));
  CHECK_FALSE(wire::is_ws_key("====================Q==="));
}
