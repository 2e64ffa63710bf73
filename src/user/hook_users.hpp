// Users whom the operator's own server knows: asked by a hook with the calls of pb.UserInt.
#pragma once

#include "outside_users.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/user/options.hpp"

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

namespace linnet::user {

// Thread: any.
class HookUsers final : public OutsideUsers {
 public:
  // `http` is closed before this goes.
  HookUsers(const UsersHook& options, std::string secret, const Clock& clock, HttpClient& http)
      : options_(options), secret_(std::move(secret)), clock_(clock), http_(http) {}

  // The hook must know which user and device are meant.
  void prove(Credentials credentials, Done<Proof> done) override;
  void fetch(std::vector<UserId> users, Done<std::vector<store::User>> done) override;

 private:
  void ask(std::string_view method, const google::protobuf::Message& request,
           Done<HttpAnswer> done);

  const UsersHook options_;
  const std::string secret_;
  const Clock& clock_;
  HttpClient& http_;
};

}  // namespace linnet::user
