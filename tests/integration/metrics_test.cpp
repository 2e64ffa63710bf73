// What /metrics tells those who watch a server.
#include "limited.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

// The value of a line of /metrics.
double value(const ServerProcess& server, const std::string& metric) {
  const auto text = http(server.http_port(), "GET", "/metrics").body;
  const auto at = text.find("\n" + metric + " ");
  CAPTURE(metric, text);
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(text.find(' ', at + 1)));
}

bool comes_to(const ServerProcess& server, const std::string& metric, double wanted) {
  for (const auto until = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < until;
       std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
    if (value(server, metric) == wanted) return true;
  }
  return false;
}

void send_three(const ServerProcess& server, const TestUser& user) {
  for (int i = 0; i < 3; ++i)
    send_text(server.http_port(), user, user.id, "one");
}

}  // namespace

TEST_CASE("/metrics counts the transactions of the store by how long they took") {
  const Limited f({});
  const auto count = [&](const std::string& line) {
    return value(f.server, "linnet_commit_seconds_" + line);
  };
  const auto before = count("count");
  send_three(f.server, sign_in(f.server.http_port(), "100"));
  CHECK(count("count") >= before + 3);
  CHECK(count("bucket{le=\"+Inf\"}") == count("count"));
  CHECK(count("bucket{le=\"0.0001\"}") <= count("bucket{le=\"7\"}"));
  CHECK(count("sum") > 0);
}

TEST_CASE("/metrics tells who is connected") {
  const Limited f({});
  const auto& server = f.server;
  CHECK(value(server, "linnet_connections") == 1);  // the one that asks
  CHECK(value(server, "linnet_connected_devices") == 0);
  const auto anna = sign_in(server.http_port(), "100");
  {
    const auto reader = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(),
                                                server.http_port(), anna);
    CHECK(value(server, "linnet_connections") >= 2);
    CHECK(value(server, "linnet_connected_devices") == 1);
  }
  CHECK(comes_to(server, "linnet_connections", 1));
  CHECK(comes_to(server, "linnet_connected_devices", 0));
}

TEST_CASE("/metrics tells what the store has and has yet to do, and of which program") {
  TempDir dir;
  double stored = 0;
  {
    const ServerProcess server(dir.path() / "data", Limited::arguments({}));
    const auto anna = sign_in(server.http_port(), "100");
    const auto before = value(server, "linnet_messages_total");
    send_three(server, anna);
    stored = value(server, "linnet_messages_total");
    CHECK(stored == before + 3);
    CHECK(comes_to(server, "linnet_store_unmerged", 0));
    CHECK(comes_to(server, "linnet_store_waiting", 0));
  }
  const ServerProcess again(dir.path() / "data", Limited::arguments({}));
  CHECK(value(again, "linnet_messages_total") == stored);
  auto version = run_program(LINNET_BINARY, {"--version"}).out.substr(sizeof("linnet ") - 1);
  version.pop_back();
  CHECK(value(again, "linnet_build_info{version=\"" + version + "\"}") == 1);
  CHECK(value(again, "linnet_memory_bytes{of=\"process\"}") > 0);
  value(again, "linnet_memory_bytes{of=\"heap\"}");  // 0 where a sanitizer has its own
  CHECK(value(again, "linnet_trouble") == 0);
}
