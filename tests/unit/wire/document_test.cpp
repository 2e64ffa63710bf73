// The tables of docs/protocol.md name every packet type, message type, error code and close code
// that there is.
#include "pb/conn.ext.pb.h"
#include "pb/linnet.pb.h"

#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

#include <fstream>
#include <iterator>
#include <string>

using namespace linnet;

namespace {

std::string read_document() {
  std::ifstream file(std::string(LINNET_SOURCE_DIR) + "/docs/protocol.md");
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

}  // namespace

TEST_CASE("the document lists every packet type and message type with its number") {
  const std::string document = read_document();
  for (const auto* values : {pb::PackageType_descriptor(), pb::MessageType_descriptor()}) {
    for (int i = 0; i < values->value_count(); ++i) {
      const auto* value = values->value(i);
      if (value->number() == 0) continue;
      CAPTURE(value->name());
      CHECK(has(document, "\n| " + value->name() + " | " + std::to_string(value->number()) + " |"));
    }
  }
}

TEST_CASE("the document lists every error code with its number") {
  const std::string document = read_document();
  const auto* codes = pb::ErrCode_descriptor();
  for (int i = 0; i < codes->value_count(); ++i) {
    const auto* value = codes->value(i);
    CAPTURE(value->name());
    CHECK(has(document, "\n| " + std::to_string(value->number()) + " | " + value->name() + " |"));
  }
}

TEST_CASE("the document lists every close code that the server sends") {
  const std::string document = read_document();
  using wire::CloseCode;
  for (auto code :
       {CloseCode::kNormal, CloseCode::kGoingAway, CloseCode::kProtocolError,
        CloseCode::kInvalidPayload, CloseCode::kTooBig, CloseCode::kIdle, CloseCode::kTryAgain,
        CloseCode::kUnauthorized, CloseCode::kBadPacket, CloseCode::kReplaced}) {
    std::string number = std::to_string(static_cast<unsigned>(code));
    CAPTURE(number);
    CHECK(has(document, "\n| " + number + " | "));
  }
}
