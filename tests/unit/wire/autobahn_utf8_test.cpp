// The Autobahn test suite's case list, section 6: text must be UTF-8.
#include "frames.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;
using test::Events;
using test::Frame;

namespace {

constexpr std::size_t kTextLimit = 65536;

struct TextCase {
  const char* number;
  std::string text;
};

// Each text is sent whole, in one fragment per byte, and cut in two fragments at its middle.
void run(const std::vector<TextCase>& cases, bool good) {
  for (const auto& one : cases) {
    CAPTURE(one.number);
    Events expected = {good ? "text " + one.text : "error 1007"};
    std::vector<Frame> bytes;
    for (std::size_t i = 0; i < one.text.size(); ++i)
      bytes.push_back({i == 0 ? 1U : 0U, one.text.substr(i, 1), i + 1 == one.text.size()});
    std::size_t half = one.text.size() / 2;
    std::vector<Frame> halves = {{1, one.text.substr(0, half), false},
                                 {0, one.text.substr(half), true}};
    for (const auto& frames : {std::vector<Frame>{{1, one.text}}, bytes, halves}) {
      std::string wire_bytes = test::bytes_of(frames);
      if (wire_bytes.empty()) continue;
      CHECK(test::decode(wire_bytes, wire_bytes.size(), wire::WsRole::kServer, kTextLimit) ==
            expected);
      CHECK(test::decode(wire_bytes, 1, wire::WsRole::kServer, kTextLimit) == expected);
    }
  }
}

std::string each_followed_by_space(unsigned from, unsigned to) {
  std::string text;
  for (unsigned c = from; c <= to; ++c)
    text += {static_cast<char>(c), ' '};
  return text;
}

std::string all_continuations() {
  std::string text;
  for (unsigned c = 0x80; c <= 0xbf; ++c)
    text += static_cast<char>(c);
  return text;
}

const std::string kKosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

}  // namespace

TEST_CASE("Autobahn 6.1: empty text, whole and in fragments") {
  auto decode = [](const std::vector<Frame>& frames) {
    return test::decode(test::bytes_of(frames), 1, wire::WsRole::kServer, kTextLimit);
  };
  CHECK(decode({{1}}) == Events{"text "});                                              // 6.1.1
  CHECK(decode({{1, "", false}, {0, "", false}, {0}}) == Events{"text "});              // 6.1.2
  CHECK(decode({{1, "", false}, {0, "middle", false}, {0}}) == Events{"text middle"});  // 6.1.3
}

TEST_CASE("Autobahn 6: good UTF-8 is text") {
  run({{"6.2.1-3", "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"},
       {"6.2.4, 6.5.1-5", kKosme},
       {"6.6.2", kKosme.substr(0, 2)},
       {"6.6.5", kKosme.substr(0, 5)},
       {"6.6.7", kKosme.substr(0, 7)},
       {"6.6.9", kKosme.substr(0, 9)},
       {"6.6.11", kKosme},
       {"6.7.1", std::string(1, '\0')},
       {"6.7.2", "\xc2\x80"},
       {"6.7.3", "\xe0\xa0\x80"},
       {"6.7.4", "\xf0\x90\x80\x80"},
       {"6.9.1", "\x7f"},
       {"6.9.2", "\xdf\xbf"},
       {"6.9.3", "\xef\xbf\xbf"},
       {"6.9.4", "\xf4\x8f\xbf\xbf"},
       {"6.11.1", "\xed\x9f\xbf"},
       {"6.11.2", "\xee\x80\x80"},
       {"6.11.3", "\xef\xbf\xbd"},
       {"6.11.4", "\xf4\x8f\xbf\xbf"}},
      true);
}

TEST_CASE("Autobahn 6.22 and 6.23: characters that are none are good UTF-8") {
  std::vector<TextCase> cases;
  for (unsigned plane = 0; plane <= 16; ++plane) {
    for (unsigned last : {0xbeU, 0xbfU}) {  // U+xxFFFE, U+xxFFFF
      std::string text = "\xef\xbf";
      if (plane > 0) {
        text = {static_cast<char>(0xf0U | (plane >> 2U)),
                static_cast<char>(0x8fU | ((plane & 3U) << 4U)), '\xbf'};
      }
      cases.push_back({"6.22.1-34", text + static_cast<char>(last)});
    }
  }
  for (unsigned last = 0xb9; last <= 0xbf; ++last)
    cases.push_back({"6.23.1-7", std::string("\xef\xbf") + static_cast<char>(last)});
  run(cases, true);
}

