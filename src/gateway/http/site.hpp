// Which door of a path: the page, the WebSocket, events, health, a document, or a call; and how
// requests are checked before.
#pragma once

#include "http/call_door.hpp"
#include "http/handshake.hpp"
#include "http/health.hpp"
#include "http/message.hpp"
#include "http/page.hpp"
#include "http/reply.hpp"
#include "http/server.hpp"
#include "http/stream_door.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace linnet::gateway {

// What is wrong with the framing of a request (RFC 9112 sections 3.2 and 6); such a connection is
// closed after the answer, as nobody knows where the next request begins.
std::optional<Error> check_framing(const HttpRequest& request);

// Thread: the shard's.
class Site {
 public:
  Site(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api),
        options_(options),
        calls_(api, log, options_),
        streams_(api, options_),
        page_(embedded_page()) {}

  // `request` outlives the awaiting.
  boost::asio::awaitable<Reply> answer(const HttpRequest& request);
  // From now on /readyz says no.
  void drain() { draining_ = true; }

 private:
  boost::asio::awaitable<Reply> shake_hands(const HttpRequest& request);

  api::Api& api_;
  HttpOptions options_;
  CallDoor calls_;
  StreamDoor streams_;
  Page page_;
  bool draining_ = false;
};

}  // namespace linnet::gateway
