#include "data_command.hpp"

#include "config_table.hpp"
#include "failed.hpp"

#include "linnet/base/random.hpp"
#include "linnet/store/copies.hpp"

#include <chrono>
#include <cstdio>

namespace linnet::app {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{500};

// A line on stderr twice a second.
store::Progress progress(const char* doing) {
  auto next = std::chrono::steady_clock::now() + kBetweenLines;
  return [doing, next](std::int64_t done, std::int64_t all) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now < next || all == 0) return;
    next = now + kBetweenLines;
    std::fprintf(stderr, "%s: %lld %%\n", doing, static_cast<long long>(done * 100 / all));
  };
}

int back_up(const Config& config, const DataCommand& command) {
  auto copied = store::back_up(config.server.data_dir, command.other, progress("backing up"));
  if (!copied) return failed(copied.error());
  std::printf("%lld messages, %lld bytes, schema %lld: backed up to %s\n",
              static_cast<long long>(copied->messages), static_cast<long long>(copied->bytes),
              static_cast<long long>(copied->schema), command.other.c_str());
  return 0;
}

int restore(const Config& config, const DataCommand& command) {
  auto copied =
      store::restore(command.other, config.server.data_dir, command.replace, progress("restoring"));
  if (!copied) return failed(copied.error());
  std::printf("%lld messages, schema %lld: restored to %s under a new epoch\n",
              static_cast<long long>(copied->messages), static_cast<long long>(copied->schema),
              config.server.data_dir.c_str());
  if (!copied->aside.empty()) std::printf("what was there is in %s\n", copied->aside.c_str());
  return 0;
}

int check(const Config& config) {
  auto checked = store::check(config.server.data_dir, progress("checking"));
  if (!checked) return failed(checked.error());
  for (const auto& problem : checked->problems)
    std::printf("%s\n", on_one_line(problem).c_str());
  std::printf("%lld messages, %lld inbox entries, schema %lld: %s\n",
              static_cast<long long>(checked->messages), static_cast<long long>(checked->entries),
              static_cast<long long>(checked->schema),
              checked->problems.empty() ? "sound" : "damaged, restore a backup");
  return checked->problems.empty() ? 0 : kExitFailure;
}

}  // namespace

int run_data_command(const Config& config, const DataCommand& command) {
  if (!init_random())
    return failed(Error(ErrCode::kServerUnknown, "the system gives no randomness"));
  switch (command.verb) {
    case DataCommand::Verb::kBackUp: return back_up(config, command);
    case DataCommand::Verb::kRestore: return restore(config, command);
    case DataCommand::Verb::kCheck: return check(config);
  }
  return kExitFailure;
}

}  // namespace linnet::app
