// Calls over HTTP in binary protobuf, encoded once and sent again and again.
#pragma once

#include "link.hpp"
#include "peer.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::bench {

// The bytes of a POST; `token` may be empty.
std::string http_call(const std::string& path, const std::string& token, const std::string& body);

// A SendMessage whose request id can be changed in place.
class SendCall {
 public:
  SendCall(const Account& from, pb::ReceiverType type, std::int64_t to, std::size_t payload);
  // From now on it is a call over a long TCP connection.
  void use_tcp();
  // `number` is below 2^34.
  std::string_view with_request_id(std::uint64_t number);
  // The request id that `number` becomes, and back.
  static std::int64_t request_id(std::uint64_t number);
  static std::uint64_t number(std::int64_t request_id);

 private:
  std::string body_;
  std::string bytes_;  // the request id is the last of them
};

struct HttpReply {
  int status = 0;
  std::string_view body;
};
// Takes a whole answer off the front of `bytes`. Throws when it is none.
std::optional<HttpReply> next_reply(std::string_view& bytes);

// Keep-alive connections with at most one call under way on each.
class Callers {
 public:
  // Their tags are first_tag and up.
  Callers(Poller& poller, const Address& http, std::size_t count, std::size_t first_tag = 0);

  std::size_t size() const { return links_.size(); }
  void call(std::size_t caller, std::string_view request) { links_[caller].send(request); }
  // Handles an event of one of them; `answered(caller, reply)`, which may call again.
  template <class Answered>
  void handle(const epoll_event& event, Answered&& answered) {
    auto caller = static_cast<std::size_t>(event.data.u64) - first_tag_;
    auto& link = links_[caller];
    link.handle(event.events);
    std::string_view bytes(link.received());
    auto reply = next_reply(bytes);
    if (!reply) return;
    answered(caller, *reply);
    link.received().clear();
  }

 private:
  std::vector<Link> links_;
  std::size_t first_tag_;
};

}  // namespace linnet::bench
