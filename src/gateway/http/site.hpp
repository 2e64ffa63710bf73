// Which door of a path: the page, the WebSocket, events, health, a document, or a call.
#pragma once

#include "http/call_door.hpp"
#include "http/framing.hpp"
#include "http/handshake.hpp"
#include "http/health.hpp"
#include "http/message.hpp"
#include "http/metrics.hpp"
#include "http/page.hpp"
#include "http/reply.hpp"
#include "http/server.hpp"
#include "http/stream_door.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>

namespace linnet::gateway {

// Thread: the shard's.
class Site {
 public:
  Site(api::Api& api, Logger& log, const Refusals& refusals, const HttpOptions& options)
      : api_(api),
        refusals_(refusals),
        options_(options),
        calls_(api, log, options_),
        streams_(api, options_),
        page_(embedded_page()) {}

  // `request` outlives the awaiting.
  boost::asio::awaitable<Reply> answer(const HttpRequest& request);
  // From now on /readyz says no.
  void drain() { draining_ = true; }

 private:
  HttpResponse answer_ready(const HttpRequest& request) const;
  boost::asio::awaitable<Reply> shake_hands(const HttpRequest& request);

  api::Api& api_;
  const Refusals& refusals_;
  HttpOptions options_;
  CallDoor calls_;
  StreamDoor streams_;
  Page page_;
  bool draining_ = false;
};

}  // namespace linnet::gateway
