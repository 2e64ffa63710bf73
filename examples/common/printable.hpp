// What others wrote, made harmless for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace linnet::example {

// `text` on one line: control characters, those that change the direction of writing, and bytes
// that are no UTF-8 are replaced, so that a message can neither drive the terminal nor pass for
// another line.
std::string printable(std::string_view text);

}  // namespace linnet::example
