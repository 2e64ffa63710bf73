// What a method that sees the headers is given and gives back, over Connect and gRPC-Web.
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http_fakes.hpp"
#include "pb/linnet.pb.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace linnet;
using namespace linnet::gateway;
using namespace linnet::gateway::fakes;

namespace {

constexpr std::string_view kSeesAll = "/pb.UserExt/GetUser";

// Instead of the usual one, a method that notes what it sees, and sets a header, a trailer and,
// when asked to, a failure.
struct SeeingDoor : World {
  SeeingDoor() {
    table.add_exchange(kSeesAll, pb::GetUserReq::default_instance(),
                       pb::GetUserResp::default_instance(),
                       [this](api::Exchange& exchange,
                              const google::protobuf::Message&) -> Async<api::MessagePtr> {
                         exchange.headers = {{"X-One", "1"}};
                         exchange.trailers = {{"X-Two", "2"}};
                         exchange.failure = failure;
                         seen = exchange;
                         if (failure) co_return Error(ErrCode::kServerUnknown);
                         co_return api::MessagePtr(std::make_unique<pb::GetUserResp>());
                       });
  }
  HttpResponse ask(const HttpRequest& request) {
    CallDoor door(api, log, options);
    return run(door.handle(request)).response;
  }
  bool saw(std::string_view name, std::string_view value) const {
    const auto& fields = seen.request_headers;
    return std::any_of(fields.begin(), fields.end(), [&](const auto& field) {
      return field.first == name && field.second == value;
    });
  }

  api::Exchange seen;
  std::optional<api::Failure> failure;
};

// The last frame of an answer in gRPC-Web.
std::string trailers_of(const HttpResponse& response) {
  const auto at = response.body.rfind("grpc-status: ");
  REQUIRE(at != std::string::npos);
  return response.body.substr(at);
}

HttpRequest seeing_web_call() {
  pb::GetUserReq message;
  message.set_user_id(1);
  auto made = request("POST", kSeesAll);
  made.headers.add("Content-Type", "application/grpc-web+proto");
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  made.headers.add("Grpc-Timeout", "3S");
  append_envelope(0, message.SerializeAsString(), made.body);
  return made;
}

}  // namespace

TEST_CASE(
    "over Connect a method sees the headers and a GET's query, and what it sets are headers") {
  SeeingDoor door;
  auto call = json_call(kSeesAll, "{}");
  call.headers.add("X-Ours", "a");
  call.headers.add("Connect-Timeout-Ms", "5000");
  auto answer = door.ask(call);
  CHECK(answer.status == 200);
  CHECK(door.saw("X-Ours", "a"));
  CHECK(door.seen.timeout == std::chrono::milliseconds(5000));
  CHECK(door.seen.query.empty());
  CHECK(header(answer, "X-One") == "1");
  CHECK(header(answer, "Trailer-X-Two") == "2");

  auto get = request("GET", std::string(kSeesAll) + "?encoding=json&message=%7B%7D&x=y");
  get.headers.add("Authorization", "Bearer " + std::string(kToken));
  CHECK(door.ask(get).status == 200);
  const api::Exchange::Fields query = {{"encoding", "json"}, {"message", "{}"}, {"x", "y"}};
  CHECK(door.seen.query == query);
  CHECK_FALSE(door.seen.timeout);
}

TEST_CASE("a failure that a method sets is told as it is, and may be seen without details") {
  SeeingDoor door;
  door.failure = api::Failure{8, "no more", {{"pb.Text", "\x01\x02"}}};
  auto answer = door.ask(json_call(kSeesAll, "{}"));
  CHECK(answer.status == 429);
  auto body = nlohmann::json::parse(answer.body);
  CHECK(body["code"] == "resource_exhausted");
  CHECK(body["message"] == "no more");
  REQUIRE(body["details"].size() == 1);
  CHECK(body["details"][0]["type"] == "pb.Text");
  CHECK(body["details"][0]["value"] == "AQI");

  door.failure = api::Failure{5, "", {}};
  answer = door.ask(json_call(kSeesAll, "{}"));
  CHECK(answer.status == 404);
  body = nlohmann::json::parse(answer.body);
  CHECK(body["code"] == "not_found");
  CHECK_FALSE(body.contains("message"));
  CHECK_FALSE(body.contains("details"));
}

TEST_CASE("over gRPC-Web what a method sets are headers, and trailers under small letters") {
  SeeingDoor door;
  auto answer = door.ask(seeing_web_call());
  CHECK(answer.status == 200);
  CHECK(door.saw("Grpc-Timeout", "3S"));
  CHECK(door.seen.timeout == std::chrono::seconds(3));
  CHECK(header(answer, "X-One") == "1");
  CHECK_THAT(trailers_of(answer), Catch::StartsWith("grpc-status: 0\r\n"));
  CHECK_THAT(trailers_of(answer), Catch::EndsWith("x-two: 2\r\n"));

  door.failure = api::Failure{8, "no more", {{"pb.Text", "\x01\x02"}}};
  const auto told = trailers_of(door.ask(seeing_web_call()));
  CHECK_THAT(told, Catch::Contains("grpc-status: 8\r\n"));
  CHECK_THAT(told, Catch::Contains("grpc-message: no more\r\n"));
  CHECK_THAT(told, Catch::EndsWith("x-two: 2\r\n"));
  constexpr std::string_view kDetails = "grpc-status-details-bin: ";
  const auto at = told.find(kDetails) + kDetails.size();
  pb::RpcStatus details;
  REQUIRE(details.ParseFromString(
      base64_decode(told.substr(at, told.find("\r\n", at) - at)).value_or("none")));
  CHECK(details.code() == 8);
  REQUIRE(details.details_size() == 1);
  CHECK(details.details(0).type_url() == "type.googleapis.com/pb.Text");
}
