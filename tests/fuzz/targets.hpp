// The fuzz targets: each takes any bytes and throws when a promise of the wire module is broken.
// fuzzer.cpp makes a libFuzzer program of each; tests/unit/wire/corpus_test.cpp feeds them the
// files of corpus/.
#pragma once

#include <string_view>

namespace linnet::fuzz {

// Packets are the same however the bytes are cut, and encode back to the bytes they came from.
void tcp_framing(std::string_view input);
// Events are the same however the bytes are cut.
void ws_decoder(std::string_view input);
// What was accepted once comes out and goes in again as the same packet.
void packet_json(std::string_view input);
void request_json(std::string_view input);
// A push is what protobuf's own serializer and packet_to_json make of the same Output.
void push(std::string_view input);

}  // namespace linnet::fuzz
