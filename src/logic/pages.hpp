// Lists in pages: "ids over this one, at most so many".
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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

// What is too long to be read at once, for an old client that asks for everything, is read in
// portions, and ends where the answer has this many bytes.
inline constexpr std::size_t kPortion = 500;
inline constexpr std::size_t kPageBytes = 4 * 1024 * 1024;

// Fills `response` from read(after, most, done), which gives rows in the order of their ids;
// add(row) puts one into the response, and gives its id and its bytes.
template <class Row, class Response, class Read, class Add>
Async<Unit> fill(Page page, Response& response, Read read, Add add) {
  std::size_t bytes = 0;
  for (std::size_t count = 0;;) {
    const auto wanted = std::min(kPortion, page.limit - count + 1);
    auto rows = co_await wait_for<std::vector<Row>>(
        [&](Done<std::vector<Row>> done) { read(page.after, wanted, std::move(done)); });
    if (!rows) co_return rows.take_error();
    for (const auto& row : *rows) {
      if (count == page.limit || bytes >= kPageBytes) {
        response.set_has_more(true);
        co_return Unit{};
      }
      const std::pair<std::int64_t, std::size_t> added = add(row);
      page.after = added.first;
      bytes += added.second;
      ++count;
    }
    if (rows->size() < wanted) co_return Unit{};
  }
}

}  // namespace linnet::logic
