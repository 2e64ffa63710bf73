// The command: runs the scenarios, prints their tables, writes them as JSON.
#include "link.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "scenarios.hpp"

#include "linnet/bench/bench.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

namespace linnet::bench {
namespace {

struct Scenario {
  const char* name;
  Table (*run)(const Options&);
  bool elsewhere = true;  // whether it makes sense with a server that runs already
};

constexpr std::array<Scenario, 13> kScenarios = {{{"start", run_start, false},
                                                  {"calls", run_calls},
                                                  {"store", run_store, false},
                                                  {"direct", run_send},
                                                  {"direct", run_deliver},
                                                  {"durable", run_durable, false},
                                                  {"group", run_group},
                                                  {"large", run_large},
                                                  {"sync", run_sync},
                                                  {"reconnect", run_reconnect},
                                                  {"idle", run_idle},
                                                  {"shards", run_shards, false},
                                                  {"fanout", run_fanout}}};

std::string joined(const std::vector<std::string>& arguments) {
  std::string line = "linnet bench";
  for (const auto& argument : arguments)
    line += " " + argument;
  return line;
}

bool write_json(const std::string& path, const nlohmann::json& results) {
  std::ofstream file(path);
  file << results.dump(2) << '\n';
  if (file.flush()) return true;
  std::fprintf(stderr, "linnet bench: cannot write %s\n", path.c_str());
  return false;
}

Nanos cpu_of_peers(const Options& options) {
  Nanos sum = 0;
  for (const auto& peer : options.peers)
    if (peer.pid) sum += cpu_of(*peer.pid);
  return sum;
}

int run_scenarios(const Options& options, const std::string& command) {
  catch_signals();
  raise_file_limit();
  if (!options.dir.empty()) setenv("TMPDIR", options.dir.c_str(), 1);  // NOLINT: one thread
  auto machine = describe_machine(std::filesystem::temp_directory_path());
  std::printf("linnet %s, %s build\n%s\n%s\n\n", LINNET_VERSION, LINNET_BUILD_TYPE, machine.c_str(),
              command.c_str());
  std::fflush(stdout);
  nlohmann::json results{{"version", LINNET_VERSION},
                         {"build_type", LINNET_BUILD_TYPE},
                         {"machine", machine},
                         {"command", command},
                         {"scenarios", nlohmann::json::array()}};
  bool good = true;
  for (const auto& scenario : kScenarios) {
    if (!options.wants(scenario.name)) continue;
    if (options.elsewhere() && !scenario.elsewhere) {
      std::printf("%s: needs a server of its own, left out\n\n", scenario.name);
      continue;
    }
    show_progress(scenario.name);
    const auto peers_before = cpu_of_peers(options);
    ForeignCpu foreign;
    auto table = scenario.run(options);
    if (!options.elsewhere())
      table.set_foreign_cpu(foreign.share(cpu_of_peers(options) - peers_before));
    end_progress();
    std::printf("%s\n", table.text().c_str());
    std::fflush(stdout);
    results["scenarios"].push_back(table.json());
    good = good && table.good();
  }
  if (!options.json.empty() && !write_json(options.json, results)) return 1;
  return good ? 0 : 1;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  try {
    auto parsed = parse_options(arguments);
    if (!parsed.text.empty()) {
      std::fputs(parsed.text.c_str(), parsed.failed ? stderr : stdout);
      return parsed.failed ? 2 : 0;
    }
    return run_scenarios(parsed.options, joined(arguments));
  } catch (const Interrupted&) {
    end_progress();
    return 130;
  } catch (const std::exception& error) {
    end_progress();
    std::fprintf(stderr, "linnet bench: %s\n", error.what());
    return 1;
  }
}

}  // namespace linnet::bench
