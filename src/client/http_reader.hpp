// Reads HTTP/1.1 answers: bytes in, one answer out, strictly and within bounds. No sockets.
#pragma once

#include "linnet/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace linnet::client {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, as they came
  std::string body;
  bool keep_alive = true;

  // The value of the only header of that name (lower case); empty when there is none or several.
  std::string_view header(std::string_view name) const;
};

// What goes into a header must not end it.
bool is_header_safe(std::string_view text);

struct HttpLimits {
  std::size_t head_bytes = 16 * 1024;
  std::size_t body_bytes = 8 * 1024 * 1024;
};

// One per answer. A body ends by its Content-Length or its last chunk: an answer that ends with its
// connection is an error, since a cut one would look the same. After 101 nothing more is read.
class HttpReader {
 public:
  explicit HttpReader(HttpLimits limits = {}) : limits_(limits) {}

  // Takes what belongs to the answer off the front of `bytes`. True when the answer is whole; what
  // is left is not of it. Error: not an answer that we understand, or over a limit.
  Result<bool> feed(std::string& bytes);
  // Whether anything of the answer has come.
  bool begun() const { return begun_; }
  // Only when feed() said true.
  HttpAnswer take() { return std::move(answer_); }

 private:
  enum class State : std::uint8_t { kHead, kBody, kChunkSize, kChunk, kTrailer, kDone };

  Result<bool> step(std::string& bytes);
  Result<bool> read_head(std::string& bytes);
  Result<bool> read_chunk_size(std::string& bytes);
  Result<bool> read_trailer(std::string& bytes);
  Status parse_head(std::string_view head);
  Status choose_body();

  HttpLimits limits_;
  HttpAnswer answer_;
  State state_ = State::kHead;
  bool begun_ = false;
  std::size_t left_ = 0;  // of the body or the chunk
  std::size_t trailer_bytes_ = 0;
};

}  // namespace linnet::client
