// What one damaged byte of a database may change of what is served without being noticed.
#pragma once

#include "linnet/store/types.hpp"

#include <string>

namespace linnet::test {

// The message has another value in one place, or another byte within its content.
bool differs_by_one_byte(const store::Message& sent, const store::Message& served);

// Of lines: one is another, missing or new.
bool differs_by_one_line(const std::string& known, const std::string& served);

}  // namespace linnet::test
