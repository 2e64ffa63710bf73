// The bodies of the fuzz targets of what is packed around a request's message: gzip, the frames of
// gRPC-Web and of Connect's streams; and of the questions of gRPC's reflection.
#include "fuzz/targets.hpp"
#include "grpc/reflection.hpp"
#include "grpc/status.hpp"
#include "http/codec.hpp"
#include "http/compression.hpp"
#include "http/encoding.hpp"
#include "http/envelope.hpp"
#include "http/grpc_web.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/linnet.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/reflection.pb.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <zlib.h>

namespace linnet::fuzz {
namespace {

// What steers a target stands before what it eats.
std::size_t take_number(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

// By zlib itself, `chunk` bytes at a time; nothing when that is no gzip, not all of one, or more
// than one, or gives over `limit` bytes.
std::optional<std::string> inflate_in_pieces(std::string_view input, std::size_t chunk,
                                             std::size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return std::nullopt;
  std::string out;
  std::array<Bytef, 64> buffer{};
  int result = Z_OK;
  while (result == Z_OK && (stream.avail_in > 0 || !input.empty()) && out.size() <= limit) {
    std::string piece(input.substr(0, chunk));
    input.remove_prefix(piece.size());
    stream.next_in = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_in = static_cast<uInt>(piece.size());
    do {
      stream.next_out = buffer.data();
      stream.avail_out = static_cast<uInt>(buffer.size());
      result = inflate(&stream, Z_NO_FLUSH);
      out.append(reinterpret_cast<char*>(buffer.data()), buffer.size() - stream.avail_out);
    } while (result == Z_OK && stream.avail_out == 0 && out.size() <= limit);
    // It waits for more input, of which there is.
    if (result == Z_BUF_ERROR && !input.empty()) result = Z_OK;
    if (result == Z_OK && stream.avail_in > 0) break;
  }
  const bool whole = result == Z_STREAM_END && stream.avail_in == 0 && input.empty();
  inflateEnd(&stream);
  if (!whole || out.size() > limit) return std::nullopt;
  return out;
}

void expect_refusal(const Error& error) {
  const auto code = error.code();
  promise(
      code == ErrCode::kBadRequest || code == ErrCode::kTooLarge || code == ErrCode::kUnimplemented,
      "an error with another code");
}

struct WebRead {
  ErrCode code = ErrCode::kSuccess;
  std::string message;
  bool operator==(const WebRead&) const = default;
};

WebRead read_web(const std::string& type, std::string_view encoding, std::string_view body,
                 std::size_t limit) {
  gateway::HttpRequest request;
  request.method = "POST";
  request.headers.add("Content-Type", type);
  if (!encoding.empty()) request.headers.add("Grpc-Encoding", encoding);
  request.body = body;
  const auto* form = gateway::grpc_web_form(request);
  promise(form != nullptr, "a content type of gRPC-Web is not known");
  pb::SendMessageReq message;
  std::size_t size = 0;
  const auto read = gateway::read_grpc_web(request, *form, limit, message, size);
  promise(size <= limit, "more bytes were read than the limit");
  if (read) return {ErrCode::kSuccess, message.SerializeAsString()};
  expect_refusal(read.error());
  return {read.code(), {}};
}

// In base64 piece by piece, each with its own padding.
std::string in_base64(std::string_view bytes, std::size_t chunk) {
  std::string text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(chunk, bytes.size())))
    text += gateway::base64_encode(bytes.substr(0, chunk), true);
  return text;
}

// What the trailers say of an error whose sentence quotes a client.
void check_trailers(std::string_view quoted) {
  const Error error(ErrCode::kBadRequest, std::string(quoted.substr(0, 100)));
  std::string frame;
  gateway::append_grpc_trailers(&error, "a name", frame);
  promise(frame.size() > gateway::kEnvelopeHead &&
              static_cast<unsigned char>(frame.front()) == gateway::kGrpcTrailers,
          "trailers that are no frame of trailers");
  std::string_view rest = std::string_view(frame).substr(gateway::kEnvelopeHead);
  std::optional<std::string> details;
  for (std::size_t lines = 0; !rest.empty(); ++lines) {
    const auto end = rest.find("\r\n");
    promise(end != std::string_view::npos && lines < 3, "trailers that a client would break");
    const auto line = rest.substr(0, end);
    promise(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }),
            "a trailer that is not printable");
    constexpr std::string_view kDetails = "grpc-status-details-bin: ";
    if (line.starts_with(kDetails)) details = gateway::base64_decode(line.substr(kDetails.size()));
    rest.remove_prefix(end + 2);
  }
  pb::RpcStatus status;
  promise(details && status.ParseFromString(*details), "details that no client can read");
}

}  // namespace

