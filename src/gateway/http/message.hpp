// HTTP requests and responses as plain values, so that what is behind the socket needs no Beast.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::gateway {

bool equals_ignoring_case(std::string_view a, std::string_view b);

// In the order of the wire; names compare without case; one name may be there several times.
class HttpHeaders {
 public:
  using Entry = std::pair<std::string, std::string>;

  void add(std::string_view name, std::string_view value) { entries_.emplace_back(name, value); }
  std::optional<std::string_view> first(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  // The elements of a comma-separated list, over all headers of that name, without the blanks.
  std::vector<std::string_view> list(std::string_view name) const;
  // Whether the list has `token`, in any case.
  bool has_token(std::string_view name, std::string_view token) const;

  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }

 private:
  std::vector<Entry> entries_;
};

struct HttpRequest {
  std::string method;
  std::string target;  // as sent: origin form or absolute form
  unsigned version = 11;
  HttpHeaders headers;
  std::string body;
  std::string address;  // of the peer
};

struct HttpResponse {
  HttpResponse() = default;
  explicit HttpResponse(int code) : status(code) {}

  int status = 200;
  HttpHeaders headers;  // without Content-Length, Connection and Date, which format_head() adds
  std::string body;
  std::string_view lasting;  // the body instead, of bytes that are there as long as the program
  bool streamed = false;     // the body follows by itself, in chunks (HTTP/1.0: until the end)
  bool refused = false;      // the request was read for nothing
  bool unrated = false;      // it was not, but counts in nobody's rate

  std::string_view content() const { return lasting.empty() ? std::string_view(body) : lasting; }
};

struct HttpTarget {
  std::string_view path;
  std::string_view query;  // behind the question mark
};
// Views into `target`. An absolute form (http://host/path) loses its host.
HttpTarget split_target(std::string_view target);

// The status line and the headers, to be followed by the body. `date` is an IMF-fixdate.
std::string format_head(const HttpResponse& response, unsigned version, bool keep_alive,
                        std::string_view date);
// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(long long seconds_since_1970);

}  // namespace linnet::gateway