TEST_CASE("Autobahn 6: bad UTF-8 is an error wherever it is cut") {
  run({{"6.3.1-2, 6.4.1-4", kKosme + "\xed\xa0\x80" + "edited"},
       {"6.4.3-4", kKosme + "\xf4\x90\x80\x80" + "edited"},
       {"6.6.1", kKosme.substr(0, 1)},
       {"6.6.3", kKosme.substr(0, 3)},
       {"6.6.4", kKosme.substr(0, 4)},
       {"6.6.6", kKosme.substr(0, 6)},
       {"6.6.8", kKosme.substr(0, 8)},
       {"6.6.10", kKosme.substr(0, 10)},
       {"6.8.1", "\xf8\x88\x80\x80\x80"},
       {"6.8.2", "\xfc\x84\x80\x80\x80\x80"},
       {"6.10.1", "\xf7\xbf\xbf\xbf"},
       {"6.10.2", "\xfb\xbf\xbf\xbf\xbf"},
       {"6.10.3", "\xfd\xbf\xbf\xbf\xbf\xbf"},
       {"6.11.5", "\xf4\x90\x80\x80"},
       {"6.12.1", "\x80"},
       {"6.12.2", "\xbf"},
       {"6.12.3", "\x80\xbf"},
       {"6.12.4", "\x80\xbf\x80"},
       {"6.12.5", "\x80\xbf\x80\xbf"},
       {"6.12.6", "\x80\xbf\x80\xbf\x80"},
       {"6.12.7", "\x80\xbf\x80\xbf\x80\xbf"},
       {"6.12.8", all_continuations()},
       {"6.13.1", each_followed_by_space(0xc0, 0xdf)},
       {"6.13.2", each_followed_by_space(0xe0, 0xef)},
       {"6.13.3", each_followed_by_space(0xf0, 0xf7)},
       {"6.13.4", each_followed_by_space(0xf8, 0xfb)},
       {"6.13.5", each_followed_by_space(0xfc, 0xfd)}},
      false);
}

TEST_CASE("Autobahn 6.14 to 6.19: cut short, impossible and overlong sequences are errors") {
  const std::vector<TextCase> incomplete = {{"6.14.1", "\xc0"},
                                            {"6.14.2", "\xe0\x80"},
                                            {"6.14.3", "\xf0\x80\x80"},
                                            {"6.14.4", "\xf8\x80\x80\x80"},
                                            {"6.14.5", "\xfc\x80\x80\x80\x80"},
                                            {"6.14.6", "\xdf"},
                                            {"6.14.7", "\xef\xbf"},
                                            {"6.14.8", "\xf7\xbf\xbf"},
                                            {"6.14.9", "\xfb\xbf\xbf\xbf"},
                                            {"6.14.10", "\xfd\xbf\xbf\xbf\xbf"}};
  std::string all;
  for (const auto& one : incomplete)
    all += one.text;
  run(incomplete, false);
  run({{"6.15.1", all},
       {"6.16.1", "\xfe"},
       {"6.16.2", "\xff"},
       {"6.16.3", "\xfe\xfe\xff\xff"},
       {"6.17.1", "\xc0\xaf"},
       {"6.17.2", "\xe0\x80\xaf"},
       {"6.17.3", "\xf0\x80\x80\xaf"},
       {"6.17.4", "\xf8\x80\x80\x80\xaf"},
       {"6.17.5", "\xfc\x80\x80\x80\x80\xaf"},
       {"6.18.1", "\xc1\xbf"},
       {"6.18.2", "\xe0\x9f\xbf"},
       {"6.18.3", "\xf0\x8f\xbf\xbf"},
       {"6.18.4", "\xf8\x87\xbf\xbf\xbf"},
       {"6.18.5", "\xfc\x83\xbf\xbf\xbf\xbf"},
       {"6.19.1", "\xc0\x80"},
       {"6.19.2", "\xe0\x80\x80"},
       {"6.19.3", "\xf0\x80\x80\x80"},
       {"6.19.4", "\xf8\x80\x80\x80\x80"},
       {"6.19.5", "\xfc\x80\x80\x80\x80\x80"}},
      false);
}

TEST_CASE("Autobahn 6.20 and 6.21: surrogates, single and in pairs, are errors") {
  const std::string high[] = {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf"};
  const std::string low[] = {"\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"};
  std::vector<TextCase> cases;
  for (const auto& one : high)
    cases.push_back({"6.20.1-4", one});
  for (const auto& one : low)
    cases.push_back({"6.20.5-7", one});
  for (const auto& first : high) {
    cases.push_back({"6.21.1-8", first + low[0]});
    cases.push_back({"6.21.1-8", first + low[2]});
  }
  run(cases, false);
}
