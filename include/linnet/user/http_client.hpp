// Requests to the operator's own servers: where codes are delivered, and where users are asked for.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::user {

struct Url {
  bool tls = false;
  std::string host;  // an IPv6 address without its brackets
  std::string port;
  std::string target;  // "/path?query", at least "/"
};

// "http://host[:port][/path][?query]", or https; nothing for what is another shape: no user, no
// fragment, printable ASCII only. Thread: any.
std::optional<Url> parse_url(std::string_view text);

struct HttpClientOptions {
  std::chrono::milliseconds timeout{5000};  // of a request, its time in the queue included
  std::size_t at_once = 32;                 // connections
  std::size_t queue = 1024;                 // requests that may wait; one more is refused
  std::size_t answer_bytes = 1024 * 1024;
  std::string ca_file;  // PEM, trusted instead of the system's authorities; empty: those
};

struct HttpCall {
  Url url;
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// A thread of its own; each request is a connection. Certificates are checked; redirections are not
// followed.
class HttpClient {
 public:
  // Error: kBadRequest (ca_file), with a sentence for the operator.
  static Result<std::unique_ptr<HttpClient>> open(HttpClientOptions options);
  ~HttpClient();

  // Completes with whatever was answered. Errors: kServerBusy (the queue is full), kTimeout,
  // kUserSystem (no connection, no trust, no HTTP, too long an answer), kShuttingDown. Thread: any;
  // `done` runs on the client's thread or, when refused at once, on the caller's, and must not
  // block.
  void send(HttpCall call, Done<HttpAnswer> done);
  // Ends what is under way (kShuttingDown) and joins. Thread: the owner's.
  void close();

 private:
  class Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::user
