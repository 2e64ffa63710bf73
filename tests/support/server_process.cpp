#include "server_process.hpp"

#include "secrets.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <random>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX

namespace linnet::test {
namespace {

using Steady = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() {
    if (read_end >= 0) ::close(read_end);
    read_end = -1;
  }
  void close_write() {
    if (write_end >= 0) ::close(write_end);
    write_end = -1;
  }
  int read_end = -1;
  int write_end = -1;
};

// `in`, `out`, `err`: descriptors of the child's standard streams; -1 for in means /dev/null.
pid_t spawn(const std::string& binary, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment, int in, int out, int err) {
  std::vector<char*> argv{const_cast<char*>(binary.c_str())};
  for (const auto& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> env;
  for (char** entry = environ; *entry != nullptr; ++entry)
    env.push_back(*entry);
  for (const auto& entry : environment)
    env.push_back(const_cast<char*>(entry.c_str()));
  env.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in >= 0) {
    posix_spawn_file_actions_adddup2(&actions, in, 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  pid_t pid = -1;
  int failed = posix_spawn(&pid, binary.c_str(), &actions, nullptr, argv.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + binary);
  return pid;
}

int exit_status(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool read_some(int fd, std::string& into) {
  std::array<char, 4096> buffer{};
  auto got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

int remaining_ms(Steady::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

// The port in "NAME HOST:PORT\n"; 0 while the line is not there.
std::uint16_t find_port(const std::string& output, const std::string& name) {
  auto at = output.find("\n" + name);
  if (at == std::string::npos) return 0;
  auto end = output.find('\n', at + 1);
  if (end == std::string::npos) return 0;
  auto line = output.substr(at + 1, end - at - 1);
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Outcome run_program(const std::string& binary, const std::vector<std::string>& arguments,
                    const std::string& input, const std::vector<std::string>& environment,
                    std::chrono::seconds limit) {
  Pipe in;
  Pipe out;
  Pipe err;
  pid_t pid = spawn(binary, arguments, environment, in.read_end, out.write_end, err.write_end);
  in.close_read();
  out.close_write();
  err.close_write();
  if (!input.empty() && ::write(in.write_end, input.data(), input.size()) < 0) {
    // The program may have ended without reading; its outcome tells.
  }
  in.close_write();

  Outcome outcome;
  auto deadline = Steady::now() + limit;
  std::array<pollfd, 2> waits{{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}}};
  while (waits[0].fd >= 0 || waits[1].fd >= 0) {
    if (poll(waits.data(), 2, remaining_ms(deadline)) <= 0) {
      ::kill(pid, SIGKILL);
      break;
    }
    if (waits[0].revents != 0 && !read_some(out.read_end, outcome.out)) waits[0].fd = -1;
    if (waits[1].revents != 0 && !read_some(err.read_end, outcome.err)) waits[1].fd = -1;
  }
  int status = 0;
  waitpid(pid, &status, 0);
  outcome.status = exit_status(status);
  const bool makes_key = arguments.size() > 1 && arguments[0] == "key" && arguments[1] == "create";
  if (makes_key && outcome.status == 0 && !outcome.out.empty())
    remember_secret(std::string_view(outcome.out).substr(0, outcome.out.size() - 1));
  return outcome;
}

std::vector<std::string> lasting_ports() {
  std::random_device random;
  std::vector<std::string> arguments;
  std::vector<int> held;  // until both are found
  for (const char* listen : {"--tcp-listen", "--http-listen"}) {
    held.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int tries = 0; tries < 1000; ++tries) {
      // Below those that Linux gives to whoever asks for any (ip_local_port_range).
      address.sin_port = htons(
          static_cast<std::uint16_t>(std::uniform_int_distribution<int>(20000, 32000)(random)));
      if (::bind(held.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) break;
    }
    arguments.insert(arguments.end(),
                     {listen, "127.0.0.1:" + std::to_string(ntohs(address.sin_port))});
  }
  for (const int fd : held)
    ::close(fd);
  return arguments;
}

ServerProcess::ServerProcess(std::filesystem::path data_dir, std::vector<std::string> more,
                             const Launch& launch)
    : log_path_((data_dir.parent_path() / (data_dir.filename().string() + ".log")).string()) {
  std::vector<std::string> arguments{"--data-dir",           data_dir.string(), "--set",
                                     "limits.enabled=false", "--set",           "grpc.listen="};
  const bool development = std::none_of(more.begin(), more.end(), [](const std::string& one) {
    return one.starts_with("codes.hook=") || one.starts_with("user.mode=");
  });
  if (development) arguments.insert(arguments.end(), {"--dev-code", kCode});
  for (const char* listen : {"--tcp-listen", "--http-listen"}) {
    if (std::find(more.begin(), more.end(), listen) != more.end()) continue;
    arguments.insert(arguments.end(), {listen, "127.0.0.1:0"});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  Pipe out;
  int log = ::open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  auto begin = Steady::now();
  pid_ = spawn(launch.binary.empty() ? LINNET_BINARY : launch.binary, arguments, launch.environment,
               -1, out.write_end, log);
  ::close(log);
  out.close_write();

  std::string output;
  auto deadline = begin + std::chrono::seconds(60);
  pollfd wait{out.read_end, POLLIN, 0};
  while (tcp_port_ == 0 || http_port_ == 0) {
    const bool silent = poll(&wait, 1, remaining_ms(deadline)) <= 0;
    if (silent || !read_some(out.read_end, output)) {
      kill();
      const auto said = output + this->log();
      if (silent) throw std::runtime_error("the server did not start in time: " + said);
      throw DidNotStart(status_, "the server did not start: " + said);
    }
    tcp_port_ = find_port(output, "tcp ");
    http_port_ = find_port(output, "http ");
    grpc_port_ = find_port(output, "grpc ");
  }
  time_to_ready_ = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
}

ServerProcess::~ServerProcess() {
  kill();
}

int ServerProcess::wait_for_end() {
  int status = 0;
  waitpid(pid_, &status, 0);
  ended(status);
  return status_;
}

void ServerProcess::ended(int wait_status) {
  pid_ = -1;
  status_ = exit_status(wait_status);
  check_log();
}

// No test can want this: it ends here, with whatever ran it.
void ServerProcess::check_log() const {
  const auto secret = secret_in(log());
  if (secret.empty()) return;
  std::fprintf(stderr, "A SECRET IS IN THE LOG %s: %s\n", log_path_.c_str(), secret.c_str());
  std::abort();
}

int ServerProcess::stop() {
  if (pid_ < 0) return -1;
  ::kill(pid_, SIGTERM);
  return wait_for_end();
}

int ServerProcess::wait() {
  return pid_ < 0 ? -1 : wait_for_end();
}

void ServerProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_for_end();
}

bool ServerProcess::running() {
  if (pid_ < 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == 0) return true;
  ended(status);
  return false;
}

std::string ServerProcess::log() const {
  return read_file(log_path_);
}

}  // namespace linnet::test
