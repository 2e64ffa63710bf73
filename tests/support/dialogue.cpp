// A child process behind two pipes.
#include "dialogue.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: POSIX

namespace linnet::test {

using Steady = std::chrono::steady_clock;

Dialogue::Dialogue(const std::string& binary, const std::vector<std::string>& arguments) {
  // A socket pair as stdin: typing to a program that has ended is an error, not a signal.
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in.data()) != 0 ||
      ::pipe2(out.data(), O_CLOEXEC) != 0)
    throw std::runtime_error("no pipes");
  in_ = in[1];
  out_ = out[0];
  std::vector<char*> argv{const_cast<char*>(binary.c_str())};
  for (const auto& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  const int failed = ::posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failed == 0) return;
  close_input();
  ::close(out_);
  throw std::runtime_error("cannot start " + binary);
}

Dialogue::~Dialogue() {
  close_input();
  ::close(out_);
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Dialogue::close_input() {
  if (in_ >= 0) ::close(in_);
  in_ = -1;
}

void Dialogue::type(std::string_view line) {
  std::string bytes(line);
  bytes += '\n';
  if (::send(in_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the program does not listen; it said: " + output_);
}

bool Dialogue::read_more(Steady::time_point deadline) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
  pollfd wait{out_, POLLIN, 0};
  if (::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return false;
  std::array<char, 4096> buffer{};
  auto got = ::read(out_, buffer.data(), buffer.size());
  if (got <= 0) return false;
  output_.append(buffer.data(), static_cast<std::size_t>(got));
  return true;
}

std::string Dialogue::wait_for(std::string_view text, std::chrono::seconds limit) {
  const auto deadline = Steady::now() + limit;
  for (;;) {
    const auto at = output_.find(text, seen_);
    const auto end = at == std::string::npos ? at : output_.find('\n', at);
    if (end != std::string::npos) {
      const auto begin = output_.rfind('\n', at);
      const auto first = begin == std::string::npos ? 0 : begin + 1;
      seen_ = end + 1;
      return output_.substr(first, end - first);
    }
    if (!read_more(deadline))
      throw std::runtime_error("waited for \"" + std::string(text) + "\" in: " + output_);
  }
}

int Dialogue::finish() {
  close_input();
  const auto deadline = Steady::now() + std::chrono::seconds(60);
  while (read_more(deadline)) {
  }
  if (Steady::now() >= deadline) ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace linnet::test
