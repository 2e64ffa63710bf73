// Lists in pages: "ids over this one, at most so many".
#pragma once

#include "linnet/base/error.hpp"

#include <algorithm>
#include <cstddef>

namespace linnet::logic {

struct Page {
  std::int64_t after = 0;
  std::size_t limit = 0;
  // One more is read, to see whether there are more.
  std::size_t read() const { return limit + 1; }
};

// `most`: what the server gives at once, also to a client that does not know of pages. Error:
// kBadRequest.
template <class Request>
Result<Page> page_of(const Request& request, std::size_t most) {
  if (request.after_id() < 0 || request.limit() < 0)
    return Error(ErrCode::kBadRequest, "after_id and limit: 0 or more");
  Page page;
  page.after = request.after_id();
  page.limit = request.limit() == 0
                   ? most
                   : std::min<std::size_t>(static_cast<std::size_t>(request.limit()), most);
  return page;
}

// Cuts the list to the page, and says in `response` whether there was more.
template <class List, class Response>
void cut(List& list, const Page& page, Response& response) {
  response.set_has_more(list.size() > page.limit);
  if (list.size() > page.limit) list.resize(page.limit);
}

}  // namespace linnet::logic
