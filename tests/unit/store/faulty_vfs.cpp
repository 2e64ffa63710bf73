#include "faulty_vfs.hpp"

namespace linnet::test {
namespace {

// SQLite hands us szOsFile bytes: this, and behind it the file of the real layer.
struct File {
  sqlite3_file base;
  FaultyVfs* owner;
  bool wal;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* of(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return of(file)->real();
}

int close(sqlite3_file* f) {
  return real(f)->pMethods->xClose(real(f));
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  const int fault = of(f)->owner->on_write();
  return fault != SQLITE_OK ? fault : real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
  return real(f)->pMethods->xTruncate(real(f), size);
}
int sync(sqlite3_file* f, int flags) {
  const int fault = of(f)->owner->on_sync(of(f)->wal);
  return fault != SQLITE_OK ? fault : real(f)->pMethods->xSync(real(f), flags);
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

}  // namespace

FaultyVfs::FaultyVfs() {
  static std::atomic<int> count = 0;
  name_ = "linnet-faulty-" + std::to_string(++count);
  sqlite3_initialize();
  auto* real_vfs = sqlite3_vfs_find(nullptr);
  vfs_ = *real_vfs;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  vfs_.xOpen = &FaultyVfs::open;
  // The real layer looks at its own pAppData in xOpen only, which is called with its own vfs.
  vfs_.pAppData = this;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

int FaultyVfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
  auto* mine = of(file);
  mine->base.pMethods = nullptr;
  mine->owner = static_cast<FaultyVfs*>(vfs->pAppData);
  mine->wal = (flags & SQLITE_OPEN_WAL) != 0;
  auto* real_vfs = sqlite3_vfs_find("unix");
  const int code = real_vfs->xOpen(real_vfs, path, mine->real(), flags, out);
  if (mine->real()->pMethods != nullptr) mine->base.pMethods = &kMethods;
  return code;
}

int FaultyVfs::on_write() {
  const int left = writes_left_;
  if (left < 0) return SQLITE_OK;
  if (left > 0) {
    --writes_left_;
    return SQLITE_OK;
  }
  ++failures_;
  return SQLITE_FULL;
}

int FaultyVfs::on_sync(bool wal) {
  if (!wal || !fail_syncs_) return SQLITE_OK;
  ++failures_;
  return SQLITE_IOERR_FSYNC;
}

}  // namespace linnet::test
