// The Autobahn test suite's case list (sections 1 to 5, 7, 9 and 10), as far as it concerns frames.
// Sections 12 and 13 are of permessage-deflate, which no server of ours agrees to.
// Octet-wise, frame-wise and chopped variants are one row: every row is run whole and cut at every
// step.
#include "frames.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;
using test::Events;
using test::Frame;

namespace {

constexpr std::size_t kLimit = 1U << 24U;
constexpr unsigned kMore = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

struct Case {
  const char* number;
  std::vector<Frame> frames;
  Events events;
};

void run(const std::vector<Case>& cases) {
  for (const auto& one : cases) {
    CAPTURE(one.number);
    std::string bytes = test::bytes_of(one.frames);
    CHECK(test::decode(bytes, bytes.size(), wire::WsRole::kServer, kLimit) == one.events);
    for (std::size_t chunk : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{997}}) {
      if (bytes.size() / chunk > 5000) continue;
      CAPTURE(chunk);
      CHECK(test::decode(bytes, chunk, wire::WsRole::kServer, kLimit) == one.events);
    }
  }
}

std::string stars(std::size_t count) {
  return std::string(count, '*');
}

}  // namespace

TEST_CASE("Autobahn 1: messages of every length form are read") {
  struct Size {
    const char* text_case;
    const char* binary_case;
    std::size_t size;
  };
  const Size sizes[] = {{"1.1.1", "1.2.1", 0},        {"1.1.2", "1.2.2", 125},
                        {"1.1.3", "1.2.3", 126},      {"1.1.4", "1.2.4", 127},
                        {"1.1.5", "1.2.5", 128},      {"1.1.6", "1.2.6", 65535},
                        {"1.1.7-8", "1.2.7-8", 65536}};
  std::vector<Case> cases;
  for (const auto& one : sizes) {
    std::string fe(one.size, '\xfe');
    cases.push_back({one.text_case, {{kText, stars(one.size)}}, {"text " + stars(one.size)}});
    cases.push_back({one.binary_case, {{kBinary, fe}}, {"binary " + fe}});
  }
  run(cases);
}

