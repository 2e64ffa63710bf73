// Calls over a long connection (PT_CALL): several at once, and in order where the caller asks.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/api/methods.hpp"
#include "linnet/user/identity.hpp"

#include <deque>
#include <memory>
#include <string>

namespace linnet::gateway {

class Connection;

// Of one connection. Thread: its shard's.
class Calls {
 public:
  Calls(api::Api& api, std::string address) : api_(api), address_(std::move(address)) {}

  // Answers by connection->on_called(), exactly once, later or at once. The packet's request id
  // says which call is answered and nothing else: clients count it anew on each connection, so it
  // is no id for retries.
  void start(const std::shared_ptr<Connection>& connection, user::Identity identity,
             const pb::Input& packet);

 private:
  struct Call {
    std::int64_t request_id = 0;
    std::string path;
    bool ordered = false;
    bool waited = false;  // for one before it
    const api::Method* method = nullptr;
    user::Caller caller;
    api::MessagePtr request;
  };
  using CallPtr = std::unique_ptr<Call>;

  static Status read(const api::MethodTable& table, const pb::Input& packet, Call& call);
  void run(const std::shared_ptr<Connection>& connection, CallPtr call);
  void finish(const std::shared_ptr<Connection>& connection, const Call& call,
              Result<api::MessagePtr> answer);

  api::Api& api_;
  std::string address_;
  std::deque<CallPtr> waiting_;  // ordered ones
  bool ordered_running_ = false;
};

}  // namespace linnet::gateway
