// The executable: reads the command line, runs the server until a signal, says where it is.
#include "heap.hpp"
#include "supervisor.hpp"

#include "linnet/app/config.hpp"
#include "linnet/app/server.hpp"
#include "linnet/base/log.hpp"

#include <google/protobuf/stubs/logging.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <pthread.h>
#include <utility>

namespace {

using namespace linnet;

// SIGINT and SIGTERM are taken by one thread with sigtimedwait, so that no handler runs in between;
// the threads made later inherit the mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may grow no further is an error of the write, told to whoever asked for it.
  std::signal(SIGXFSZ, SIG_IGN);
  return signals;
}

// Waits for one of them; meanwhile the heap is kept tidy.
int wait_for(const sigset_t& signals, Logger& log) {
  const timespec patience{std::chrono::seconds(app::HeapKeeper::kEvery).count(), 0};
  app::HeapKeeper heap(log);
  for (;;) {
    const int signal = ::sigtimedwait(&signals, nullptr, &patience);
    if (signal > 0) return signal;
    if (errno == EAGAIN) heap.tidy();
  }
}

// stdout comes last: whoever waits for the addresses finds everything else said.
void announce(const app::Running& running, const app::Config& config) {
  if (!running.development_code.empty())
    std::fprintf(
        stderr,
        "*** DEVELOPMENT MODE: no sender of codes is configured. Listening on loopback only;\n"
        "*** every phone number signs in with the code %s%s%s\n",
        running.development_code.c_str(), config.user.dev_code.empty() ? "" : " or ",
        config.user.dev_code.c_str());
  std::printf("linnet %s\n", app::kVersion);
  std::printf("tcp  %s\n", running.tcp.c_str());
  for (const auto& address : running.grpc)
    std::printf("grpc %s\n", address.c_str());
  std::printf("http %s\ndata %s\n", running.http.c_str(), running.data_dir.c_str());
  std::printf("chat http://%s/\n", running.http.c_str());
  std::fflush(stdout);
}

int serve(const app::Config& config) {
  if (const auto good = app::check(config); !good) {
    std::fprintf(stderr, "linnet: %s\n", good.error().message().c_str());
    return app::kExitConfig;
  }
  auto signals = block_signals();
  Logger log(config.server.log_level);
  auto inherited = app::inherited_sockets();
  if (!inherited) {
    std::fprintf(stderr, "linnet: %s\n", inherited.error().message().c_str());
    return app::kExitConfig;
  }
  app::Server server(config, log, std::move(*inherited));
  auto running = server.start();
  if (!running) {
    std::fprintf(stderr, "linnet: %s\n", running.error().message().c_str());
    return 1;
  }
  announce(*running, config);
  app::tell_supervisor("READY=1");

  const int signal = wait_for(signals, log);
  log.info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
  app::tell_supervisor("STOPPING=1");
  // A second signal ends the process at once.
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  server.stop();
  log.info("stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // What a client sends must not write to the log: protobuf complains there of bytes that are no
  // UTF-8.
  google::protobuf::SetLogHandler(nullptr);
  try {
    return app::run_command_line(argc, argv, serve);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "linnet: %s\n", error.what());
    return 1;
  }
}
