// Codes that are sent: how long and how often each is good, and that guessing does not pay.
#include "codes.hpp"

#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/hook_server.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace linnet;
using namespace linnet::user;
using test::HookAnswer;
using test::HookRequest;

namespace {

CodeOptions sending() {
  CodeOptions options;
  options.development = false;
  options.all_failures_per_minute = 50;
  return options;
}

std::string wrong(const std::string& code) {
  return code == "000000" ? "000001" : "000000";
}

struct Codes {
  Codes() { REQUIRE(init_random()); }
  test::FalseClock clock;
  CodeBook book{clock, sending()};
};

// Accounts whose codes go to a server of the test.
struct Hooked {
  explicit Hooked(test::HookServer::Handler handler) : server(std::move(handler)) {
    REQUIRE(init_random());
    auto opened = HttpClient::open({});
    REQUIRE(opened);
    http = std::move(*opened);
    AccountOptions options;
    options.fixed_code = "7777";
    options.code_hook = parse_url(server.url("/codes"));
    options.hook_secret = "a secret";
    accounts.emplace(store, clock, log, options, http.get());
  }
  ~Hooked() { http->close(); }

  Result<pb::SendCodeResp> send(const std::string& number) {
    pb::SendCodeReq request;
    request.set_phone_number(number);
    return test::run(accounts->send_code(Caller(), request));
  }
  Result<pb::SignInResp> sign_in(const std::string& number, const std::string& code) {
    return test::run(accounts->sign_in(Caller(), sign_in_by(code, number, new_device(store))));
  }
  nlohmann::json newest() { return nlohmann::json::parse(server.requests().back().body); }

  test::HookServer server;
  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  std::unique_ptr<HttpClient> http;
  std::optional<Accounts> accounts;
};

std::optional<HookAnswer> take(const HookRequest&) {
  return HookAnswer{204, {}, {}};
}

}  // namespace

TEST_CASE_METHOD(Codes, "a code is six digits, good for one sign-in of its number within minutes") {
  CHECK(book.development_code().empty());
  CHECK(book.verify("100", "").code() == ErrCode::kBadCode);
  auto code = book.make("100");
  REQUIRE(code);
  CHECK(code->size() == 6);
  CHECK(std::all_of(code->begin(), code->end(), [](char c) { return c >= '0' && c <= '9'; }));
  CHECK(book.verify("200", *code).code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *code));
  CHECK(book.verify("100", *code).code() == ErrCode::kBadCode);

  clock.pass(std::chrono::minutes(1));
  code = book.make("100");
  REQUIRE(code);
  clock.pass(CodeBook::kLife - std::chrono::milliseconds(1));
  auto late = book.make("300");
  CHECK(book.verify("100", *code));
  clock.pass(CodeBook::kLife);
  CHECK(book.verify("300", *late).code() == ErrCode::kBadCode);
}

TEST_CASE_METHOD(Codes, "after five wrong tries the right code is wrong too") {
  auto code = book.make("100");
  for (int i = 0; i < CodeBook::kTries - 1; ++i)
    CHECK(book.verify("100", wrong(*code)).code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *code));
  clock.pass(std::chrono::minutes(1));
  code = book.make("100");
  for (int i = 0; i < CodeBook::kTries; ++i)
    CHECK(book.verify("100", wrong(*code)).code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *code).code() == ErrCode::kBadCode);
}

TEST_CASE_METHOD(Codes, "a number gets a code a minute and twenty a day; a new one ends the old") {
  auto first = book.make("100");
  REQUIRE(first);
  CHECK(book.make("100").code() == ErrCode::kRateLimited);
  CHECK(book.make("200"));
  clock.pass(std::chrono::minutes(1));
  Result<std::string> second = book.make("100");
  while (second && *second == *first) {
    clock.pass(std::chrono::minutes(1));
    second = book.make("100");
  }
  REQUIRE(second);
  CHECK(book.verify("100", *first).code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *second));

  int made = 0;
  for (int i = 0; i < 100; ++i) {
    clock.pass(std::chrono::minutes(1));
    if (book.make("300")) ++made;
  }
  CHECK(made == CodeBook::kADay);
  clock.pass(std::chrono::hours(24));
  CHECK(book.make("300"));
}

TEST_CASE_METHOD(Codes, "a code that did not arrive is void, and another may follow at once") {
  auto code = book.make("100");
  book.withdraw("100", "another");
  CHECK(book.make("100").code() == ErrCode::kRateLimited);
  book.withdraw("100", *code);
  CHECK(book.verify("100", *code).code() == ErrCode::kBadCode);
  CHECK(book.make("100"));
}

