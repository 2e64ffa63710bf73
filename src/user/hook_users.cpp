#include "hook_users.hpp"

#include "hook.hpp"
#include "pb/user.int.pb.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

namespace linnet::user {
namespace {

constexpr std::size_t kLongestText = 8192;
constexpr std::size_t kLongestBearer = 8192;

bool is_yes(const HttpAnswer& answer) {
  return answer.status >= 200 && answer.status <= 299;
}

Error failed(const HttpAnswer& answer) {
  return Error(ErrCode::kUserSystem, {}, "the user hook answered " + std::to_string(answer.status));
}

// `now` for what cannot be.
Millis time_of(std::int64_t seconds, Millis now) {
  constexpr std::int64_t kLast = 253'402'300'799;  // the end of the year 9999
  return seconds > 0 && seconds <= kLast ? Millis(seconds * 1000) : now;
}

// Nothing but what was asked for, and of a size that can be kept.
std::vector<store::User> users_in(const pb::GetUsersResp& answer, const std::vector<UserId>& asked,
                                  Millis now) {
  std::vector<store::User> users;
  for (auto id : asked) {
    auto it = answer.users().find(id.value());
    if (it == answer.users().end()) continue;
    const auto& given = it->second;
    if (given.nickname().size() > kLongestText || given.avatar_url().size() > kLongestText ||
        given.extra().size() > kLongestText)
      continue;
    store::User user;
    user.id = id;
    user.nickname = given.nickname();
    user.sex = given.sex() >= 0 && given.sex() <= 127 ? given.sex() : 0;
    user.avatar_url = given.avatar_url();
    user.extra = given.extra();
    user.created = time_of(given.create_time(), now);
    user.updated = time_of(given.update_time(), now);
    users.push_back(std::move(user));
  }
  return users;
}

}  // namespace

void HookUsers::ask(std::string_view method, const google::protobuf::Message& request,
                    Done<HttpAnswer> done) {
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(request, &json).ok())
    return done(Error(ErrCode::kBadRequest, "what is asked is no valid text"));
  auto url = options_.base;
  if (url.target.ends_with('/')) url.target.pop_back();
  url.target += "/pb.UserInt/" + std::string(method);
  http_.send(signed_call(url, secret_, std::move(json), clock_.wall()), std::move(done));
}

void HookUsers::prove(Credentials credentials, Done<Proof> done) {
  if (!credentials.user || !credentials.device)
    return done(Error(ErrCode::kUnauthorized, "the token needs user_id and device_id beside it"));
  // Nobody's system is asked about whatever a packet holds.
  if (credentials.token.size() > kLongestBearer)
    return done(Error(ErrCode::kUnauthorized,
                      "a token has at most " + std::to_string(kLongestBearer) + " bytes"));
  pb::AuthReq request;
  request.set_user_id(credentials.user.value());
  request.set_device_id(credentials.device.value());
  request.set_token(credentials.token);
  const Identity identity{credentials.user, credentials.device};
  // It vouches for the moment at which it was asked: a sign-out meanwhile is later.
  const auto asked = clock_.wall();
  Done<HttpAnswer> answered = [this, identity, asked,
                               done = std::move(done)](Result<HttpAnswer> answer) mutable {
    if (answer.code() == ErrCode::kTimeout) return done(Error(ErrCode::kUserSystem));
    if (!answer) return done(answer.take_error());
    if (answer->status == 401 || answer->status == 403) return done(Error(ErrCode::kUnauthorized));
    if (!is_yes(*answer)) return done(failed(*answer));
    Proof proof;
    proof.identity = identity;
    proof.issued = asked;
    proof.exact = true;
    proof.until = Millis(asked.value() + options_.cache.count());
    done(proof);
  };
  ask("Auth", request, std::move(answered));
}

void HookUsers::fetch(std::vector<UserId> users, Done<std::vector<store::User>> done) {
  pb::GetUsersReq request;
  for (auto user : users)
    request.add_user_ids(user.value());
  Done<HttpAnswer> answered = [this, users = std::move(users),
                               done = std::move(done)](Result<HttpAnswer> answer) mutable {
    if (answer.code() == ErrCode::kTimeout) return done(Error(ErrCode::kUserSystem));
    if (!answer) return done(answer.take_error());
    if (!is_yes(*answer)) return done(failed(*answer));
    google::protobuf::util::JsonParseOptions lenient;
    lenient.ignore_unknown_fields = true;
    pb::GetUsersResp found;
    if (!google::protobuf::util::JsonStringToMessage(answer->body, &found, lenient).ok())
      return done(Error(ErrCode::kUserSystem, {}, "the user hook answered no GetUsersResp"));
    done(users_in(found, users, clock_.wall()));
  };
  ask("GetUsers", request, std::move(answered));
}

}  // namespace linnet::user
