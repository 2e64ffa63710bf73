// Protobuf read by hand, since its objects would cost more than all the rest of the generator.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace linnet::bench {

// The fields of a message, one after the other. Throws when it is malformed.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool next() {
    if (bytes_.empty()) return false;
    auto key = varint();
    number_ = key >> 3U;
    view_ = {};
    value_ = 0;
    switch (key & 7U) {
      case 0: value_ = varint(); break;
      case 1: skip(8); break;
      case 2: view_ = skip(varint()); break;
      case 5: skip(4); break;
      default: malformed();
    }
    return true;
  }
  std::uint64_t number() const { return number_; }
  std::int64_t value() const { return static_cast<std::int64_t>(value_); }
  std::string_view view() const { return view_; }

 private:
  [[noreturn]] static void malformed() { throw std::runtime_error("malformed protobuf"); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    malformed();
  }
  std::string_view skip(std::uint64_t count) {
    if (count > bytes_.size()) malformed();
    auto skipped = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return skipped;
  }

  std::string_view bytes_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::string_view view_;
};

}  // namespace linnet::bench