TEST_CASE("Autobahn 2: pings and pongs are read, and are short") {
  std::string raw("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8);
  std::string fe(125, '\xfe');
  std::vector<Frame> ten;
  Events ten_events;
  for (int i = 0; i < 10; ++i) {
    ten.push_back({kPing, "payload-" + std::to_string(i)});
    ten_events.push_back("ping payload-" + std::to_string(i));
  }
  run({{"2.1", {{kPing}}, {"ping "}},
       {"2.2", {{kPing, "Hello, world!"}}, {"ping Hello, world!"}},
       {"2.3", {{kPing, raw}}, {"ping " + raw}},
       {"2.4, 2.6", {{kPing, fe}}, {"ping " + fe}},
       {"2.5", {{kPing, fe + "\xfe"}}, {"error 1002"}},
       {"2.7", {{kPong}}, {"pong "}},
       {"2.8", {{kPong, "unsolicited"}}, {"pong unsolicited"}},
       {"2.9", {{kPong, "a"}, {kPing, "b"}}, {"pong a", "ping b"}},
       {"2.10, 2.11", ten, ten_events}});
}

TEST_CASE("Autobahn 3: a reserved bit is an error") {
  Frame hello{kText, "Hello"};
  Frame ping{kPing};
  auto with_rsv = [](unsigned rsv, unsigned opcode) { return Frame{opcode, "Hello", true, rsv}; };
  run({{"3.1", {with_rsv(1, kText)}, {"error 1002"}},
       {"3.2", {hello, with_rsv(2, kText), ping}, {"text Hello", "error 1002"}},
       {"3.3", {hello, with_rsv(3, kText), ping}, {"text Hello", "error 1002"}},
       {"3.4", {hello, with_rsv(4, kText), ping}, {"text Hello", "error 1002"}},
       {"3.5", {with_rsv(5, kBinary)}, {"error 1002"}},
       {"3.6", {with_rsv(6, kPing)}, {"error 1002"}},
       {"3.7", {with_rsv(7, kClose)}, {"error 1002"}}});
}

TEST_CASE("Autobahn 4: a reserved opcode is an error") {
  Frame hello{kText, "Hello"};
  Frame ping{kPing};
  Events after_text = {"text Hello", "error 1002"};
  run({{"4.1.1", {{3}}, {"error 1002"}},
       {"4.1.2", {{4, "reserved"}}, {"error 1002"}},
       {"4.1.3", {hello, {5}, ping}, after_text},
       {"4.1.4", {hello, {6, "reserved"}, ping}, after_text},
       {"4.1.5", {hello, {7, "reserved"}, ping}, after_text},
       {"4.2.1", {{11}}, {"error 1002"}},
       {"4.2.2", {{12, "reserved"}}, {"error 1002"}},
       {"4.2.3", {hello, {13}, ping}, after_text},
       {"4.2.4", {hello, {14, "reserved"}, ping}, after_text},
       {"4.2.5", {hello, {15, "reserved"}, ping}, after_text}});
}

TEST_CASE("Autobahn 5: messages in fragments, with control frames between them") {
  Frame hello{kText, "Hello"};
  Frame first{kText, "fragment1", false};
  Frame second{kMore, "fragment2", true};
  Frame ping{kPing, "ping"};
  Frame lost{kMore, "lost", true};
  Frame lost_open{kMore, "lost", false};
  auto more = [](const char* text, bool final) { return Frame{kMore, text, final}; };
  run({{"5.1", {{kPing, "fragment1", false}, second}, {"error 1002"}},
       {"5.2", {{kPong, "fragment1", false}, second}, {"error 1002"}},
       {"5.3-5", {first, second}, {"text fragment1fragment2"}},
       {"5.6-8", {first, ping, second}, {"ping ping", "text fragment1fragment2"}},
       {"5.9-11", {lost, hello}, {"error 1002"}},
       {"5.12-14", {lost_open, hello}, {"error 1002"}},
       {"5.15", {first, second, lost_open, hello}, {"text fragment1fragment2", "error 1002"}},
       {"5.16", {lost_open, first, second, lost_open, first, second}, {"error 1002"}},
       {"5.17", {lost, first, second, lost, first, second}, {"error 1002"}},
       {"5.18", {first, {kText, "fragment2", true}}, {"error 1002"}},
       {"5.19, 5.20",
        {first,
         more("fragment2", false),
         {kPing, "1"},
         more("fragment3", false),
         more("fragment4", false),
         {kPing, "2"},
         more("fragment5", true)},
        {"ping 1", "ping 2", "text fragment1fragment2fragment3fragment4fragment5"}}});
}

TEST_CASE("Autobahn 7.1 to 7.5: close frames, and nothing after them") {
  Frame hello{kText, "Hello"};
  Frame close{kClose, test::close_payload(1000)};
  std::string reason123 = stars(123);
  run({{"7.1.1", {hello, close}, {"text Hello", "close 1000 "}},
       {"7.1.2", {close, close}, {"close 1000 "}},
       {"7.1.3", {close, {kPing}}, {"close 1000 "}},
       {"7.1.4", {close, hello}, {"close 1000 "}},
       {"7.1.5", {{kText, "a", false}, close, {kMore, "b"}}, {"close 1000 "}},
       {"7.1.6",
        {{kText, stars(262144)}, close, {kPing}},
        {"text " + stars(262144), "close 1000 "}},
       {"7.3.1", {{kClose}}, {"close 0 "}},
       {"7.3.2", {{kClose, "a"}}, {"error 1002"}},
       {"7.3.3", {close}, {"close 1000 "}},
       {"7.3.4", {{kClose, test::close_payload(1000, "Hello")}}, {"close 1000 Hello"}},
       {"7.3.5", {{kClose, test::close_payload(1000, reason123)}}, {"close 1000 " + reason123}},
       {"7.3.6", {{kClose, test::close_payload(1000, stars(124))}}, {"error 1002"}},
       {"7.5.1", {{kClose, test::close_payload(1000, "\xce\xba\xed\xa0\x80")}}, {"error 1007"}}});
}

TEST_CASE("Autobahn 7.7, 7.9 and 7.13: which close codes may be on the wire") {
  for (unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U,
                        1014U, 3000U, 3999U, 4000U, 4999U}) {
    CAPTURE(code);
    std::string number = std::to_string(code);
    run({{"7.7", {{kClose, test::close_payload(code)}}, {"close " + number + " "}},
         {"7.7", {{kClose, test::close_payload(code, "why")}}, {"close " + number + " why"}}});
  }
  for (unsigned code :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    CAPTURE(code);
    run({{"7.9, 7.13", {{kClose, test::close_payload(code)}}, {"error 1002"}},
         {"7.9, 7.13", {{kClose, test::close_payload(code, "why")}}, {"error 1002"}}});
  }
}

TEST_CASE("Autobahn 9: large messages, whole and in fragments") {
  std::vector<Case> cases;
  for (std::size_t size : {std::size_t{65536}, std::size_t{262144}, std::size_t{1048576}}) {
    cases.push_back({"9.1, 9.5, 9.7", {{kText, stars(size)}}, {"text " + stars(size)}});
    cases.push_back({"9.2, 9.6, 9.8", {{kBinary, stars(size)}}, {"binary " + stars(size)}});
  }
  constexpr std::size_t kSize = 262144;
  for (std::size_t piece : {64U, 256U, 1024U, 4096U, 16384U, 65536U}) {
    std::vector<Frame> frames;
    for (std::size_t from = 0; from < kSize; from += piece)
      frames.push_back({from == 0 ? kBinary : kMore, stars(piece), from + piece == kSize});
    cases.push_back({"9.3, 9.4", frames, {"binary " + stars(kSize)}});
  }
  run(cases);
}

TEST_CASE("Autobahn 10: a message in frames as long as they happen to be is read, and echoed") {
  constexpr std::size_t kSize = 65536;
  constexpr std::size_t kPiece = 1300;
  std::vector<Frame> frames;
  for (std::size_t from = 0; from < kSize; from += kPiece)
    frames.push_back(
        {from == 0 ? kText : kMore, stars(std::min(kPiece, kSize - from)), from + kPiece >= kSize});
  CHECK(frames.size() == 51);
  run({{"10.1.1", frames, {"text " + stars(kSize)}}});

  // The echo, which the server sends whole.
  std::string echo;
  wire::append_ws_frame(wire::WsOpcode::kText, stars(kSize), echo);
  CHECK(test::decode(echo, echo.size(), wire::WsRole::kClient, kLimit) ==
        Events{"text " + stars(kSize)});
}
