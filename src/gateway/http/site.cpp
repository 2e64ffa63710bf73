#include "http/site.hpp"

#include "http/documents.hpp"

#include "linnet/base/async.hpp"

namespace linnet::gateway {

namespace asio = boost::asio;

asio::awaitable<Reply> Site::answer(const HttpRequest& request) {
  auto path = split_target(request.target).path;
  if (path == "/ws") co_return co_await shake_hands(request);
  if (path == "/events") co_return co_await streams_.events(request);
  Reply reply;
  if (path == "/") {
    reply.response = page_.answer(request);
  } else if (path == "/healthz") {
    reply.response = answer_health(request, Health::kAlive);
  } else if (path == "/readyz") {
    reply.response = answer_ready(request);
  } else if (path == "/metrics" && options_.metrics) {
    reply.response = answer_metrics(request, refusals_, options_);
  } else if (auto document = answer_document(request, path)) {
    reply.response = std::move(*document);
  } else {
    co_return co_await calls_.handle(request);
  }
  reply.response.unrated = !reply.response.refused;
  co_return reply;
}

HttpResponse Site::answer_ready(const HttpRequest& request) const {
  if (draining_) return answer_health(request, Health::kDraining);
  const auto why = options_.vitals.trouble ? options_.vitals.trouble() : std::string();
  return answer_health(request, why.empty() ? Health::kReady : Health::kTrouble, why);
}

asio::awaitable<Reply> Site::shake_hands(const HttpRequest& request) {
  Reply reply;
  auto read = read_handshake(request, options_.allowed_origins);
  if (auto* refusal = std::get_if<HttpResponse>(&read)) {
    reply.response = std::move(*refusal);
    co_return reply;
  }
  auto& handshake = std::get<Handshake>(read);
  handshake.credentials.address = request.address;
  auto identity = co_await wait_for<user::Identity>([&](Done<user::Identity> done) {
    api_.authenticator().authenticate(handshake.credentials, std::move(done));
  });
  if (!identity) {
    reply.response = refuse_handshake(identity.error());
    co_return reply;
  }
  reply.response = std::move(handshake.accepted);
  reply.upgraded = *identity;
  reply.text = handshake.text;
  reply.request_id = handshake.request_id;
  co_return reply;
}

}  // namespace linnet::gateway
