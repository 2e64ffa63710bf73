#include "credentials.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace linnet::app {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = 1024 * 1024;
constexpr mode_t kOwnerOnly = 0600;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

Error cannot(const std::string& doing, const std::string& file, int number) {
  return Error(ErrCode::kStorage,
               "cannot " + doing + " " + file + ": " + std::generic_category().message(number));
}

Result<std::string> read_all(const File& file, const std::string& name) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::read(file.fd(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot("read", name, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxBytes) return cannot("read", name, EFBIG);
  }
}

Status write_all(const File& file, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const auto put = ::write(file.fd(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return cannot("write", name, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(file.fd()) == 0 ? success() : cannot("write", name, errno);
}

// Of the file.
Status make_folder(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed) && !failed)
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  return failed ? Status(cannot("make", folder.string(), failed.value())) : success();
}

}  // namespace

Result<Credentials> read_credentials(const std::string& file) {
  const File opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.fd() < 0 && errno == ENOENT) return Credentials();
  struct stat status {};
  if (opened.fd() < 0 || ::fstat(opened.fd(), &status) != 0) return cannot("read", file, errno);
  if ((status.st_mode & 077U) != 0)
    return Error(ErrCode::kBadRequest, "others may read " + file + "; chmod 600 it first");
  auto text = read_all(opened, file);
  if (!text) return text.take_error();
  try {
    Credentials credentials;
    const auto whole = Json::parse(*text);
    for (const auto& [server, entry] : whole.at("servers").items()) {
      Kept kept;
      kept.device_id = entry.at("device_id").get<std::int64_t>();
      kept.user_id = entry.at("user_id").get<std::int64_t>();
      kept.token = entry.at("token").get<std::string>();
      kept.api_key = entry.at("api_key").get<std::string>();
      credentials[server] = std::move(kept);
    }
    return credentials;
  } catch (const Json::exception&) {
    return Error(ErrCode::kBadRequest, file + " is damaged; remove it and sign in again");
  }
}

Status change_credentials(const std::string& file, const std::string& server,
                          const std::function<void(Kept&)>& change) {
  auto folder = make_folder(file);
  if (!folder) return folder;
  const auto beside = file + ".lock";
  const File lock(::open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly));
  if (lock.fd() < 0 || ::flock(lock.fd(), LOCK_EX) != 0) return cannot("lock", beside, errno);
  auto credentials = read_credentials(file);
  if (!credentials) return credentials.take_error();
  change((*credentials)[server]);
  return write_credentials(file, *credentials);
}

Status write_credentials(const std::string& file, const Credentials& credentials) {
  Json servers = Json::object();
  for (const auto& [server, kept] : credentials)
    servers[server] = {{"device_id", kept.device_id},
                       {"user_id", kept.user_id},
                       {"token", kept.token},
                       {"api_key", kept.api_key}};
  auto folder = make_folder(file);
  if (!folder) return folder;
  const auto fresh = file + ".new";
  ::unlink(fresh.c_str());  // of a run that was cut short
  {
    const File made(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly));
    if (made.fd() < 0) return cannot("write", fresh, errno);
    auto written = write_all(made, Json{{"servers", std::move(servers)}}.dump(1) + "\n", fresh);
    if (!written) return written;
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) return cannot("write", file, errno);
  return success();
}

}  // namespace linnet::app
