// `linnet backup`, `linnet restore` and `linnet check`.
#pragma once

#include "linnet/app/config.hpp"

namespace linnet::app {

// Says what came of it on stdout, progress and failures on stderr; gives the exit status.
int run_data_command(const Config& config, const DataCommand& command);

}  // namespace linnet::app
