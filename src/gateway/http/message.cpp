#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace linnet::gateway {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view reason(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 415: return "Unsupported Media Type";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> HttpHeaders::first(std::string_view name) const {
  for (const auto& [key, value] : entries_)
    if (equals_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::size_t HttpHeaders::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [&](const Entry& entry) { return equals_ignoring_case(entry.first, name); }));
}

std::vector<std::string_view> HttpHeaders::list(std::string_view name) const {
  std::vector<std::string_view> elements;
  for (const auto& [key, value] : entries_) {
    if (!equals_ignoring_case(key, name)) continue;
    for (std::string_view rest = value;;) {
      auto comma = rest.find(',');
      auto element = trim(rest.substr(0, comma));
      if (!element.empty()) elements.push_back(element);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return elements;
}

bool HttpHeaders::has_token(std::string_view name, std::string_view token) const {
  auto elements = list(name);
  return std::any_of(elements.begin(), elements.end(), [&](std::string_view element) {
    return equals_ignoring_case(element, token);
  });
}

HttpTarget split_target(std::string_view target) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    auto slash = target.find_first_of("/?", scheme.size());
    if (slash == std::string_view::npos) return HttpTarget{"/", {}};
    target.remove_prefix(slash);
    break;
  }
  auto mark = target.find('?');
  if (mark == std::string_view::npos) return HttpTarget{target, {}};
  auto path = mark == 0 ? std::string_view("/") : target.substr(0, mark);
  return HttpTarget{path, target.substr(mark + 1)};
}

std::string format_head(const HttpResponse& response, unsigned version, bool keep_alive,
                        std::string_view date) {
  std::string head = version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason(response.status);
  head += "\r\nDate: ";
  head += date;
  head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  if (response.streamed) {
    if (version == 11) head += "Transfer-Encoding: chunked\r\n";
  } else if (!bodiless) {
    head += "Content-Length: " + std::to_string(response.content().size()) + "\r\n";
  }
  if (response.status != 101) {
    if (!keep_alive) {
      head += "Connection: close\r\n";
    } else if (version == 10) {
      head += "Connection: keep-alive\r\n";
    }
  }
  head += "\r\n";
  return head;
}

std::string http_date(long long seconds_since_1970) {
  // Not by strftime: day and month names must not follow the locale.
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto stamp = static_cast<std::time_t>(seconds_since_1970);
  std::tm utc{};
  gmtime_r(&stamp, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

}  // namespace linnet::gateway
