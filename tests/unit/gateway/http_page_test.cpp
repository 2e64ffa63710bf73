// The embedded page, the text encodings and the head of a response.
#include "http/encoding.hpp"
#include "http/page.hpp"
#include "http_fakes.hpp"

#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

TEST_CASE("the page is served with rules that let nothing but its own script run") {
  auto answer = Page(embedded_page()).answer(request("GET", "/"));

  CHECK(answer.status == 200);
  CHECK(answer.content() == embedded_page());
  CHECK(answer.body.empty());  // nothing is copied, for HEAD least of all
  CHECK(header(answer, "Content-Type") == "text/html; charset=utf-8");
  CHECK(header(answer, "Cache-Control") == "no-cache");
  CHECK(header(answer, "X-Frame-Options") == "DENY");
  CHECK(header(answer, "X-Content-Type-Options") == "nosniff");
  auto policy = header(answer, "Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'; script-src 'sha256-"));
  CHECK(policy.find("unsafe-inline") == std::string::npos);
  const auto page = answer.content();
  auto begin = page.find("<script>") + 8;
  auto script = page.substr(begin, page.find("</script>") - begin);
  CHECK(policy.find(base64_encode(sha256(script), true)) != std::string::npos);
}

TEST_CASE("the page holds one script, one style, no inline handler and no way to insert markup") {
  const std::string page(embedded_page());
  auto count = [&](std::string_view text) {
    int found = 0;
    for (auto at = page.find(text); at != std::string::npos; at = page.find(text, at + 1))
      ++found;
    return found;
  };
  CHECK(count("<script") == 1);
  CHECK(count("<style") == 1);
  CHECK(count("</script>") == 1);
  for (std::string_view forbidden : {"innerHTML", "outerHTML", "insertAdjacentHTML",
                                     "document.write", "eval(", " onclick=", " style=", "src=\""}) {
    INFO(forbidden);
    CHECK(count(forbidden) == 0);
  }
  for (std::string_view id : {"phone", "code", "sign-in", "my-id", "friend-id", "add-friend",
                              "requests", "friends", "message", "send", "messages", "status"})
    CHECK(count("id=\"" + std::string(id) + "\"") == 1);
}

TEST_CASE("a page that the client has is not sent again") {
  Page page("<html>");
  auto etag = header(page.answer(request("GET", "/")), "ETag");
  REQUIRE(etag.size() > 2);
  for (const auto& known : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    auto again = request("GET", "/");
    again.headers.add("If-None-Match", known);
    auto answer = page.answer(again);
    CHECK(answer.status == 304);
    CHECK(answer.content().empty());
    CHECK(header(answer, "ETag") == etag);
  }
  auto older = request("GET", "/");
  older.headers.add("If-None-Match", "\"other\"");
  CHECK(page.answer(older).status == 200);
  CHECK(page.answer(request("POST", "/")).status == 405);
}

TEST_CASE("percent-decoding takes well-formed text only") {
  CHECK(percent_decode("a%20b+c%2B%e4") == "a b c+\xe4");
  CHECK(percent_decode("") == "");
  for (std::string_view bad : {"%", "%4", "%zz", "a%2", "%%20", "%-1"})
    CHECK_FALSE(percent_decode(bad));
}

TEST_CASE("base64 comes back as it went, padded or not, and nothing else is taken") {
  for (std::string_view text : {"", "f", "fo", "foo", "\xff\xfe\xfd\xfc"}) {
    CHECK(base64_decode(base64_encode(text, true)) == text);
    CHECK(base64_decode(base64_encode(text, false)) == text);
  }
  CHECK(base64_encode("fo", true) == "Zm8=");
  CHECK(base64_decode("__79_A") == "\xff\xfe\xfd\xfc");
  for (std::string_view bad : {"A", "AAAAA", "Zm8=x", "Z=8=", "====", "Zm8==", "Zm 8"})
    CHECK_FALSE(base64_decode(bad));
}

TEST_CASE("decimal numbers are digits and nothing else") {
  CHECK(parse_decimal("9223372036854775807") == INT64_MAX);
  CHECK(parse_decimal("-5") == -5);
  for (std::string_view bad : {"", " 1", "1 ", "+1", "0x1", "1.0", "9223372036854775808", "-"})
    CHECK_FALSE(parse_decimal(bad));
}

TEST_CASE("a target in any form gives its path and its query") {
  auto check = [](std::string_view target, std::string_view path, std::string_view query) {
    auto split = split_target(target);
    CHECK(split.path == path);
    CHECK(split.query == query);
  };
  check("/a?b=c?d", "/a", "b=c?d");
  check("/", "/", "");
  check("http://host:1/a?b", "/a", "b");
  check("http://host", "/", "");
  check("HTTPS://host?q", "/", "q");
}

TEST_CASE("the head of a response says how long it is and whether the connection stays") {
  HttpResponse response(200);
  response.headers.add("A", "1");
  response.body = "four";
  CHECK(format_head(response, 11, true, http_date(784111777)) ==
        "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nA: 1\r\nContent-Length: "
        "4\r\n\r\n");
  CHECK(format_head(response, 11, false, "x").find("Connection: close\r\n") != std::string::npos);
  CHECK(format_head(response, 10, true, "x").find("Connection: keep-alive\r\n") !=
        std::string::npos);
  CHECK(format_head(HttpResponse(204), 11, true, "x").find("Content-Length") == std::string::npos);
}

TEST_CASE("the head of a response has a reason for every status that is answered") {
  const std::vector<std::pair<int, std::string>> reasons = {
      {101, "Switching Protocols"},
      {200, "OK"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {415, "Unsupported Media Type"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {499, "Status"},  // of Connect, and of no standard
  };
  for (const auto& [status, reason] : reasons)
    CHECK_THAT(format_head(HttpResponse(status), 11, true, "x"),
               Catch::StartsWith("HTTP/1.1 " + std::to_string(status) + " " + reason + "\r\n"));
}

TEST_CASE("a stream is in chunks, or without a length where those are not known") {
  HttpResponse stream(200);
  stream.streamed = true;
  const auto chunked = format_head(stream, 11, true, "x");
  CHECK_THAT(chunked, Catch::Contains("Transfer-Encoding: chunked\r\n"));
  CHECK_THAT(chunked, !Catch::Contains("Content-Length"));
  const auto plain = format_head(stream, 10, false, "x");
  CHECK_THAT(plain, Catch::StartsWith("HTTP/1.0 200 OK\r\n"));
  CHECK_THAT(plain, !Catch::Contains("Transfer-Encoding") && !Catch::Contains("Content-Length"));
}
