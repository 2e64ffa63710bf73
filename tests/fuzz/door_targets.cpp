// The bodies of the fuzz targets of what stands between a socket and a method, and of the
// configuration.
#include "fuzz/targets.hpp"
#include "http/caller.hpp"
#include "http/encoding.hpp"
#include "http/framing.hpp"
#include "http/handshake.hpp"
#include "http/message.hpp"
#include "jwt.hpp"
#include "pb/logic.int.pb.h"
#include "pb/room.ext.pb.h"
#include "pb/room.int.pb.h"
#include "pb/user.int.pb.h"

#include "linnet/app/config.hpp"
#include "linnet/base/beast_parser.hpp"
#include "linnet/user/http_client.hpp"
#include "linnet/user/options.hpp"
#include "linnet/wire/json.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace linnet::fuzz {
namespace {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

// As the server reads it, some bytes at a time; nothing when it is no request.
std::optional<gateway::HttpRequest> parse_request(std::string_view input, std::size_t chunk) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.header_limit(4096);
  parser.body_limit(4096);
  parser.eager(true);
  std::string waiting;
  while (!parser.is_done()) {
    if (input.empty()) return std::nullopt;
    waiting += input.substr(0, chunk);
    input.remove_prefix(std::min(chunk, input.size()));
    boost::system::error_code error;
    const auto used = parser.put(boost::asio::buffer(waiting), error);
    if (error && error != http::error::need_more) return std::nullopt;
    waiting.erase(0, used);
  }
  auto& message = parser.get();
  gateway::HttpRequest request;
  request.method = std::string_view(message.method_string());
  request.target = std::string_view(message.target());
  request.version = message.version();
  for (const auto& field : message)
    request.headers.add(std::string_view(field.name_string()), std::string_view(field.value()));
  request.body = std::move(message.body());
  return request;
}

std::vector<const google::protobuf::Message*> request_types() {
  std::vector<const google::protobuf::Message*> all;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  auto* factory = google::protobuf::MessageFactory::generated_factory();
  for (const auto* file :
       {pb::SendMessageReq::descriptor()->file(), pb::MakeGroupReq::descriptor()->file(),
        pb::AuthReq::descriptor()->file(), pb::GetUserReq::descriptor()->file(),
        pb::CreateRoomReq::descriptor()->file(), pb::MakeRoomReq::descriptor()->file()})
    for (int s = 0; s < pool->FindFileByName(file->name())->service_count(); ++s)
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        all.push_back(factory->GetPrototype(file->service(s)->method(m)->input_type()));
  return all;
}

}  // namespace

void http_request(std::string_view input) {
  if (input.empty()) return;
  const auto chunk = static_cast<std::size_t>(static_cast<unsigned char>(input.front())) + 1;
  input.remove_prefix(1);
  auto request = parse_request(input, input.size() + 1);
  if (!request) return;
  auto cut = parse_request(input, chunk);
  promise(cut && cut->body == request->body && cut->target == request->target,
          "the request depends on how its bytes were cut");
  promise(is_plain(gateway::request_name(request->headers)), "the request's name is not printable");
  const auto wrong = gateway::check_framing(*request);
  const auto handshake = gateway::read_handshake(*request, {"https://app.example"});
  if (std::holds_alternative<gateway::Handshake>(handshake)) {
    promise(request->method == "GET", "a handshake that is no GET");
    promise(!std::get<gateway::Handshake>(handshake).credentials.token.empty(),
            "a handshake without a token");
  }
  static_cast<void>(gateway::call_credentials(request->headers));
  gateway::retry_id(request->headers);
  gateway::split_target(request->target);
}

void methods(std::string_view input) {
  static const auto types = request_types();
  if (input.empty()) return;
  const auto& type = *types.at(static_cast<unsigned char>(input.front()) % types.size());
  input.remove_prefix(1);
  std::unique_ptr<google::protobuf::Message> message(type.New());
  if (message->ParseFromArray(input.data(), static_cast<int>(input.size()))) {
    // JSON has no place for what this version does not know.
    message->DiscardUnknownFields();
    const auto bytes = message->SerializeAsString();
    std::unique_ptr<google::protobuf::Message> again(type.New());
    promise(again->ParseFromString(bytes), "a request that was written is not read");
    promise(again->SerializeAsString() == bytes, "a request has changed on the way");
    wire::to_json(*message);
  }
  message->Clear();
  if (!wire::from_json(input, *message)) return;
  const auto once = wire::to_json(*message);
  std::unique_ptr<google::protobuf::Message> again(type.New());
  promise(wire::from_json(once, *again).ok(), "JSON that was written is not read");
  promise(wire::to_json(*again) == once, "a request has changed on the way");
}

void credentials(std::string_view input) {
  if (auto url = user::parse_url(input)) {
    promise(!url->host.empty() && url->target.starts_with('/'), "a URL without a host or a path");
    promise(is_plain(url->host) && is_plain(url->target), "a URL that would break a head");
  }
  if (auto token = user::parse_token(input)) {
    promise(token->user.value() > 0 && token->device.value() > 0, "a token of nobody");
    promise(token->token == input, "a token has changed on the way");
  }
  for (auto algorithm : {user::JwtAlgorithm::kHs256, user::JwtAlgorithm::kRs256,
                         user::JwtAlgorithm::kEs256, user::JwtAlgorithm::kEdDsa})
    static_cast<void>(user::parse_jwt(input, algorithm));
  const std::string text(input);
  static_cast<void>(user::read_claims(text, user::JwtRules(), Millis(1000)));
  user::read_jwks(user::JwtAlgorithm::kEs256, text);
  if (auto bytes = gateway::base64_decode(input))
    promise(gateway::base64_decode(gateway::base64_encode(*bytes, true)) == bytes,
            "base64 has changed on the way");
  if (auto query = gateway::Query::parse(input))
    promise(query->entries().size() <= input.size(), "a query of more than it has");
  gateway::parse_decimal(input);
}

void toml(std::string_view input) {
  app::Config config;
  auto read = app::read_toml(config, input, "file");
  if (!read) {
    promise(is_plain(read.error().message()), "a mistake that is more than one line");
    return;
  }
  const auto once = app::to_toml(config);
  app::Config again;
  promise(app::read_toml(again, once, "file").ok(), "a configuration that was written is not read");
  promise(app::to_toml(again) == once, "a configuration has changed on the way");
}

}  // namespace linnet::fuzz
