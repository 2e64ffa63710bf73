// The scenarios: each starts servers of its own, measures, and says what it found. They throw when
// the server fails or the run is interrupted.
#pragma once

#include "options.hpp"
#include "report.hpp"

namespace linnet::bench {

Table run_fanout(const Options& options);
Table run_shards(const Options& options);
Table run_durable(const Options& options);
Table run_send(const Options& options);
Table run_deliver(const Options& options);
Table run_group(const Options& options);
Table run_large(const Options& options);
Table run_sync(const Options& options);
Table run_reconnect(const Options& options);
Table run_idle(const Options& options);
Table run_calls(const Options& options);
Table run_start(const Options& options);
Table run_store(const Options& options);

}  // namespace linnet::bench