TEST_CASE_METHOD(Codes, "guessing over many numbers ends for everybody, until the minute is over") {
  std::string last;
  for (int i = 0; i < 50; ++i) {
    const auto number = std::to_string(1000 + i);
    last = *book.make(number);
    CHECK(book.verify(number, wrong(last)).code() == ErrCode::kBadCode);
  }
  CHECK(book.verify("1049", last).code() == ErrCode::kRateLimited);
  clock.pass(std::chrono::minutes(1));
  CHECK(book.verify("1049", last));
  // Where no code is there is nothing to guess.
  for (int i = 0; i < 200; ++i)
    CHECK(book.verify("5", "000000").code() == ErrCode::kBadCode);
}

TEST_CASE_METHOD(Codes, "one address uses up a part of a number's day only") {
  const auto attack = [&](const std::string& address) {
    int asked = 0;
    for (int i = 0; i < 30; ++i) {
      clock.pass(std::chrono::minutes(1));
      if (book.make("100", address)) ++asked;
      for (int tries = 0; tries < CodeBook::kTries; ++tries)
        CHECK(book.verify("100", "none", address).code() == ErrCode::kBadCode);
    }
    return asked;
  };
  CHECK(attack("10.0.0.1") == CodeBook::kADayFromOne);
  clock.pass(std::chrono::minutes(1));
  auto code = book.make("100", "10.0.0.2");
  REQUIRE(code);
  // It was wrong too often: it ends no code that others asked for, nor has it the right one.
  for (int tries = 0; tries < 2 * CodeBook::kTries; ++tries)
    CHECK(book.verify("100", wrong(*code), "10.0.0.1").code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *code, "10.0.0.1").code() == ErrCode::kBadCode);
  CHECK(book.verify("100", *code, "10.0.0.2"));
  // All together have no more than the number's.
  int others = 0;
  for (int i = 0; i < 30; ++i) {
    clock.pass(std::chrono::minutes(1));
    if (book.make("100", "10.0.1." + std::to_string(i))) ++others;
  }
  CHECK(others == CodeBook::kADay - CodeBook::kADayFromOne - 1);
  clock.pass(std::chrono::hours(24));
  CHECK(book.make("100", "10.0.0.1"));
}

TEST_CASE_METHOD(Codes,
                 "who stands behind a proxy on this machine has the whole of a number's day") {
  int made = 0;
  for (int i = 0; i < 30; ++i) {
    clock.pass(std::chrono::minutes(1));
    if (book.make("100", "127.0.0.1")) ++made;
  }
  CHECK(made == CodeBook::kADay);
}

TEST_CASE_METHOD(Codes, "a code that did not arrive is not counted for its address") {
  for (int i = 0; i < 10; ++i) {
    auto code = book.make("100", "10.0.0.1");
    REQUIRE(code);
    book.withdraw("100", *code, "10.0.0.1");
  }
  CHECK(book.make("100", "10.0.0.1"));
}

TEST_CASE_METHOD(Codes, "codes differ") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i)
    seen.insert(*book.make(std::to_string(1000 + i)));
  CHECK(seen.size() > 190);
}

TEST_CASE("a code reaches the hook, signed, and signs in; the development codes do not") {
  Hooked hooked(take);
  CHECK(hooked.accounts->development_code().empty());
  auto sent = hooked.send("+491511234567");
  REQUIRE(sent);
  CHECK(sent->expires_in() == 300);
  CHECK(sent->again_in() == 60);

  auto request = hooked.server.requests().at(0);
  CHECK(request.line == "POST /codes HTTP/1.1");
  CHECK(request.headers["linnet-timestamp"] == "1700000000");
  CHECK(request.headers["linnet-signature"].size() == 3 + 64);
  CHECK(hooked.newest()["phoneNumber"] == "+491511234567");
  CHECK(hooked.newest()["expiresIn"] == 300);
  const std::string code = hooked.newest()["code"];
  CHECK(hooked.sign_in("+491511234567", "7777").code() == ErrCode::kBadCode);
  CHECK(hooked.sign_in("+491511234567", code));
  CHECK(hooked.sign_in("+491511234567", code).code() == ErrCode::kBadCode);
  CHECK(hooked.send("+491511234567").code() == ErrCode::kRateLimited);
  CHECK(hooked.send("12").code() == ErrCode::kBadRequest);
  CHECK(hooked.server.requests().size() == 1);
}

TEST_CASE("a hook that refuses is told to the client, who may ask again") {
  int calls = 0;
  Hooked hooked([&](const HookRequest&) { return HookAnswer{++calls == 1 ? 500 : 200, {}, {}}; });
  CHECK(hooked.send("100").code() == ErrCode::kCodeNotSent);
  CHECK(hooked.sign_in("100", hooked.newest()["code"]).code() == ErrCode::kBadCode);
  CHECK(hooked.send("100"));
  CHECK(hooked.sign_in("100", hooked.newest()["code"]));
}
