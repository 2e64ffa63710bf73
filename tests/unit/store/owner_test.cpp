// Whose the files are that root makes in another user's data directory: the server may run as that
// user.
#include "store_kit.hpp"

#include "linnet/store/copies.hpp"
#include "linnet/store/keys.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace linnet;
using namespace linnet::test;

namespace {

namespace fs = std::filesystem;

constexpr uid_t kServers = 61234;  // as systemd's dynamic users are: it has no name

void tell_nobody(std::int64_t, std::int64_t) {}

uid_t owner_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  REQUIRE(found.st_gid == found.st_uid);
  return found.st_uid;
}

// Everything below `directory`; at least `files`.
void check_owner(const fs::path& directory, std::size_t files) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    CAPTURE(entry.path().string());
    CHECK(owner_of(entry.path()) == kServers);
    ++count;
  }
  CHECK(count >= files);
}

fs::path directory_of_server(const fs::path& path) {
  fs::create_directory(path);
  REQUIRE(::chown(path.c_str(), kServers, kServers) == 0);
  return path;
}

bool is_root() {
  if (::geteuid() == 0) return true;
  WARN("only root can give files to others: not tested");
  return false;
}

}  // namespace

TEST_CASE("what root restores, backs up and makes in another user's directory is that user's") {
  if (!is_root()) return;
  TempDir dir;
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "kept"));
  const auto source = engine.options().directory;

  const auto copy = directory_of_server(dir.path() / "copy");
  REQUIRE(store::back_up(source, copy, tell_nobody));
  check_owner(copy, 2);

  const auto data = directory_of_server(dir.path() / "data");
  REQUIRE(store::restore(copy, data, false, tell_nobody));
  check_owner(data, 2);
  const auto replaced = store::restore(copy, data, true, tell_nobody);
  REQUIRE(replaced);
  CHECK(owner_of(replaced->aside) == kServers);
  check_owner(data, 4);

  const auto fresh = directory_of_server(dir.path() / "fresh");
  REQUIRE(store::open_key_book(fresh));
  check_owner(fresh, 2);
}

TEST_CASE("who owns a data directory is given nothing that a link in it leads to") {
  if (!is_root()) return;
  TempDir dir;
  SqliteEngine engine;
  const auto victim = dir.path() / "victim";
  std::ofstream(victim) << "root's";
  const auto data = directory_of_server(dir.path() / "data");
  for (const char* name : {"linnet.db.part", "linnet.lock"})
    fs::create_symlink(victim, data / name);

  (void)store::restore(engine.options().directory, data, false, tell_nobody);

  CHECK(owner_of(victim) == 0);
  CHECK(fs::file_size(victim) == 6);
}
