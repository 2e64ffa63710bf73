// Preloaded into a server: a clock that is wrong, a disk that is slow, a file system that has
// become read-only, as one does that found an error; see false_machine.hpp. Timers run on the
// steady clock, which is left as it is.
#include "false_machine.hpp"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

using linnet::test::FalseMachine;

constexpr std::int64_t kMillis = 1000;
constexpr long kNanos = 1000000;
constexpr useconds_t kLook = 2000;

FalseMachine* map_machine() {
  const char* path = std::getenv(linnet::test::kFalseMachine);
  if (path == nullptr) return nullptr;
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* at = mmap(nullptr, sizeof(FalseMachine), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? nullptr : static_cast<FalseMachine*>(at);
}

FalseMachine* machine() {
  static FalseMachine* const mapped = map_machine();
  return mapped;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool is_database(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = readlink(link.c_str(), path, sizeof path);
  if (size <= 0) return false;
  const std::string_view name(path, static_cast<std::size_t>(size));
  return name.ends_with("linnet.db") || name.ends_with("linnet.db-wal");
}

void take_time(int fd) {
  auto* const false_machine = machine();
  if (false_machine == nullptr || !is_database(fd)) return;
  ++false_machine->syncs_waiting;
  usleep(static_cast<useconds_t>(false_machine->sync_takes_ms * kMillis));
  while (false_machine->sync_held != 0)
    usleep(kLook);
  --false_machine->syncs_waiting;
}

bool refused(int fd) {
  auto* const false_machine = machine();
  if (false_machine == nullptr || false_machine->read_only == 0 || !is_database(fd)) return false;
  ++false_machine->writes_refused;
  errno = EROFS;
  return true;
}

void turn(timespec& time) {
  const auto* const false_machine = machine();
  if (false_machine == nullptr) return;
  if (const auto stands = false_machine->clock_stands_at_ms.load(); stands != 0) {
    time.tv_sec = stands / kMillis;
    time.tv_nsec = stands % kMillis * kNanos;
  }
  const auto shift = false_machine->clock_shift_ms.load();
  time.tv_sec += shift / kMillis;
  time.tv_nsec += shift % kMillis * kNanos;
  if (time.tv_nsec < 0) {
    --time.tv_sec;
    time.tv_nsec += kMillis * kNanos;
  } else if (time.tv_nsec >= kMillis * kNanos) {
    ++time.tv_sec;
    time.tv_nsec -= kMillis * kNanos;
  }
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) {
  static const auto real = next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) turn(*time);
  return result;
}

extern "C" int gettimeofday(timeval* time, void*) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / kMillis;
  return 0;
}

extern "C" time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return refused(fd) ? -1 : real(fd, bytes, size, at);
}

extern "C" int ftruncate64(int fd, off64_t size) {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  return refused(fd) ? -1 : real(fd, size);
}

extern "C" int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  take_time(fd);
  return real(fd);
}

extern "C" int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  take_time(fd);
  return real(fd);
}
