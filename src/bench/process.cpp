#include "process.hpp"

#include "measure.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace linnet::bench {
namespace {

constexpr Nanos kPatience = 60 * kSecond;

// The port in a line "NAME HOST:PORT"; 0 while there is none.
std::uint16_t find_port(const std::string& output, const std::string& name) {
  const auto at = ("\n" + output).find("\n" + name + " ");
  if (at == std::string::npos) return 0;
  const auto end = output.find('\n', at);
  if (end == std::string::npos) return 0;
  const auto line = output.substr(at, end - at);
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// Between fork and exec.
[[noreturn]] void become(const std::vector<char*>& argv, int output, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  if (getppid() != parent) _exit(1);
  const int nothing = ::open("/dev/null", O_RDONLY);
  dup2(nothing, 0);
  dup2(output, 1);
  dup2(log, 2);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const std::string& log_path,
                 const std::vector<std::string>& names)
    : ports_(names.size()) {
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const auto& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0 || pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("cannot start " + arguments[0]);
  const auto parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(argv, ends[1], log, parent);
  ::close(log);
  ::close(ends[1]);
  try {
    if (pid_ < 0) throw std::runtime_error("cannot start " + arguments[0]);
    read_ports(ends[0], names, log_path);
  } catch (...) {
    ::close(ends[0]);
    end(SIGKILL);
    throw;
  }
  ::close(ends[0]);
}

Process::~Process() {
  end(SIGKILL);
}

void Process::stop() {
  end(SIGTERM);
}

void Process::end(int signal) {
  if (pid_ < 0) return;
  ::kill(pid_, signal);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

void Process::read_ports(int output, const std::vector<std::string>& names,
                         const std::string& log_path) {
  const auto deadline = now() + kPatience;
  std::string text;
  pollfd wait{output, POLLIN, 0};
  while (std::find(ports_.begin(), ports_.end(), 0) != ports_.end()) {
    std::array<char, 4096> buffer{};
    const auto left = std::max<Nanos>(deadline - now(), 0) / kMilli;
    const auto ready = poll(&wait, 1, static_cast<int>(left));
    const auto got = ready > 0 ? ::read(output, buffer.data(), buffer.size()) : 0;
    if (got <= 0)
      throw std::runtime_error("the server did not start: " + text + read_file(log_path));
    text.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t i = 0; i < names.size(); ++i)
      ports_[i] = find_port(text, names[i]);
  }
}

std::string beside_this(const std::string& name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

}  // namespace linnet::bench
