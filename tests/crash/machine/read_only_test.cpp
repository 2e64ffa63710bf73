// A file system that becomes read-only under a running server, as one does that has found an error.
#include "machine_kit.hpp"

using namespace linnet;
using namespace linnet::test;

TEST_CASE("a file system that becomes read-only refuses sends, serves reads, and recovers") {
  OnFalseMachine on;
  const auto port = on.server.http_port();
  const auto anna = sign_in(port, "100");
  const auto ben = sign_in(port, "200");
  auto listener = on.connect(sign_in(port, "200"));  // another device, which stays
  listener.sync(0);
  std::vector<std::string> acknowledged;
  std::int64_t sent = 0;
  Caller caller(port);
  caller.use(anna);
  // The error code; 0: acknowledged.
  const auto send = [&] {
    const auto text = std::to_string(++sent);
    const auto code = caller.fails("/pb.LogicExt/SendMessage", text_to(ben.id, text, sent)).code;
    if (code == 0) acknowledged.push_back(text);
    return code;
  };
  const auto inbox = [&] {
    auto reader = on.connect(ben);
    std::vector<std::string> texts;
    for (const auto& item : reader.sync(0)) {
      CHECK(item.seq() == static_cast<std::int64_t>(texts.size()) + 1);
      texts.push_back(text_of(item));
    }
    return texts;
  };
  for (int i = 0; i < 20; ++i)
    REQUIRE(send() == 0);

  on.machine->read_only = 1;
  for (int i = 0; i < 5; ++i)
    CHECK(send() == pb::EC_STORAGE);
  CHECK(on.machine->writes_refused > 0);
  CHECK(on.ready().status == 503);
  CHECK(on.ready().body.find("\"why\"") != std::string::npos);
  CHECK(on.server.log().find("storage_failed") != std::string::npos);
  CHECK(inbox() == acknowledged);
  CHECK(http(port, "GET", "/healthz").status == 200);
  beat(listener);

  on.machine->read_only = 0;
  REQUIRE(eventually([&] { return on.ready().status == 200; }));  // though nobody sends
  CHECK(on.server.log().find("storage_recovered") != std::string::npos);
  for (int i = 0; i < 5; ++i)
    CHECK(send() == 0);
  CHECK(inbox() == acknowledged);
  on.server.kill();
  const ServerProcess again(on.dir.path() / "data", OnFalseMachine::arguments({}));
  auto reader = LongConnection::sign_in(Door::kTcp, again.tcp_port(), again.http_port(), ben);
  CHECK(reader.sync(0).size() == acknowledged.size());
}
