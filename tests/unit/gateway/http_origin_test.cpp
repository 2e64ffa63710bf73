// Which pages may call: an origin is the server's own or one that is listed, to the letter.
#include "http/caller.hpp"
#include "http_fakes.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;

namespace {

Origin judge(const std::string& origin) {
  auto page = fakes::request("GET", "/ws");  // Host: im.example:8081
  page.headers.add("Origin", origin);
  return judge_origin(page.headers, {"https://app.example", "https://app.example:8443"});
}

}  // namespace

TEST_CASE("of all that an origin may look like only the listed and the own are let in") {
  for (const char* own :
       {"http://im.example:8081", "https://im.example:8081", "http://IM.example:8081"}) {
    CAPTURE(own);
    CHECK(judge(own) == Origin::kOwn);
  }
  for (const char* listed : {"https://app.example", "https://app.example:8443"}) {
    CAPTURE(listed);
    CHECK(judge(listed) == Origin::kAllowed);
  }
  const std::vector<std::string> foreign{
      "null",
      "",
      " ",
      "*",
      "https://evil.example",
      "http://app.example",             // another scheme
      "https://app.example:443",        // the port is compared as it is written
      "https://app.example:8444",       // another port
      "https://app.example.evil.test",  // a suffix
      "https://evilapp.example",        // a prefix
      "https://sub.app.example",
      "https://app.example.",
      "https://app.example/",
      "https://app.example/path",
      "https://app.example?x",
      "https://app.example#x",
      "https://app.example@evil.test",
      "https://evil.test@app.example",
      "https://user:pass@app.example",
      "https://APP.example",
      "https://app.example https://evil.test",
      "https://app.example,https://evil.test",
      " https://app.example",
      "https://app.example ",
      "https://app.example\t",
      "https://app%2eexample",
      "https://xn--app-example",
      "https://app\xe3\x80\x82"
      "example",  // an ideographic full stop
      "HTTPS://app.example",
      "//app.example",
      "app.example",
      "ws://im.example:8081",
      "http://im.example",
      "http://im.example:80",
      "http://im.example:8081.evil.test",
      "http://evil.test/im.example:8081",
      "file://",
      "chrome-extension://abcdef",
      "data:text/html,x",
      "javascript:alert(1)",
  };
  for (const auto& origin : foreign) {
    CAPTURE(origin);
    CHECK(judge(origin) == Origin::kForeign);
  }
}

TEST_CASE("no origin is no page; two are none that a browser sends") {
  auto program = fakes::request("GET", "/ws");
  CHECK(judge_origin(program.headers, {}) == Origin::kNone);

  auto two = fakes::request("GET", "/ws");
  two.headers.add("Origin", "http://im.example:8081");
  two.headers.add("Origin", "https://evil.example");
  CHECK(judge_origin(two.headers, {}) == Origin::kForeign);
}
