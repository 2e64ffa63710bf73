// Reading and replacing the state file.
#include "chat/state_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace linnet::chat {
namespace {

using Json = nlohmann::json;

std::int64_t number(const Json& json, const char* key) {
  auto it = json.find(key);
  return it != json.end() && it->is_number_integer() ? it->get<std::int64_t>() : 0;
}

std::string text(const Json& json, const char* key) {
  auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto written = ::write(fd, bytes.data(), bytes.size());
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::optional<client::Account> StateFile::load() const {
  std::ifstream file(path_);
  if (!file) return std::nullopt;
  const auto json = Json::parse(file, nullptr, false);
  if (!json.is_object() || text(json, "phone") != phone_) return std::nullopt;
  if (text(json, "host") != host_) return std::nullopt;
  client::Account account;
  account.user = UserId(number(json, "user_id"));
  account.device = DeviceId(number(json, "device_id"));
  account.token = text(json, "token");
  account.last_seq = Seq(number(json, "last_seq"));
  const bool whole = account.user.value() > 0 && account.device.value() > 0 &&
                     !account.token.empty() && account.last_seq.value() >= 0;
  if (!whole) return std::nullopt;
  return account;
}

bool StateFile::save(const client::Account& account) const {
  const Json json = {{"phone", phone_},
                     {"host", host_},
                     {"user_id", account.user.value()},
                     {"device_id", account.device.value()},
                     {"token", account.token},
                     {"last_seq", account.last_seq.value()}};
  // Written beside and renamed: a crash leaves the old file or the new one, never a half.
  const auto beside = path_.string() + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                        S_IRUSR | S_IWUSR);
  if (fd < 0) return false;
  const bool written = write_all(fd, json.dump(2) + "\n");
  const bool closed = ::close(fd) == 0;
  return written && closed && ::rename(beside.c_str(), path_.c_str()) == 0;
}

std::filesystem::path StateFile::usual_path(const std::string& phone, const std::string& host) {
  const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const auto is_plain = [](const std::string& name, std::string_view more) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [more](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
             more.find(c) != std::string_view::npos;
    });
  };
  if (home == nullptr || *home == '\0' || !is_plain(phone, "+-") || !is_plain(host, ".:-"))
    return {};
  const bool here = host == "127.0.0.1" || host == "localhost";
  return std::filesystem::path(home) /
         (".linnet-chat-" + phone + (here ? "" : "@" + host) + ".json");
}

}  // namespace linnet::chat
