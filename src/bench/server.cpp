#include "server.hpp"

#include "people.hpp"

#include <chrono>
#include <fcntl.h>
#include <unistd.h>

namespace linnet::bench {
namespace {

constexpr const char* kCode = "424242";
constexpr std::uint64_t kFirstPhone = 13'000'000'000;

// Another one at each moment.
std::uint64_t phone_of_now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(wall).count();
  return kFirstPhone + static_cast<std::uint64_t>(millis) % 1'000'000'000;
}

// The kernel keeps none of the files' contents.
void forget_files(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const int file = ::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    // What is not on disk yet would stay.
    fdatasync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
}

}  // namespace

Server::Server(const Options& options, const std::vector<std::string>& settings)
    : options_(options) {
  if (!own()) return;
  dir_ = std::make_unique<TempDir>();
  arguments_ = {"/proc/self/exe", "--data-dir",  (dir_->path() / "data").string(),
                "--tcp-listen",   "127.0.0.1:0", "--http-listen",
                "127.0.0.1:0",    "--dev-code",  kCode};
  std::vector<std::string> all{"grpc.listen=", "limits.enabled=false",
                               "logic.require_friendship=false", "server.log_level=warn",
                               "http.metrics=true"};
  all.insert(all.end(), settings.begin(), settings.end());
  all.insert(all.end(), options.settings.begin(), options.settings.end());
  for (const auto& setting : all)
    arguments_.insert(arguments_.end(), {"--set", setting});
  start();
}

Server::~Server() {
  if (!dir_) return;
  process_.reset();
  const auto parent = dir_->path().parent_path();
  dir_.reset();
  // A file system that tells the disk what is free (ext4's discard) does so with its next commit,
  // which would be the next scenario's: stalls of a second were seen.
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::syncfs(folder);
  ::close(folder);
}

void Server::start() {
  const auto begin = now();
  process_ = std::make_unique<Process>(arguments_, (dir_->path() / "log").string(),
                                       std::vector<std::string>{"tcp", "http"});
  time_to_ready_ = now() - begin;
}

void Server::restart(Caches caches) {
  process_->stop();
  if (caches == Caches::kEmptied) forget_files(directory());
  start();
}

void Server::settle() const {
  constexpr double kLook = 0.5;  // seconds
  constexpr double kAtRest = 0.05;
  for (const auto deadline = now() + 60 * kSecond; now() < deadline;) {
    const auto before = cpu();
    rest(kLook);
    const auto after = cpu();
    if (!before || !after) return;
    if (static_cast<double>(*after - *before) < kAtRest * kLook * static_cast<double>(kSecond))
      return;
  }
}

Site Server::site() const {
  if (own()) return {doors(), kCode, kFirstPhone};
  return {doors(), options_.code, phone_of_now()};
}

Doors Server::doors() const {
  if (own()) return {loopback(process_->port(0)), loopback(process_->port(1))};
  return {options_.tcp, options_.http.value()};
}

std::optional<pid_t> Server::pid() const {
  if (own()) return process_->pid();
  return options_.pid;
}

std::optional<Nanos> Server::cpu() const {
  const auto process = pid();
  if (!process) return std::nullopt;
  return cpu_of(*process);
}

std::optional<Memory> Server::memory() const {
  const auto process = pid();
  if (!process) return std::nullopt;
  return memory_of(*process);
}

void note_memory(Table& table, const Server& server) {
  const auto memory = server.memory();
  if (memory)
    table.note("the server's memory in the end: " + fixed(memory->rss / 1e6, 1) + " MB RSS");
}

Cell CpuMeter::server_us(double count) const {
  const auto after = server_.cpu();
  if (!after || !server_before_) return kUnknown;
  return static_cast<double>(*after - *server_before_) / count / 1e3;
}

Cell CpuMeter::generator_us(double count) const {
  return static_cast<double>(own_cpu() - before_) / count / 1e3;
}

}  // namespace linnet::bench
