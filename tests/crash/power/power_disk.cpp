#include "power_disk.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>

namespace linnet::test {
namespace {

constexpr std::int64_t kSector = 512;

// SQLite hands us szOsFile bytes: this, and behind it the file of the real layer.
struct File {
  sqlite3_file base;
  PowerDisk* disk;
  const std::string* path;
  std::uint64_t seen;  // errors of the file that this user was told of
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return of(file)->real();
}

int close(sqlite3_file* f) {
  const int code = real(f)->pMethods->xClose(real(f));
  delete of(f)->path;
  return code;
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  const int fault = of(f)->disk->on_read();
  return fault != SQLITE_OK ? fault : real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  Change change;
  change.at = at;
  change.bytes.assign(static_cast<const char*>(from), static_cast<std::size_t>(size));
  const int fault = of(f)->disk->on_change(*of(f)->path, std::move(change));
  return fault != SQLITE_OK ? fault : real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  Change change;
  change.at = size;
  change.truncates = true;
  const int fault = of(f)->disk->on_change(*of(f)->path, std::move(change));
  return fault != SQLITE_OK ? fault : real(f)->pMethods->xTruncate(real(f), size);
}
// The machine under the test keeps its power: nothing is really synced.
int sync(sqlite3_file* f, int) {
  return of(f)->disk->on_sync(*of(f)->path, of(f)->seen);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int lock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xLock(real(f), level);
}
int unlock(sqlite3_file* f, int level) {
  return real(f)->pMethods->xUnlock(real(f), level);
}
int check_reserved(sqlite3_file* f, int* out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
int control(sqlite3_file* f, int op, void* arg) {
  return real(f)->pMethods->xFileControl(real(f), op, arg);
}
int sector_size(sqlite3_file* f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
int characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int count, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, count, flags);
}
void shm_barrier(sqlite3_file* f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
int shm_unmap(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods kMethods = {2,
                                     close,
                                     read,
                                     write,
                                     truncate,
                                     sync,
                                     file_size,
                                     lock,
                                     unlock,
                                     check_reserved,
                                     control,
                                     sector_size,
                                     characteristics,
                                     shm_map,
                                     shm_lock,
                                     shm_barrier,
                                     shm_unmap,
                                     nullptr,
                                     nullptr};

sqlite3_vfs* system_vfs() {
  return sqlite3_vfs_find("unix");
}

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
  auto* mine = of(file);
  mine->base.pMethods = nullptr;
  mine->disk = static_cast<PowerDisk*>(vfs->pAppData);
  mine->path = nullptr;
  if (path != nullptr) mine->disk->opened(path);
  const int code = system_vfs()->xOpen(system_vfs(), path, mine->real(), flags, out);
  if (mine->real()->pMethods != nullptr) {
    mine->path = new std::string(path == nullptr ? "" : path);
    mine->seen = mine->disk->errors(*mine->path);
    mine->base.pMethods = &kMethods;
  }
  return code;
}

int remove_file(sqlite3_vfs* vfs, const char* path, int) {
  auto* disk = static_cast<PowerDisk*>(vfs->pAppData);
  if (disk->off()) return SQLITE_IOERR_DELETE;
  disk->deleted(path);
  return system_vfs()->xDelete(system_vfs(), path, 0);
}

void place(std::string& content, std::int64_t at, const char* bytes, std::int64_t size) {
  const auto end = static_cast<std::size_t>(at + size);
  if (content.size() < end) content.resize(end);
  std::copy_n(bytes, size, content.begin() + at);
}

void carry_out(std::string& content, const Change& change) {
  if (change.truncates) {
    content.resize(static_cast<std::size_t>(change.at));
  } else {
    place(content, change.at, change.bytes.data(), static_cast<std::int64_t>(change.bytes.size()));
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int any(std::mt19937_64& random, int from, int to) {
  return std::uniform_int_distribution<int>(from, to)(random);
}

}  // namespace

PowerDisk::PowerDisk() {
  static std::atomic<int> count = 0;
  name_ = "linnet-power-" + std::to_string(++count);
  sqlite3_initialize();
  vfs_ = *system_vfs();
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + system_vfs()->szOsFile;
  vfs_.xOpen = &open;
  vfs_.xDelete = &remove_file;
  // The real layer looks at its own pAppData in xOpen only, which is called with its own vfs.
  vfs_.pAppData = this;
  sqlite3_vfs_register(&vfs_, 0);
}

PowerDisk::~PowerDisk() {
  sqlite3_vfs_unregister(&vfs_);
}

void PowerDisk::fail(Op op, int nth, bool sticky, bool full) {
  std::lock_guard lock(mutex_);
  failing_ = op;
  fail_in_ = nth;
  sticky_ = sticky;
  full_ = full;
}

void PowerDisk::mend() {
  std::lock_guard lock(mutex_);
  fail_in_ = -1;
}

bool PowerDisk::due(Op op) {
  if (op != failing_ || fail_in_ < 0) return false;
  if (fail_in_ > 1) {
    --fail_in_;
    return false;
  }
  fail_in_ = sticky_ ? 1 : -1;
  ++failures_;
  return true;
}

void PowerDisk::opened(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto [image, first] = images_.try_emplace(path);
  if (!first || !std::filesystem::exists(path)) return;
  image->second.there = true;
  image->second.synced = read_file(path);
}

int PowerDisk::on_change(const std::string& path, Change change) {
  std::lock_guard lock(mutex_);
  const auto op = change.truncates ? Op::kTruncate : Op::kWrite;
  const int error = change.truncates ? SQLITE_IOERR_TRUNCATE : SQLITE_IOERR_WRITE;
  if (off_) return error;
  if (due(op)) return full_ ? SQLITE_FULL : error;
  if (change.truncates) ++truncations_;
  images_[path].since.push_back(std::move(change));
  if (left_ > 0 && --left_ == 0) off_ = true;
  return off_ ? error : SQLITE_OK;
}

std::uint64_t PowerDisk::errors(const std::string& path) {
  std::lock_guard lock(mutex_);
  return images_[path].errors;
}

int PowerDisk::on_sync(const std::string& path, std::uint64_t& seen) {
  std::lock_guard lock(mutex_);
  if (left_ > 0 && --left_ == 0) off_ = true;
  if (off_) return SQLITE_IOERR_FSYNC;
  auto& image = images_[path];
  if (due(Op::kSync)) {
    for (auto& change : image.since)
      change.doomed = true;
    ++image.errors;
  }
  if (seen != image.errors) {
    seen = image.errors;
    return SQLITE_IOERR_FSYNC;
  }
  image.there = true;
  std::vector<Change> doomed;
  for (auto& change : image.since) {
    if (change.doomed) {
      doomed.push_back(std::move(change));
    } else {
      carry_out(image.synced, change);
    }
  }
  image.since = std::move(doomed);
  return SQLITE_OK;
}

int PowerDisk::on_read() {
  std::lock_guard lock(mutex_);
  return due(Op::kRead) ? SQLITE_IOERR_READ : SQLITE_OK;
}

void PowerDisk::deleted(const std::string& path) {
  std::lock_guard lock(mutex_);
  images_[path] = {};
}

void PowerDisk::survive(std::string& content, const Change& change, std::mt19937_64& random,
                        int percent) {
  if (change.truncates) {
    if (any(random, 1, 100) <= percent) carry_out(content, change);
    return;
  }
  const auto size = static_cast<std::int64_t>(change.bytes.size());
  for (std::int64_t at = 0; at < size;) {
    // To the next border of a sector of the disk.
    const auto end = std::min(size, ((change.at + at) / kSector + 1) * kSector - change.at);
    if (any(random, 1, 100) <= percent) {
      std::string piece =
          change.bytes.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(end - at));
      const bool garbage = percent < 100 && any(random, 0, 19) == 0;
      if (garbage)
        std::generate(piece.begin(), piece.end(), [&] { return static_cast<char>(random()); });
      place(content, change.at + at, piece.data(), end - at);
    }
    at = end;
  }
}

void PowerDisk::power_on(std::mt19937_64& random) {
  std::lock_guard lock(mutex_);
  for (auto& [path, image] : images_) {
    if (path.empty()) continue;  // a temporary file
    const auto luck = static_cast<Luck>(any(random, 0, 3));
    const auto beginning =
        static_cast<std::size_t>(any(random, 0, static_cast<int>(image.since.size())));
    const bool named = image.there || (!image.since.empty() && luck != Luck::kNothing);
    for (std::size_t i = 0; i < image.since.size(); ++i) {
      const auto& change = image.since[i];
      int percent = luck == Luck::kNothing ? 0 : luck == Luck::kAll ? 100 : 50;
      // The write at which the beginning ends is torn.
      if (luck == Luck::kBeginning) percent = i < beginning ? 100 : i == beginning ? 50 : 0;
      if (change.doomed) percent = 0;
      survive(image.synced, change, random, percent);
    }
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    if (named) std::ofstream(path, std::ios::binary) << image.synced;
    std::filesystem::remove(path + "-shm", ignored);
  }
  images_.clear();
  left_ = -1;
  off_ = false;
  fail_in_ = -1;
}

}  // namespace linnet::test
