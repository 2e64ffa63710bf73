// `linnet key`: makes, lists and revokes API keys in the data directory, whether a server runs on
// it or not.
#pragma once

#include "linnet/app/config.hpp"

#include <string>
#include <vector>

namespace linnet::app {

// The names of pb.Scope as the command line has them: "messages" and so on.
const std::vector<std::string>& scope_names();

// Says what came of it on stdout, failures on stderr; gives the exit status.
int run_key_command(const Config& config, const KeyCommand& command);

}  // namespace linnet::app
