// The base module does not link protobuf, so the two lists of error codes are compared here.
#include "pb/linnet.pb.h"

#include "linnet/base/error.hpp"

#include <catch2/catch.hpp>
#include <google/protobuf/descriptor.h>

using namespace linnet;

TEST_CASE("every error code of the protocol has the same number, a name and a sentence here") {
  const auto* codes = pb::ErrCode_descriptor();
  REQUIRE(codes->value_count() > 12);
  for (int i = 0; i < codes->value_count(); ++i) {
    const auto* value = codes->value(i);
    auto code = static_cast<ErrCode>(value->number());
    CAPTURE(value->name());
    CHECK(name(code) == value->name());
    if (value->number() != 0) CHECK_FALSE(default_message(code).empty());
    if (value->number() != 0) CHECK(default_message(code) != default_message(ErrCode(1)));
  }
}

TEST_CASE("every error code here is one of the protocol") {
  int known = 0;
  for (int number = 0; number < 10000; ++number) {
    bool here = name(static_cast<ErrCode>(number)) != "EC_UNKNOWN";
    CHECK(here == pb::ErrCode_IsValid(number));
    if (here) ++known;
  }
  CHECK(known == pb::ErrCode_descriptor()->value_count());
}
