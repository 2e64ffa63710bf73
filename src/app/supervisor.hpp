// Whoever starts the process and looks after it, as systemd does: the sockets that it holds open
// across restarts (sd_listen_fds(3)), and what it is told of them (sd_notify(3)).
#pragma once

#include "linnet/base/error.hpp"

#include <string_view>
#include <vector>

namespace linnet::app {

// The descriptors from 3 on that LISTEN_FDS counts, when LISTEN_PID is this process; the caller's,
// and no child's. What the environment says of them is taken out of it. Error: kBadRequest, one of
// them is no TCP socket that listens. Thread: main's, before there are others.
Result<std::vector<int>> inherited_sockets();

// Sends `state`, "READY=1" or "STOPPING=1", to NOTIFY_SOCKET; without one, or nobody there,
// nothing.
void tell_supervisor(std::string_view state);

}  // namespace linnet::app
