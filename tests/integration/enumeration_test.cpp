// What a stranger learns of who there is by guessing: nothing. To whom a number belongs, whether it
// has a password or was sent a code, every door answers wrong guesses alike, word for word and as
// often.
#include "pb/logic.int.pb.h"
#include "stream_client.hpp"
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/secret_file.hpp"
#include "support/secrets.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#ifdef LINNET_GRPC
#include "grpc_kit.hpp"
#endif

#include <catch2/catch.hpp>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;
using google::protobuf::Message;

namespace {

// All that comes back but what is each answer's own.
std::string in_full(HttpAnswer answer) {
  answer.headers.erase("date");
  auto all = std::to_string(answer.status) + " " + answer.body;
  for (const auto& [name, value] : answer.headers)
    all.append("; ").append(name).append(": ").append(value);
  return all;
}

// Every way to make a call that anyone may make. The long connections are a bystander's.
class Doors {
 public:
#ifdef LINNET_GRPC
  static constexpr std::size_t kCount = 7;
#else
  static constexpr std::size_t kCount = 6;
#endif

  Doors(const ServerProcess& server, const std::function<TestUser()>& bystander)
      : port_(server.http_port()) {
    for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
      long_.push_back(LongConnection::sign_in(door, server.tcp_port(), port_, bystander()));
#ifdef LINNET_GRPC
    channel_ = channel_to(server.grpc_port());
#endif
  }

  // The answers of all doors, one after the other.
  std::vector<std::string> ask(const std::string& method, const Message& request) {
    const auto path = "/pb.UserExt/" + method;
    const auto bytes = request.SerializeAsString();
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(request, &json).ok())
      throw std::runtime_error("no JSON");
    std::vector<std::string> answers{
        over_http(path, "application/json", json), over_http(path, "application/proto", bytes),
        over_http(path, "application/grpc-web+proto", envelope(bytes))};
    for (auto& connection : long_)
      answers.push_back(over_long(connection, path, bytes));
#ifdef LINNET_GRPC
    const auto status = call_bytes(channel_, path, {}, bytes);
    answers.push_back(std::to_string(status.error_code()) + " " + status.error_message() + " " +
                      std::to_string(status.error_details().size()));
#endif
    return answers;
  }

 private:
  std::string over_http(const std::string& path, const std::string& type,
                        const std::string& body) const {
    return in_full(
        http(port_, "POST", path, {{"Content-Type", type}, {"X-Request-Id", "one"}}, body));
  }
  static std::string over_long(LongConnection& connection, const std::string& path,
                               const std::string& bytes) {
    pb::CallInput call;
    call.set_method(path);
    call.set_request(bytes);
    connection.send(pb::PT_CALL, 7, call.SerializeAsString());
    for (;;) {
      const auto packet = connection.receive();
      if (!packet) throw std::runtime_error("the connection ended");
      if (packet->type() == pb::PT_CALL) return packet->SerializeAsString();
    }
  }

  std::uint16_t port_;
  std::vector<LongConnection> long_;
#ifdef LINNET_GRPC
  std::shared_ptr<grpc::Channel> channel_;
#endif
};

// As many wrong guesses a minute as there are doors.
std::vector<std::string> with_limit(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments{"--set", "limits.enabled=true"};
  more.push_back("limits.code_failures_per_minute=" + std::to_string(Doors::kCount));
  more.emplace_back("limits.codes_burst=100000");
  more.emplace_back("user.passwords=true");
#ifdef LINNET_GRPC
  more.emplace_back("grpc.listen=127.0.0.1:0");
#endif
  for (const auto& setting : more)
    arguments.insert(arguments.end(), {"--set", setting});
  return arguments;
}

// A wrong guess through every door, and then another.
std::vector<std::string> twice(Doors& doors, const std::string& method, const Message& wrong) {
  auto answers = doors.ask(method, wrong);
  const auto again = doors.ask(method, wrong);
  answers.insert(answers.end(), again.begin(), again.end());
  return answers;
}

// Every door has answered the first of two guesses with `code`, and the second with the limit.
void check_limited(const std::vector<std::string>& answers, const std::string& code) {
  REQUIRE(answers.size() == 2 * Doors::kCount);
  CHECK(answers[0].find(code) != std::string::npos);
  CHECK(answers[Doors::kCount].find("EC_RATE_LIMITED") != std::string::npos);
  for (std::size_t door = 0; door < Doors::kCount; ++door)
    CHECK(answers[door] != answers[Doors::kCount + door]);
}

