// Preloaded into a server: ends it, as kill -9 would, at a named place in its writing. With
// CRASH_SIGNAL=TERM it is only told to end there, and that write takes its time.
//
//   CRASH_POINT=synced:N  after the Nth sync of the write-ahead log: committed, not yet
//   answered
//                   wal:N     in the middle of the Nth write to it
//                   db:N      in the middle of the Nth write to the database: a checkpoint's
//                   any:N     at the Nth change of any file or name: in the middle of a write,
//                   before
//                             anything else
//                   done:N    after the Nth
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
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

enum class When { kBefore, kAfter };

// True at the planned one of all changes; each asks once before and once after.
bool due(When when) {
  static const Plan plan;
  static std::atomic<long> left{plan.left};
  if (plan.place != (when == When::kBefore ? "any" : "done")) return false;
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

// A change that is no write: it is done, or it is not.
template <class Change>
int whole(Change change) {
  if (due(When::kBefore)) die();
  const int result = change();
  if (due(When::kAfter)) die();
  return result;
}

}  // namespace

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (due("wal", fd, "linnet.db-wal") || due("db", fd, "linnet.db") || due(When::kBefore)) {
    const auto half = real(fd, bytes, size / 2, at);
    die();
    if (half != static_cast<ssize_t>(size / 2)) return half;
  }
  const auto written = real(fd, bytes, size, at);
  if (due(When::kAfter)) die();
  return written;
}

extern "C" int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  const int result = whole([&] { return real(fd); });
  if (due("synced", fd, "linnet.db-wal")) die();
  return result;
}

extern "C" int ftruncate64(int fd, off64_t size) {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  return whole([&] { return real(fd, size); });
}

extern "C" int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return whole([&] { return real(from, to); });
}

extern "C" int link(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("link");
  return whole([&] { return real(from, to); });
}

extern "C" int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  return whole([&] { return real(path); });
}

extern "C" int mkdir(const char* path, mode_t mode) {
  static const auto real = next<int (*)(const char*, mode_t)>("mkdir");
  return whole([&] { return real(path, mode); });
}
