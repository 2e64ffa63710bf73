// Lists of numbers as blobs.
#include "packing.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::store;

TEST_CASE("what is packed is unpacked alike") {
  for (std::int64_t number : {INT64_C(0), INT64_C(1), INT64_C(127), INT64_C(128), INT64_C(16383),
                              INT64_C(16384), INT64_MAX, INT64_C(-1), INT64_MIN}) {
    std::string blob;
    pack(blob, number);
    std::string_view rest = blob;
    CHECK(unpack(rest) == number);
    CHECK(rest.empty());
  }
  CHECK(unpack_users(pack_users({UserId(1), UserId(300)})) ==
        std::vector<UserId>{UserId(1), UserId(300)});
}

TEST_CASE("a cut or overlong blob is known as damaged") {
  std::string pair;
  pack(pair, 300);
  CHECK_FALSE(unpack_recipients(pair));
  pack(pair, 7);
  CHECK(unpack_recipients(pair) == std::vector<Placed>{{UserId(300), Seq(7)}});
  CHECK_FALSE(unpack_users("\x80"));
  CHECK_FALSE(unpack_users(std::string(11, '\xff')));
}