pb::SignInReq code_for(const std::string& number, DeviceId device, const std::string& code) {
  pb::SignInReq request;
  request.set_phone_number(number);
  request.set_device_id(device.value());
  request.set_code(code);
  return request;
}

}  // namespace

TEST_CASE("wrong passwords and codes are answered alike for a user's number and for nobody's") {
  TempDir dir;
  ServerProcess server(dir.path() / "data", with_limit());
  const auto port = server.http_port();
  const auto anna = sign_in(port, "100");
  Caller caller(port);
  caller.use(anna);
  pb::SetPasswordReq set;
  set.set_password("correct horse battery");
  remember_secret(set.password());
  caller.call<pb::SetPasswordResp>("/pb.UserExt/SetPassword", set);
  sign_in(port, "200");  // has no password

  Doors doors(server, [port] { return sign_in(port, "900"); });
  const auto wrong = [&](const std::string& number) {
    pb::SignInByPasswordReq request;
    request.set_phone_number(number);
    request.set_password("a wrong one");
    request.set_device_id(anna.device.value());
    return request;
  };
  const auto known = twice(doors, "SignInByPassword", wrong("100"));
  check_limited(known, "EC_BAD_PASSWORD");
  CHECK(twice(doors, "SignInByPassword", wrong("300")) == known);
  CHECK(caller.fails("/pb.UserExt/SignInByPassword", wrong("200")).code == 2024);

  const auto codes = [&](const std::string& number) {
    return twice(doors, "SignIn", code_for(number, anna.device, "111111"));
  };
  const auto of_user = codes("100");
  check_limited(of_user, "EC_BAD_CODE");
  CHECK(codes("300") == of_user);
}

TEST_CASE("that a code was sent, to whom, and whether it is used up is not told by wrong ones") {
  TempDir dir;
  HookServer hook([](const HookRequest&) { return HookAnswer(); });
  ServerProcess server(dir.path() / "data", with_limit({"codes.hook=" + hook.url("/codes"),
                                                        "hook.secret_file=" + write_secret(dir)}));
  const auto port = server.http_port();
  const auto device = new_device(port);
  const auto send_code = [&](const std::string& number) {
    pb::SendCodeReq request;
    request.set_phone_number(number);
    Caller(port).call<pb::SendCodeResp>("/pb.UserExt/SendCode", request);
    return nlohmann::json::parse(hook.requests().back().body).at("code").get<std::string>();
  };
  int users = 0;
  const auto new_user = [&] {
    const auto number = "10" + std::to_string(++users);
    const auto own = new_device(port);
    const auto request = code_for(number, own, send_code(number));
    const auto answer = Caller(port).call<pb::SignInResp>("/pb.UserExt/SignIn", request);
    remember_secret(answer.token());
    return TestUser{UserId(answer.user_id()), own, answer.token()};
  };
  Doors doors(server, new_user);
  REQUIRE(users == 3);
  const auto codes = [&](const std::string& number) {
    return twice(doors, "SignIn", code_for(number, device, "a wrong"));
  };
  const auto made = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "users",
                                                "--data-dir", (dir.path() / "data").string()});
  TestUser key;
  key.token = made.out.substr(0, made.out.size() - 1);
  remember_secret(key.token);
  Caller as_server(port);
  as_server.use(key);
  pb::CreateUserReq never_asked;
  never_asked.set_phone_number("700");
  as_server.call<pb::CreateUserResp>("/pb.LogicInt/CreateUser", never_asked);

  // A user who has used its code, and one who never asked for any; nobody, to whom one was sent,
  // and nobody at all.
  const auto known = codes("101");
  CHECK(known[0].find("EC_BAD_CODE") != std::string::npos);
  CHECK(codes("700") == known);
  send_code("400");
  CHECK(codes("400") == known);
  CHECK(codes("500") == known);

  const auto sent = [&](const std::string& number) {
    pb::SendCodeReq request;
    request.set_phone_number(number);
    return doors.ask("SendCode", request);
  };
  const auto to_user = sent("700");
  CHECK(to_user[0].starts_with("200 "));
  CHECK(to_user[1].starts_with("429 "));
  CHECK(sent("500") == to_user);
  CHECK(sent("101") == sent("400"));
}
