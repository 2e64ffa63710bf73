// Which pages may call: an origin is the server's own or one that is listed, to the letter.
#include "http/caller.hpp"
#include "http_fakes.hpp"
#include "support/foreign_origins.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::gateway;

namespace {

const std::string kHost = "im.example:8081";  // the fakes'

Origin judge(const std::vector<std::string>& origins, const std::vector<std::string>& allowed,
             const std::string& host = kHost) {
  auto page = fakes::request("GET", "/ws");
  if (host != kHost) {
    HttpHeaders headers;
    if (!host.empty()) headers.add("Host", host);
    page.headers = headers;
  }
  for (const auto& origin : origins)
    page.headers.add("Origin", origin);
  return judge_origin(page.headers, allowed);
}

}  // namespace

TEST_CASE("of all that an origin may look like only the listed and the own are let in") {
  const std::vector<std::string> none;
  for (const auto& allowed : {none, test::listed_origins()}) {
    CAPTURE(allowed.size());
    for (const char* own :
         {"http://im.example:8081", "https://im.example:8081", "http://IM.example:8081"}) {
      CAPTURE(own);
      CHECK(judge({own}, allowed) == Origin::kOwn);
    }
    for (const auto& listed : test::listed_origins()) {
      CAPTURE(listed);
      CHECK(judge({listed}, allowed) == (allowed.empty() ? Origin::kForeign : Origin::kAllowed));
    }
    auto foreign = test::foreign_origins(kHost);
    CHECK(foreign.size() > 80);
    // What a parser of HTTP takes away, or does not let through.
    foreign.insert(foreign.end(),
                   {" ", " https://app.example", "https://app.example ", "https://app.example\t",
                    "https://app.example\n", std::string("https://app.example\0", 20)});
    for (const auto& origin : foreign) {
      CAPTURE(origin);
      CHECK(judge({origin}, allowed) == Origin::kForeign);
    }
  }
}

TEST_CASE("no origin is no page; two are none that a browser sends") {
  const auto& listed = test::listed_origins();
  CHECK(judge({}, {}) == Origin::kNone);
  CHECK(judge({}, listed) == Origin::kNone);
  CHECK(judge({"http://im.example:8081", "https://evil.example"}, listed) == Origin::kForeign);
  CHECK(judge({"https://evil.example", "https://app.example"}, listed) == Origin::kForeign);
  CHECK(judge({"https://app.example", "https://app.example"}, listed) == Origin::kForeign);
  CHECK(judge({"", "https://app.example"}, listed) == Origin::kForeign);
}

TEST_CASE("a server without a name has no pages of its own; an IPv6 address is one") {
  CHECK(judge({"http://"}, {}, "") == Origin::kForeign);
  CHECK(judge({"http://[::1]:8081"}, {}, "[::1]:8081") == Origin::kOwn);
  for (const char* foreign :
       {"http://[::1]", "http://[::1]:8082", "http://::1:8081", "http://[0:0:0:0:0:0:0:1]:8081",
        "http://[::0001]:8081", "http://127.0.0.1:8081", "http://localhost:8081"}) {
    CAPTURE(foreign);
    CHECK(judge({foreign}, {}, "[::1]:8081") == Origin::kForeign);
  }
}
