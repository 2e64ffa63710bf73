// `linnet call`: calls any method of a running server by name, over HTTP.
#pragma once

#include "linnet/app/config.hpp"

namespace linnet::app {

// Prints the answer as JSON on stdout, a failure's number, name and sentence on stderr; gives the
// exit status: kExitUsage for what cannot be sent, kExitFailure for what the server refused.
int run_call_command(const CallCommand& command);

}  // namespace linnet::app
