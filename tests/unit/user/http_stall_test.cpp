// Requests to the operator's servers while names are not resolved: each ends in its time all the
// same, those that wait for a place too.
#include "support/hook_server.hpp"

#include "linnet/user/http_client.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <future>
#include <mutex>
#include <netdb.h>
#include <string_view>
#include <vector>

using namespace linnet;
using namespace linnet::user;

namespace {

// Names under ".stalled" are looked up for as long as the test wants.
class Stall {
 public:
  void begin() {
    std::lock_guard lock(mutex_);
    stalled_ = true;
    lookups_ = 0;
  }
  void end() {
    {
      std::lock_guard lock(mutex_);
      stalled_ = false;
    }
    over_.notify_all();
  }
  void look_up() {
    std::unique_lock lock(mutex_);
    ++lookups_;
    over_.wait(lock, [this] { return !stalled_; });
  }
  int lookups() {
    std::lock_guard lock(mutex_);
    return lookups_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  bool stalled_ = false;
  int lookups_ = 0;
};

Stall& stall() {
  static Stall one;
  return one;
}

}  // namespace

// The C library's, but for those names: a resolver that does not answer is nothing that a test can
// have otherwise.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  if (node != nullptr && std::string_view(node).ends_with(".stalled")) {
    stall().look_up();
    return EAI_AGAIN;
  }
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(node, service, hints, found);
}

TEST_CASE("while names are not resolved every request ends in its time, queued or not") {
  HttpClientOptions options;
  options.timeout = std::chrono::milliseconds(200);
  options.at_once = 3;
  options.queue = 20;
  auto opened = HttpClient::open(options);
  REQUIRE(opened);
  auto& http = **opened;
  auto begin = [&](const std::string& url) {
    HttpCall call;
    call.url = *parse_url(url);
    auto promise = std::make_shared<std::promise<ErrCode>>();
    auto future = promise->get_future();
    http.send(std::move(call),
              [promise](const Result<HttpAnswer>& answer) { promise->set_value(answer.code()); });
    return future;
  };
  stall().begin();
  for (int round = 0; round < 2; ++round) {
    // As many as ever have a place: those that ended have left theirs.
    std::vector<std::future<ErrCode>> ends;
    for (int i = 0; i < 15; ++i)
      ends.push_back(begin("http://hooks.stalled/"));
    for (auto& end : ends) {
      const bool ended = end.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
      CHECK(ended);
      if (!ended) break;
      CHECK(end.get() == ErrCode::kTimeout);
    }
  }
  CHECK(stall().lookups() == 1);
  stall().end();

  // Nobody is looked up for who has gone, and the next is served.
  test::HookServer server([](const test::HookRequest&) { return test::HookAnswer{200, "{}", {}}; });
  ErrCode served = ErrCode::kTimeout;
  for (int i = 0; i < 100 && served == ErrCode::kTimeout; ++i)
    served = begin(server.url()).get();
  CHECK(served == ErrCode::kSuccess);
  CHECK(stall().lookups() == 1);
  http.close();
}
