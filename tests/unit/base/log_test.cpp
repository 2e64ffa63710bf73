// Log lines: one event is one line whatever is in it.
#include "linnet/base/log.hpp"

#include "support/log_lines.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace linnet;

TEST_CASE("plain values are written as they are") {
  CHECK(format_log("event", {}) == "event");
  CHECK(format_log("sent", {{"user", UserId(7)}, {"bytes", 12}, {"peer", "10.0.0.1:80"}}) ==
        "sent user=7 bytes=12 peer=10.0.0.1:80");
  CHECK(format_log("x", {{"n", -1}, {"big", UINT64_MAX}}) == "x n=-1 big=18446744073709551615");
}

TEST_CASE("values that could be taken for something else are quoted") {
  CHECK(format_log("x", {{"a", ""}}) == R"(x a="")");
  CHECK(format_log("x", {{"a", "two words"}}) == R"(x a="two words")");
  CHECK(format_log("x", {{"a", "k=v"}}) == R"(x a="k=v")");
  CHECK(format_log("x", {{"a", "say \"hi\""}}) == R"(x a="say \"hi\"")");
  CHECK(format_log("x", {{"a", "back\\slash"}}) == R"(x a="back\\slash")");
}

TEST_CASE("no value can forge a line or a field") {
  std::string line = format_log("x", {{"name", "a\n2024-01-01T00:00:00.000Z ERROR forged user=1"}});
  CHECK(line == R"(x name="a\x0a2024-01-01T00:00:00.000Z ERROR forged user=1")");
  CHECK(format_log("x", {{"a", "\" b=1 c=\""}}) == R"(x a="\" b=1 c=\"")");

  for (int c = 0; c < 256; ++c) {
    CAPTURE(c);
    std::string value = std::string("a") + static_cast<char>(c) + "b";
    std::string out = format_log("x", {{"v", value}});
    CHECK(std::none_of(out.begin(), out.end(),
                       [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }));
  }
}

TEST_CASE("no hostile text is anything but a value in a line of the log") {
  const std::string head = "2026-01-01T00:00:00.000Z WARN  ";
  for (const auto& one : test::hostile_texts()) {
    CAPTURE(one.family, one.text);
    const auto line = head + format_log("x", {{"v", one.text}, {"w", 1}});
    CHECK(test::forged_lines(line) == std::vector<std::string>());
    CHECK(line.ends_with(" w=1"));
  }
  for (const char* raw :
       {"x v=a\n2031-01-01T00:00:00.000Z ERROR forged user=1", "x v=\"a\" forged=\"1\"",
        "x v=a\n*** forged", "x v=\x1b[2J", "x v=a b", "forged"}) {
    CAPTURE(raw);
    CHECK(test::forged_lines(head + raw).size() == 1);
  }
}

TEST_CASE("a value keeps what follows a zero byte") {
  CHECK(format_log("x", {{"a", std::string("b\0c", 3)}}) == R"(x a="b\x00c")");
}

TEST_CASE("a level lets through what is at least as grave") {
  Logger warn(LogLevel::kWarn);
  CHECK_FALSE(warn.enabled(LogLevel::kDebug));
  CHECK_FALSE(warn.enabled(LogLevel::kInfo));
  CHECK(warn.enabled(LogLevel::kWarn));
  CHECK(warn.enabled(LogLevel::kError));
  CHECK_FALSE(Logger(LogLevel::kOff).enabled(LogLevel::kError));
}
