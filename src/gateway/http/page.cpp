#include "http/page.hpp"

#include "http/encoding.hpp"
#include "http/errors.hpp"

#include "linnet/base/random.hpp"

#include <algorithm>

extern "C" {
extern const char linnet_page_begin[];
extern const char linnet_page_end[];
}

namespace linnet::gateway {
namespace {

// What stands between <tag> and </tag>, as a source expression of a Content-Security-Policy.
std::string hash_source(std::string_view html, std::string_view tag) {
  const std::string open = '<' + std::string(tag) + '>';
  const std::string close = "</" + std::string(tag) + '>';
  auto begin = html.find(open);
  if (begin == std::string_view::npos) return "'none'";
  begin += open.size();
  auto end = html.find(close, begin);
  if (end == std::string_view::npos) return "'none'";
  return "'sha256-" + base64_encode(sha256(html.substr(begin, end - begin)), true) + '\'';
}

bool has_version(const HttpHeaders& headers, std::string_view etag) {
  auto known = headers.list("If-None-Match");
  return std::any_of(known.begin(), known.end(), [&](std::string_view one) {
    if (one.starts_with("W/")) one.remove_prefix(2);
    return one == etag || one == "*";
  });
}

}  // namespace

std::string_view embedded_page() {
  return {linnet_page_begin, static_cast<std::size_t>(linnet_page_end - linnet_page_begin)};
}

Page::Page(std::string_view html)
    : html_(html),
      etag_('"' + base64_encode(sha256(html).substr(0, 12), false) + '"'),
      policy_("default-src 'none'; script-src " + hash_source(html, "script") + "; style-src " +
              hash_source(html, "style") +
              "; img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; "
              "frame-ancestors 'none'") {}

HttpResponse Page::answer(const HttpRequest& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = short_error(Error(ErrCode::kMethodNotAllowed, "the page is read with GET"), 405);
    refusal.headers.add("Allow", "GET, HEAD");
    return refusal;
  }
  HttpResponse response(has_version(request.headers, etag_) ? 304 : 200);
  response.headers.add("ETag", etag_);
  response.headers.add("Cache-Control", "no-cache");
  response.headers.add("Content-Security-Policy", policy_);
  response.headers.add("X-Frame-Options", "DENY");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.headers.add("Referrer-Policy", "no-referrer");
  if (response.status == 304) return response;
  response.headers.add("Content-Type", "text/html; charset=utf-8");
  response.lasting = html_;
  return response;
}

}  // namespace linnet::gateway
