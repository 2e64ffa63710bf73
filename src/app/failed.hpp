// How a command of the operator's says that it did not come to its end.
#pragma once

#include "linnet/base/error.hpp"

namespace linnet::app {

// Says why on stderr; gives the exit status.
int failed(const Error& error);

}  // namespace linnet::app
