#include "http/site.hpp"

#include "http/documents.hpp"

#include "linnet/base/async.hpp"

namespace linnet::gateway {

namespace asio = boost::asio;

std::optional<Error> check_framing(const HttpRequest& request) {
  const auto& headers = request.headers;
  auto transfer = headers.list("Transfer-Encoding");
  if (!transfer.empty() && headers.count("Content-Length") > 0)
    return Error(ErrCode::kBadRequest, "Content-Length and Transfer-Encoding exclude each other");
  if (transfer.size() > 1 || (!transfer.empty() && !equals_ignoring_case(transfer[0], "chunked")))
    return Error(ErrCode::kBadRequest, "Transfer-Encoding: only chunked is supported");
  auto lengths = headers.list("Content-Length");
  if (lengths.size() > 1) return Error(ErrCode::kBadRequest, "Content-Length: more than one");
  auto hosts = headers.count("Host");
  if (hosts > 1 || (hosts == 0 && request.version == 11))
    return Error(ErrCode::kBadRequest, "Host: exactly one is needed");
  return std::nullopt;
}

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
    reply.response = answer_health(request, draining_ ? Health::kDraining : Health::kReady);
  } else if (auto document = answer_document(request, path)) {
    reply.response = std::move(*document);
  } else {
    reply = co_await calls_.handle(request);
  }
  co_return reply;
}

asio::awaitable<Reply> Site::shake_hands(const HttpRequest& request) {
  Reply reply;
  auto read = read_handshake(request, options_.allowed_origins);
  if (auto* refusal = std::get_if<HttpResponse>(&read)) {
    reply.response = std::move(*refusal);
    co_return reply;
  }
  auto& handshake = std::get<Handshake>(read);
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
