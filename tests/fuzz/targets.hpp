// The fuzz targets: each takes any bytes and throws when a promise of the wire module is broken.
// fuzzer.cpp makes a libFuzzer program of each; tests/unit/wire/corpus_test.cpp feeds them the
// files of corpus/.
#pragma once

#include <stdexcept>
#include <string_view>

namespace linnet::fuzz {

inline void promise(bool held, const char* what) {
  if (!held) throw std::logic_error(what);
}

// Packets are the same however the bytes are cut, and encode back to the bytes they came from.
void tcp_framing(std::string_view input);
// Events are the same however the bytes are cut.
void ws_decoder(std::string_view input);
// What was accepted once comes out and goes in again as the same packet.
void packet_json(std::string_view input);
void request_json(std::string_view input);
// A push is what protobuf's own serializer and packet_to_json make of the same Output.
void push(std::string_view input);

// door_targets.cpp:
// A request's head and body as they come from a socket, through all that looks at them before a
// method does: framing, handshake, credentials, deadlines, queries.
void http_request(std::string_view input);
// The request of each method, as protobuf and as JSON: what is taken comes out as it went in.
void methods(std::string_view input);
// URLs, JSON Web Tokens, tokens and numbers as they stand in headers.
void credentials(std::string_view input);
// A configuration file: what is taken can be written and read again, a mistake is one plain line.
void toml(std::string_view input);

// body_targets.cpp:
// A compressed body: what comes out is never over its limit, and the same however it is cut; a part
// of it, or something behind it, is never taken for the whole.
void gunzip(std::string_view input);
// A body of gRPC-Web, or one frame of a Connect stream: the same message in binary and in base64
// however that is cut, within the limit; and what is said of a mistake in it is trailers.
void grpc_web(std::string_view input);
// A question of gRPC's reflection: an answer that its clients can read, files before those that
// need them.
void reflection(std::string_view input);

// answer_target.cpp:
// An HTTP answer of a server that may not mean well, as the client library and as the server reads
// it: what is taken is the same however the bytes are cut, and within the limits.
void http_answer(std::string_view input);

// session_target.cpp:
// A script of what happens to a long connection, its bytes among that: nobody is let in unproved,
// nothing is said or asked after the end, the device sees its inbox once and in order.
void long_connection(std::string_view input);

// database_target.cpp:
// Changes to a sound database of any schema: it is refused with a sentence, or opened, and then
// whatever is read is whole and in order, and what is acknowledged is there.
void database(std::string_view input);

}  // namespace linnet::fuzz
