#include "data_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace linnet::store {
namespace {

Error system_error(const std::filesystem::path& path, const char* doing) {
  return Error(ErrCode::kStorage, "the data directory: cannot " + std::string(doing) + " " +
                                      path.string() + ": " +
                                      std::generic_category().message(errno));
}

// A new name survives a power loss only when its directory is synced as well.
void sync_directory(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

Result<DataDirectory> DataDirectory::claim(std::filesystem::path path) {
  DataDirectory claimed;
  claimed.path_ = std::move(path);
  auto made = claimed.make();
  if (made) made = claimed.lock();
  if (!made) return made.take_error();
  return claimed;
}

Result<DataDirectory> DataDirectory::open(std::filesystem::path path) {
  auto claimed = claim(std::move(path));
  if (!claimed) return claimed;
  auto made = claimed->make_database();
  if (!made) return made.take_error();
  return claimed;
}

DataDirectory::DataDirectory(DataDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDirectory& DataDirectory::operator=(DataDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

DataDirectory::~DataDirectory() {
  // Closing unlocks. The file stays: removing it would race with the next process.
  if (lock_ >= 0) ::close(lock_);
}

Status DataDirectory::make() {
  if (path_.empty()) return Error(ErrCode::kStorage, "the data directory: no path is given");
  std::error_code failed;
  if (std::filesystem::is_directory(path_, failed)) return success();
  auto parent = std::filesystem::absolute(path_, failed).lexically_normal().parent_path();
  std::filesystem::create_directories(parent, failed);
  if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return system_error(path_, "make");
  sync_directory(parent);
  return success();
}

Status DataDirectory::lock() {
  auto file = path_ / "linnet.lock";
  lock_ = make_private(file);
  if (lock_ < 0 && errno == EEXIST) lock_ = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (lock_ < 0) return system_error(file, "write");
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return success();
  if (errno != EWOULDBLOCK) return system_error(file, "lock");
  return Error(ErrCode::kStorage, "the data directory " + path_.string() +
                                      " is in use by another process: stop that one first, or give "
                                      "this one a directory of its own");
}

Status DataDirectory::make_database() {
  // Made here because SQLite would make it readable for others; its -wal and -shm take after it.
  // One that is there is not opened: closing it would end every lock that this process has on it.
  const int fd = make_private(database());
  if (fd < 0) return errno == EEXIST ? success() : Status(system_error(database(), "write"));
  ::close(fd);
  sync_directory(path_);
  return success();
}

int make_private(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) give_to_owner_of(file.parent_path(), fd);
  return fd;
}

void give_to_owner_of(const std::filesystem::path& directory, int file) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &owner) != 0) return;
  // Fails where the file system knows no owners.
  [[maybe_unused]] const int given = ::fchown(file, owner.st_uid, owner.st_gid);
}

bool holds_database(const std::filesystem::path& directory) {
  std::error_code ignored;
  const auto file = directory / "linnet.db";
  return std::filesystem::exists(file, ignored) && std::filesystem::file_size(file, ignored) > 0;
}

Status check_database_there(const std::filesystem::path& directory) {
  if (holds_database(directory)) return success();
  std::error_code ignored;
  const auto where = directory.string();
  if (std::filesystem::exists(part_in(directory), ignored))
    return Error(ErrCode::kStorage, "a restore or a backup into " + where +
                                        " was ended before it was whole: give it again, or remove"
                                        " linnet.db.part to begin with an empty database; what a"
                                        " restore moved aside is in before-restore-*");
  for (const char* name : {"linnet.db-wal", "linnet.mark"}) {
    const auto size = std::filesystem::file_size(directory / name, ignored);
    if (ignored || size == 0) continue;
    return Error(ErrCode::kStorage, "linnet.db in " + where + " is missing or empty, but its " +
                                        name +
                                        " is there: put it back, or restore a backup; to begin"
                                        " with an empty database move that file away");
  }
  return success();
}

std::filesystem::path part_in(const std::filesystem::path& directory) {
  return directory / "linnet.db.part";
}

}  // namespace linnet::store
