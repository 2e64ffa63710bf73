#include "setting_kinds.hpp"

#include "linnet/wire/websocket.hpp"

#include <algorithm>

namespace linnet::app {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_plain_text(std::string_view value) {
  return wire::is_utf8(value) && std::none_of(value.begin(), value.end(), is_control);
}

}  // namespace linnet::app
