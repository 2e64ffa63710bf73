// Requests to the operator's servers: what arrives, what is believed, and that none waits for ever.
#include "linnet/user/http_client.hpp"

#include "hook.hpp"
#include "support/hook_server.hpp"
#include "support/run.hpp"
#include "tls_peer.hpp"

#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <future>

using namespace linnet;
using namespace linnet::user;
using test::HookAnswer;
using test::HookRequest;
using test::HookServer;

namespace {

struct Client {
  explicit Client(HttpClientOptions options = {}) {
    auto opened = HttpClient::open(std::move(options));
    REQUIRE(opened);
    http = std::move(*opened);
  }
  std::future<Result<HttpAnswer>> begin(const std::string& url, const std::string& body = "{}") {
    HttpCall call;
    call.url = *parse_url(url);
    call.body = body;
    auto promise = std::make_shared<std::promise<Result<HttpAnswer>>>();
    auto future = promise->get_future();
    http->send(std::move(call),
               [promise](Result<HttpAnswer> answer) { promise->set_value(std::move(answer)); });
    return future;
  }
  Result<HttpAnswer> post(const std::string& url, const std::string& body = "{}") {
    auto future = begin(url, body);
    REQUIRE(future.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return future.get();
  }
  std::unique_ptr<HttpClient> http;
};

std::optional<HookAnswer> echo(const HookRequest& request) {
  return HookAnswer{200, request.body, {}};
}

}  // namespace

TEST_CASE("a URL is taken apart, and what is none is refused") {
  auto plain = parse_url("http://hooks.example:8080/codes?x=1");
  REQUIRE(plain);
  CHECK_FALSE(plain->tls);
  CHECK(plain->host == "hooks.example");
  CHECK(plain->port == "8080");
  CHECK(plain->target == "/codes?x=1");
  auto tls = parse_url("https://[::1]");
  REQUIRE(tls);
  CHECK(tls->tls);
  CHECK(tls->host == "::1");
  CHECK(tls->port == "443");
  CHECK(tls->target == "/");
  CHECK(parse_url("http://a?b")->target == "/?b");

  for (const char* wrong :
       {"", "http://", "ftp://a/", "http:///x", "http://a:0/", "http://a:65536/", "http://a:/",
        "http://a:80x/", "http://user@a/", "http://a/#f", "http://a b/", "http://a/\r\nX: y",
        "http://[::1/", "http://[]/", "http://[::1]x/", "http://a\x80/", "HTTP://a/"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_url(wrong));
  }
  CHECK_FALSE(parse_url("http://a/" + std::string(3000, 'x')));
}

TEST_CASE("a request arrives as it was meant, and its answer comes back") {
  HookServer server(echo);
  Client client;
  auto answer = client.post(server.url("/codes"), R"({"a":1})");

  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == R"({"a":1})");
  auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].line == "POST /codes HTTP/1.1");
  CHECK(requests[0].headers["host"] == "127.0.0.1:" + std::to_string(server.port()));
  CHECK(requests[0].headers["content-length"] == "7");
}

TEST_CASE("many requests wait for their turn, and one too many is refused at once") {
  HookServer server(echo);
  HttpClientOptions options;
  options.at_once = 2;
  options.queue = 50;
  Client client(options);
  std::vector<std::future<Result<HttpAnswer>>> answers;
  int busy = 0;
  for (int i = 0; i < 500; ++i)
    answers.push_back(client.begin(server.url(), std::to_string(i)));
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto answer = answers[i].get();
    if (answer.code() == ErrCode::kServerBusy) {
      ++busy;
    } else {
      REQUIRE(answer);
      CHECK(answer->body == std::to_string(i));
    }
  }
  CHECK(busy > 0);
  CHECK(busy < 500);
}

TEST_CASE("a server that is silent, away or speaks no HTTP is an error in good time") {
  HttpClientOptions options;
  options.timeout = std::chrono::milliseconds(200);
  options.answer_bytes = 1000;
  Client client(options);
  HookServer silent([](const HookRequest&) { return std::nullopt; });
  CHECK(client.post(silent.url()).code() == ErrCode::kTimeout);
  std::string gone;
  {
    HookServer server(echo);
    gone = server.url();
  }
  CHECK(client.post(gone).code() == ErrCode::kUserSystem);
  for (const std::string& raw :
       {std::string("nonsense\r\n\r\n"),
        std::string("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nx"),
        "HTTP/1.1 200 X\r\nContent-Length: 2000\r\n\r\n" + std::string(2000, 'x')}) {
    HookServer wrong([raw](const HookRequest&) { return HookAnswer{200, {}, raw}; });
    auto answer = client.post(wrong.url());
    CHECK(answer.code() == ErrCode::kUserSystem);
  }
}

TEST_CASE("closing ends what waits, and refuses what comes") {
  HookServer silent([](const HookRequest&) { return std::nullopt; });
  HttpClientOptions options;
  options.at_once = 1;
  Client client(options);
  auto first = client.begin(silent.url());
  auto second = client.begin(silent.url());
  client.http->close();
  CHECK(first.get().code() == ErrCode::kShuttingDown);
  CHECK(second.get().code() == ErrCode::kShuttingDown);
  CHECK(client.begin(silent.url()).get().code() == ErrCode::kShuttingDown);
}

TEST_CASE("over TLS only a certificate of a trusted authority for that very name is believed") {
  test::TlsPeer peer("localhost");
  HttpClientOptions options;
  options.ca_file = peer.certificate_file();
  Client trusting(options);
  auto answer = trusting.post("https://localhost:" + std::to_string(peer.port()) + "/");
  CAPTURE(answer ? std::string() : answer.error().detail());
  REQUIRE(answer);
  CHECK(answer->body == "over tls");
  auto other_name = trusting.post("https://127.0.0.1:" + std::to_string(peer.port()) + "/");
  CHECK(other_name.code() == ErrCode::kUserSystem);
  Client strange;
  CHECK(strange.post("https://localhost:" + std::to_string(peer.port()) + "/").code() ==
        ErrCode::kUserSystem);

  HttpClientOptions missing;
  missing.ca_file = "/no/such/file";
  CHECK(HttpClient::open(missing).code() == ErrCode::kBadRequest);
}

// RFC 4231, test case 2.
TEST_CASE("a hook's request is signed over its time and body") {
  REQUIRE(init_random());
  auto mac = hmac_sha256("Jefe", "what do ya want for nothing?");
  CHECK(static_cast<unsigned char>(mac[0]) == 0x5b);
  CHECK(static_cast<unsigned char>(mac[31]) == 0x43);
  auto call = signed_call(*parse_url("http://a/"), "secret", "{}", Millis(1700000000999));
  REQUIRE(call.headers.size() == 3);
  CHECK(call.headers[1].second == "1700000000");
  // printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
  CHECK(call.headers[2].second ==
        "v1=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163");
}
