#include "http/compression.hpp"

#include <algorithm>
#include <zlib.h>

namespace linnet::gateway {
namespace {

constexpr int kGzipWindow = 16 + MAX_WBITS;
constexpr int kLevel = 5;
constexpr int kMemory = 8;
constexpr std::size_t kStep = 16 * 1024;

// zlib's pointers are not const where it only reads.
Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

// Ends the stream whichever way the function is left.
struct Inflater {
  Inflater() { ok = inflateInit2(&stream, kGzipWindow) == Z_OK; }
  ~Inflater() {
    if (ok) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  bool ok = false;
};

std::string_view without_spaces(std::string_view text) {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

// "q=0", "q=0.0" and so on: not this one.
bool refused(std::string_view parameter) {
  auto text = without_spaces(parameter);
  if (!text.starts_with("q=") && !text.starts_with("Q=")) return false;
  text.remove_prefix(2);
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0' || c == '.'; });
}

}  // namespace

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Result<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  Inflater inflater;
  if (!inflater.ok) return Error(ErrCode::kServerBusy);
  auto& stream = inflater.stream;
  stream.next_in = input_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  for (int result = Z_OK; result != Z_STREAM_END;) {
    // One byte over the limit shows that there is more.
    const auto before = out.size();
    out.resize(before + std::min(kStep, limit + 1 - before));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > limit)
      return Error(ErrCode::kTooLarge,
                   "a request has at most " + std::to_string(limit) + " bytes, uncompressed");
    if (result != Z_STREAM_END && (result != Z_OK || out.size() == before))
      return Error(ErrCode::kBadRequest, "the body is no gzip, or not all of it");
  }
  if (stream.avail_in > 0) return Error(ErrCode::kBadRequest, "there are bytes behind the gzip");
  return out;
}

bool accepts_gzip(const HttpHeaders& headers, std::string_view name) {
  const auto list = headers.list(name);
  return std::any_of(list.begin(), list.end(), [](std::string_view element) {
    auto semicolon = element.find(';');
    if (!equals_ignoring_case(without_spaces(element.substr(0, semicolon)), "gzip")) return false;
    return semicolon == std::string_view::npos || !refused(element.substr(semicolon + 1));
  });
}

Result<bool> is_gzip(std::string_view encoding) {
  if (encoding.empty() || equals_ignoring_case(encoding, "identity")) return false;
  if (equals_ignoring_case(encoding, "gzip")) return true;
  return Error(ErrCode::kUnimplemented, "the encoding \"" + std::string(encoding.substr(0, 64)) +
                                            "\" is not supported; use gzip or identity");
}

Result<bool> is_gzip(const HttpHeaders& headers, std::string_view name) {
  const auto list = headers.list(name);
  if (list.size() > 1)
    return Error(ErrCode::kUnimplemented,
                 std::string(name) + ": at most one encoding; use gzip or identity");
  return is_gzip(list.empty() ? std::string_view() : list.front());
}

}  // namespace linnet::gateway
