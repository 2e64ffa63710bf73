// linnet-bench: runs the scenarios, prints their tables, writes them as JSON.
#include "link.hpp"
#include "measure.hpp"
#include "options.hpp"
#include "scenarios.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace linnet::bench;

struct Scenario {
  const char* name;
  Table (*run)(const Options&);
};

constexpr std::array<Scenario, 6> kScenarios = {{{"start", run_start},
                                                 {"send", run_send},
                                                 {"deliver", run_deliver},
                                                 {"heartbeat", run_heartbeat},
                                                 {"idle", run_idle},
                                                 {"fanout", run_fanout}}};

std::string joined(const std::vector<std::string>& arguments) {
  std::string line = "linnet-bench";
  for (const auto& argument : arguments)
    line += " " + argument;
  return line;
}

int run(const Options& options, const std::string& command) {
  catch_signals();
  raise_file_limit();
  if (!options.dir.empty()) setenv("TMPDIR", options.dir.c_str(), 1);
  auto machine = describe_machine(std::filesystem::temp_directory_path());
  std::printf("linnet %s, %s build\n%s\n%s\n\n", LINNET_VERSION, LINNET_BUILD_TYPE, machine.c_str(),
              command.c_str());
  nlohmann::json results{{"version", LINNET_VERSION},
                         {"build_type", LINNET_BUILD_TYPE},
                         {"machine", machine},
                         {"command", command},
                         {"scenarios", nlohmann::json::array()}};
  bool good = true;
  for (const auto& scenario : kScenarios) {
    if (!options.wants(scenario.name)) continue;
    ForeignCpu foreign;
    auto table = scenario.run(options);
    table.set_foreign_cpu(foreign.share());
    std::printf("%s\n", table.text().c_str());
    std::fflush(stdout);
    results["scenarios"].push_back(table.json());
    good = good && table.good();
  }
  if (!options.json.empty()) {
    std::ofstream file(options.json);
    file << results.dump(2) << '\n';
    if (!file.flush()) {
      std::fprintf(stderr, "linnet-bench: cannot write %s\n", options.json.c_str());
      return 1;
    }
  }
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    auto parsed = parse_options(arguments);
    if (!parsed.text.empty()) {
      std::fputs(parsed.text.c_str(), parsed.failed ? stderr : stdout);
      return parsed.failed ? 2 : 0;
    }
    return run(parsed.options, joined(arguments));
  } catch (const Interrupted&) {
    return 130;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "linnet-bench: %s\n", error.what());
    return 1;
  }
}
