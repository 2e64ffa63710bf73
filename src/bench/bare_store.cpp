#include "bare_store.hpp"

#include "process.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace linnet::bench {
namespace {

constexpr int kReadings = 50;

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text)
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::optional<BareStore> run(const std::vector<std::string>& arguments) {
  const auto program = beside_this("linnet-store-floor");
  if (!std::filesystem::exists(program)) return std::nullopt;
  auto line = quoted(program);
  for (const auto& argument : arguments)
    line += ' ' + quoted(argument);
  auto* output = ::popen(line.c_str(), "r");  // NOLINT(cert-env33-c): a program of ours, quoted
  if (output == nullptr) return std::nullopt;
  BareStore found;
  const int read = std::fscanf(output, "%lf %lf %lf %lf", &found.messages_per_s, &found.p50_ms,
                               &found.p99_ms, &found.cpu_us_per_message);
  if (::pclose(output) != 0 || read != 4) return std::nullopt;
  return found;
}

}  // namespace

std::optional<BareStore> write_barely(const std::filesystem::path& directory, std::size_t batch,
                                      double seconds, std::size_t payload) {
  const auto place = directory / "bare";
  std::filesystem::create_directory(place);
  auto found = run({"write", place.string(), std::to_string(batch), std::to_string(seconds),
                    std::to_string(payload)});
  std::error_code ignored;
  std::filesystem::remove_all(place, ignored);
  return found;
}

std::optional<BareStore> read_barely(const std::filesystem::path& database, std::int64_t inbox,
                                     std::size_t count) {
  return run({"read", database.string(), std::to_string(inbox), std::to_string(count),
              std::to_string(kReadings)});
}

}  // namespace linnet::bench
