// The conformance service: answers what the request tells it to, and says what it saw.
#pragma once

#include "linnet/api/methods.hpp"

namespace linnet::conformance {

void add_methods(api::MethodTable& table);

}  // namespace linnet::conformance
