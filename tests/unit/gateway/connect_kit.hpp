// Calls of the Connect protocol without sockets.
#pragma once

#include "http_fakes.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace linnet::gateway::fakes {

using Json = nlohmann::json;

inline constexpr std::string_view kSend = "/pb.LogicExt/SendMessage";
inline constexpr std::string_view kGetUser = "/pb.UserExt/GetUser";

struct OpenDoor : World {
  HttpResponse ask(const HttpRequest& request) {
    CallDoor door(api, log, options);
    return run(door.handle(request)).response;
  }
};

inline void check_error(const HttpResponse& response, int status, std::string_view word,
                        ErrCode code) {
  INFO(response.body);
  CHECK(response.status == status);
  CHECK(header(response, "Content-Type") == "application/json");
  auto body = Json::parse(response.body);
  CHECK(body["code"] == word);
  CHECK_FALSE(body["message"].get<std::string>().empty());
  CHECK(body["details"][0]["debug"]["code"] == static_cast<int>(code));
}

}  // namespace linnet::gateway::fakes
