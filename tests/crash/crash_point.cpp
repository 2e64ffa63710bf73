// Preloaded into a server: ends it, as kill -9 would, at a named place in its writing. With
// CRASH_SIGNAL=TERM it is only told to end there, and that write takes its time.
//
//   CRASH_POINT=synced:N  after the Nth sync of the write-ahead log: committed, not yet
//   answered
//                   wal:N     in the middle of the Nth write to it
//                   db:N      in the middle of the Nth write to the database: a checkpoint's
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>

namespace {

struct Plan {
  std::string place;
  long left = -1;

  Plan() {
    const char* text = std::getenv("CRASH_POINT");
    if (text == nullptr) return;
    const std::string all(text);
    const auto colon = all.find(':');
    if (colon == std::string::npos) return;
    place = all.substr(0, colon);
    left = std::strtol(all.c_str() + colon + 1, nullptr, 10);
  }
};

bool is_file(int fd, std::string_view ending) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = readlink(link.c_str(), path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).ends_with(ending);
}

// True at the planned place.
bool due(const char* place, int fd, std::string_view ending) {
  static const Plan plan;
  static std::atomic<long> left{plan.left};
  if (plan.place != place || !is_file(fd, ending)) return false;
  return left.fetch_sub(1) == 1;
}

// The other threads go on for a moment: what was answered too early is out then.
void die() {
  if (std::getenv("CRASH_SIGNAL") != nullptr) {
    kill(getpid(), SIGTERM);
    usleep(100000);
    return;
  }
  usleep(3000);
  kill(getpid(), SIGKILL);
  for (;;)
    pause();
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (due("wal", fd, "linnet.db-wal") || due("db", fd, "linnet.db")) {
    const auto half = real(fd, bytes, size / 2, at);
    die();
    if (half != static_cast<ssize_t>(size / 2)) return half;
  }
  return real(fd, bytes, size, at);
}

extern "C" int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  const int result = real(fd);
  if (due("synced", fd, "linnet.db-wal")) die();
  return result;
}