void gunzip(std::string_view input) {
  const auto limit = take_number(input) * 64;
  const auto chunk = take_number(input) + 1;
  const auto whole = gateway::gunzip(input, limit);
  const auto pieces = inflate_in_pieces(input, chunk, limit);
  promise(whole.ok() == pieces.has_value(), "a body is taken or not by how its bytes are cut");
  pb::SendMessageReq message;
  std::size_t size = 0;
  const auto unpacked =
      gateway::unpack({gateway::Codec::kProto, true, limit}, input, message, size);
  promise(size <= limit, "more bytes were unpacked than the limit");
  if (!whole) {
    expect_refusal(whole.error());
    promise(input.empty() || !unpacked, "a message of what is no gzip");
    return;
  }
  promise(*whole == *pieces, "what comes out depends on how the bytes were cut");
  promise(whole->size() <= limit, "more bytes than the limit");
  promise(gateway::gunzip(input, whole->size()).ok(), "refused though it fits exactly");
  if (!whole->empty())
    promise(gateway::gunzip(input, whole->size() - 1).code() == ErrCode::kTooLarge,
            "a byte over the limit is taken");
  for (std::size_t cut = 0; cut < input.size(); cut += input.size() / 16 + chunk)
    promise(!gateway::gunzip(input.substr(0, cut), limit), "a part is taken for the whole");
  promise(!gateway::gunzip(std::string(input) + "x", limit), "what stands behind it is overlooked");
  promise(*gateway::gunzip(gateway::gzip(*whole), limit) == *whole,
          "bytes have changed on the way");
}

void grpc_web(std::string_view input) {
  const auto steer = take_number(input);
  const auto limit = take_number(input) * 16;
  const auto chunk = steer % 16 + 1;
  const std::string json = (steer & 16U) != 0 ? "+json" : "+proto";
  const auto line = std::min(input.find('\n'), input.size());
  const auto encoding = (steer & 32U) != 0 ? std::string_view("gzip") : input.substr(0, line);
  const auto body = input.substr(std::min(line + 1, input.size()));

  const auto read = read_web("application/grpc-web" + json, encoding, body, limit);
  // A body in base64 that is over the limit is not unpacked to see what else is wrong with it.
  if (const auto text = in_base64(body, chunk); text.size() <= gateway::largest_body(limit))
    promise(read_web("application/grpc-web-text" + json, encoding, text, limit) == read,
            "base64, and how it is cut, makes another message");
  read_web("application/grpc-web-text" + json, encoding, body, limit);

  const auto envelope = gateway::only_envelope(body);
  if (envelope) {
    std::string again;
    gateway::append_envelope(envelope->flags, envelope->payload, again);
    promise(again == body, "a frame has changed on the way");
    for (std::size_t cut = 0; cut < body.size(); cut += chunk)
      promise(!gateway::only_envelope(body.substr(0, cut)), "a part is taken for the frame");
    promise(!gateway::only_envelope(std::string(body) + "x"), "a frame with something behind it");
  } else {
    expect_refusal(envelope.error());
  }
  promise(read.code != ErrCode::kSuccess || (envelope && envelope->payload.size() <= limit),
          "a message of no frame, or over the limit");
  if (const auto gzip = gateway::is_gzip(encoding); !gzip) check_trailers(gzip.error().message());
  check_trailers(encoding);
}

void reflection(std::string_view input) {
  namespace asked = grpc::reflection::v1alpha;
  static const auto table = [] {
    api::MethodTable made;
    made.add_stream<pb::SyncInput, pb::Message>("/pb.LogicExt/Receive");
    return made;
  }();
  std::string bytes;
  asked::ServerReflectionRequest question;
  const bool readable = question.ParseFromArray(input.data(), static_cast<int>(input.size()));
  promise(gateway::answer_reflection(table, input, bytes) == readable,
          "a question is answered that is none, or the other way round");
  if (!readable) return;
  asked::ServerReflectionResponse answer;
  promise(answer.ParseFromString(bytes), "an answer that no client can read");
  promise(answer.original_request().SerializeAsString() == question.SerializeAsString(),
          "an answer to another question");
  if (answer.has_error_response()) {
    const auto code = answer.error_response().error_code();
    promise(code == 5 || code == 12, "an error with another code");
    return;
  }
  if (answer.has_list_services_response()) {
    promise(answer.list_services_response().service_size() == 2, "services that are not there");
    return;
  }
  std::set<std::string> before;
  for (const auto& file : answer.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto described;
    promise(described.ParseFromString(file), "a file that no client can read");
    for (const auto& needed : described.dependency())
      promise(before.contains(needed), "a file that comes before what it needs");
    promise(before.insert(described.name()).second, "a file twice");
  }
  promise(!before.empty(), "neither an error nor an answer");
}

}  // namespace linnet::fuzz
