// The server under load: this executable as a child on a temporary directory, or one that runs
// already.
#pragma once

#include "measure.hpp"
#include "options.hpp"
#include "peer.hpp"
#include "process.hpp"
#include "report.hpp"

#include "linnet/base/temp_dir.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace linnet::bench {

// Where users are signed up, and how.
struct Site {
  Doors doors;
  std::string code;               // with which every phone number signs in
  std::uint64_t first_phone = 0;  // that nobody has
};

// A child ends, and its directory goes, however this goes out of scope.
class Server {
 public:
  // `settings`, each KEY=VALUE, give way to those of the options. They are for a child only.
  explicit Server(const Options& options, const std::vector<std::string>& settings = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Whether it is a child. Only then there are a restart, a directory and a time to ready.
  bool own() const { return !options_.elsewhere(); }
  // The same data, a new process; on files of which the kernel has nothing in memory, if that is
  // wanted.
  enum class Caches : std::uint8_t { kKept, kEmptied };
  void restart(Caches caches = Caches::kKept);
  // Waits until it has nothing left to do (the index is built behind the log), a minute at most.
  void settle() const;
  const std::filesystem::path& directory() const { return dir_->path(); }
  // From before the start to when it serves.
  Nanos time_to_ready() const { return time_to_ready_; }

  Site site() const;
  Doors doors() const;
  // Nothing of a server elsewhere whose process is not known.
  std::optional<pid_t> pid() const;
  std::optional<Nanos> cpu() const;
  std::optional<Memory> memory() const;

 private:
  void start();

  const Options& options_;
  std::unique_ptr<TempDir> dir_;
  std::vector<std::string> arguments_;
  std::unique_ptr<Process> process_;
  Nanos time_to_ready_ = 0;
};

// What server and generator have used since construction, in microseconds for each of `count`.
class CpuMeter {
 public:
  explicit CpuMeter(const Server& server)
      : server_(server), server_before_(server.cpu()), before_(own_cpu()) {}
  Cell server_us(double count) const;
  Cell generator_us(double count) const;

 private:
  const Server& server_;
  std::optional<Nanos> server_before_;
  Nanos before_;
};

// Says below the table what memory the server has now.
void note_memory(Table& table, const Server& server);

// A cell of what is not known.
inline const Cell kUnknown = std::string("-");

}  // namespace linnet::bench
