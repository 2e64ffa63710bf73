// The strict reader of HTTP answers. What is ambiguous (two lengths, a length and chunks, folded
// lines) is refused: on a kept connection a wrong guess would mix up two answers.
#include "http_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace linnet::client {
namespace {

constexpr std::size_t kChunkLineBytes = 256;

Error bad(std::string what) {
  return Error(ErrCode::kServerUnknown, "the server's HTTP answer is not understood",
               std::move(what));
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::optional<std::size_t> parse_size(std::string_view text, int base) {
  std::size_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool is_header_safe(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string_view HttpAnswer::header(std::string_view name) const {
  std::string_view found;
  bool seen = false;
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    if (seen) return {};
    seen = true;
    found = value;
  }
  return found;
}

Result<bool> HttpReader::feed(std::string& bytes) {
  if (!bytes.empty()) begun_ = true;
  while (state_ != State::kDone) {
    auto moved = step(bytes);
    if (!moved) return moved;
    if (!*moved) return false;
  }
  return true;
}

// True when something was done, false when more bytes are needed.
Result<bool> HttpReader::step(std::string& bytes) {
  switch (state_) {
    case State::kHead: return read_head(bytes);
    case State::kChunkSize: return read_chunk_size(bytes);
    case State::kTrailer: return read_trailer(bytes);
    case State::kBody: {
      auto count = std::min(left_, bytes.size());
      answer_.body.append(bytes, 0, count);
      bytes.erase(0, count);
      left_ -= count;
      if (left_ > 0) return false;
      state_ = State::kDone;
      return true;
    }
    case State::kChunk: {
      auto count = std::min(left_, bytes.size());
      answer_.body.append(bytes, 0, count);
      bytes.erase(0, count);
      left_ -= count;
      if (left_ > 0 || bytes.size() < 2) return false;
      if (!bytes.starts_with("\r\n")) return bad("a chunk without its end");
      bytes.erase(0, 2);
      state_ = State::kChunkSize;
      return true;
    }
    case State::kDone: break;
  }
  return true;
}

Result<bool> HttpReader::read_head(std::string& bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end > limits_.head_bytes && bytes.size() > limits_.head_bytes) return bad("a head too long");
  if (end == std::string::npos) return false;
  auto parsed = parse_head(std::string_view(bytes).substr(0, end + 2));
  bytes.erase(0, end + 4);
  if (!parsed) return parsed.take_error();
  auto chosen = choose_body();
  if (!chosen) return chosen.take_error();
  return true;
}

Status HttpReader::parse_head(std::string_view head) {
  auto end = head.find("\r\n");
  auto line = head.substr(0, end);
  // "HTTP/1.1 200 OK"; the reason may be missing.
  const bool known = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!known || line.size() < 12 || (line.size() > 12 && line[12] != ' '))
    return bad("no HTTP/1.1 status line");
  auto status = parse_size(line.substr(9, 3), 10);
  if (!status || *status < 100 || *status > 599) return bad("no HTTP status");
  answer_ = HttpAnswer();
  answer_.status = static_cast<int>(*status);
  answer_.keep_alive = line[7] == '1';

  for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
    end = head.find("\r\n");
    line = head.substr(0, end);
    auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
      return bad("a header line that is none");
    auto value = trim(line.substr(colon + 1));
    const bool clean = std::all_of(value.begin(), value.end(), [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    });
    if (!clean) return bad("control characters in a header");
    answer_.headers.emplace_back(lower(line.substr(0, colon)), value);
  }
  return success();
}

Status HttpReader::choose_body() {
  std::optional<std::string_view> length;
  std::optional<std::string_view> coding;
  for (const auto& [name, value] : answer_.headers) {
    if (name == "content-length") {
      if (length) return bad("two lengths");
      length = value;
    } else if (name == "transfer-encoding") {
      if (coding) return bad("two codings");
      coding = value;
    } else if (name == "connection" && lower(value).find("close") != std::string::npos) {
      answer_.keep_alive = false;
    }
  }
  if (length && coding) return bad("a length and chunks");
  if (answer_.status == 100 || answer_.status == 103) {  // the answer itself is yet to come
    if (length || coding) return bad("a body before the answer");
    state_ = State::kHead;
    return success();
  }
  if (answer_.status == 101 || answer_.status == 204 || answer_.status == 304) {
    state_ = State::kDone;
    return success();
  }
  if (coding) {
    if (lower(*coding) != "chunked") return bad("an unknown transfer coding");
    state_ = State::kChunkSize;
    return success();
  }
  if (!length) return bad("a body of unknown length");
  auto size = parse_size(*length, 10);
  if (!size) return bad("a length that is no number");
  if (*size > limits_.body_bytes) return bad("a body too long");
  left_ = *size;
  state_ = State::kBody;
  return success();
}

Result<bool> HttpReader::read_chunk_size(std::string& bytes) {
  auto end = bytes.find("\r\n");
  if (end > kChunkLineBytes && bytes.size() > kChunkLineBytes) return bad("a chunk line too long");
  if (end == std::string::npos) return false;
  auto line = std::string_view(bytes).substr(0, end);
  auto size = parse_size(trim(line.substr(0, line.find(';'))), 16);
  bytes.erase(0, end + 2);
  if (!size) return bad("a chunk without a size");
  if (*size > limits_.body_bytes - answer_.body.size()) return bad("a body too long");
  left_ = *size;
  state_ = left_ == 0 ? State::kTrailer : State::kChunk;
  return true;
}

// Trailers are read over: nothing that we call uses them.
Result<bool> HttpReader::read_trailer(std::string& bytes) {
  auto end = bytes.find("\r\n");
  if (trailer_bytes_ + std::min(end, bytes.size()) > limits_.head_bytes)
    return bad("trailers too long");
  if (end == std::string::npos) return false;
  trailer_bytes_ += end + 2;
  bytes.erase(0, end + 2);
  if (end == 0) state_ = State::kDone;
  return true;
}

}  // namespace linnet::client
