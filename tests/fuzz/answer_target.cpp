// The body of the fuzz target of what other servers answer: to the client library, and to the
// server where it asks the operator's.
#include "connect_error.hpp"
#include "fuzz/targets.hpp"
#include "http_reader.hpp"
#include "jwt_keys.hpp"
#include "pb/user.int.pb.h"

#include "linnet/base/beast_parser.hpp"
#include "linnet/wire/websocket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace linnet::fuzz {
namespace {

constexpr std::size_t kMaxBody = 4096;

struct Read {
  bool whole = false;
  bool refused = false;
  client::HttpAnswer answer;
  std::size_t left = 0;  // bytes that are not of the answer
};

// As the client library reads it, `chunk` bytes at a time.
Read read_as_client(std::string_view input, std::size_t chunk) {
  client::HttpReader reader(client::HttpLimits{1024, kMaxBody});
  Read read;
  std::string waiting;
  while (!read.whole && !input.empty()) {
    waiting += input.substr(0, chunk);
    input.remove_prefix(std::min(chunk, input.size()));
    auto fed = reader.feed(waiting);
    if (!fed) {
      promise(fed.code() == ErrCode::kServerUnknown, "an error with another code");
      read.refused = true;
      return read;
    }
    read.whole = *fed;
  }
  read.left = waiting.size() + input.size();
  if (read.whole) read.answer = reader.take();
  return read;
}

// As the server reads what the operator's servers answer; nothing when it is no answer.
std::optional<std::string> read_as_server(std::string_view input, std::size_t chunk) {
  namespace http = boost::beast::http;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMaxBody);
  parser.eager(true);
  std::string waiting;
  boost::system::error_code error;
  while (!parser.is_done()) {
    if (input.empty()) {
      // A body without a length ends with its connection.
      if (!parser.got_some()) return std::nullopt;
      parser.put_eof(error);
      if (error) return std::nullopt;
      break;
    }
    waiting += input.substr(0, chunk);
    input.remove_prefix(std::min(chunk, input.size()));
    const auto used = parser.put(boost::asio::buffer(waiting), error);
    if (error && error != http::error::need_more) return std::nullopt;
    waiting.erase(0, used);
  }
  return std::move(parser.get().body());
}

void look_at_body(int status, const std::string& body) {
  for (const auto& error :
       {client::read_connect_error(status, body), client::read_short_error(status, body)}) {
    promise(error.code() != ErrCode::kSuccess, "a refusal that is none");
    promise(wire::is_utf8(error.message()), "an error that is not UTF-8");
  }
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;
  pb::GetUsersResp users;
  static_cast<void>(google::protobuf::util::JsonStringToMessage(body, &users, lenient));
  for (auto algorithm :
       {user::JwtAlgorithm::kRs256, user::JwtAlgorithm::kEs256, user::JwtAlgorithm::kEdDsa})
    user::read_jwks(algorithm, body);
}

}  // namespace

void http_answer(std::string_view input) {
  if (input.empty()) return;
  const auto chunk = static_cast<std::size_t>(static_cast<unsigned char>(input.front())) + 1;
  input.remove_prefix(1);

  const auto read = read_as_client(input, input.size() + 1);
  const auto cut = read_as_client(input, chunk);
  promise(read.whole == cut.whole, "whether an answer is whole depends on how its bytes were cut");
  if (read.whole) {
    promise(read.answer.status == cut.answer.status && read.answer.headers == cut.answer.headers &&
                read.answer.body == cut.answer.body &&
                read.answer.keep_alive == cut.answer.keep_alive && read.left == cut.left,
            "the answer depends on how its bytes were cut");
    promise(read.answer.body.size() <= kMaxBody, "a body over the limit");
    promise(read.answer.status >= 100 && read.answer.status <= 599, "a status that is none");
    look_at_body(read.answer.status, read.answer.body);
  }

  const auto asked = read_as_server(input, input.size() + 1);
  if (!asked) return;
  const auto asked_cut = read_as_server(input, chunk);
  promise(asked_cut && *asked_cut == *asked, "the answer depends on how its bytes were cut");
  promise(asked->size() <= kMaxBody, "a body over the limit");
  look_at_body(200, *asked);
}

}  // namespace linnet::fuzz
