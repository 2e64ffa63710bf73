// What linnet-chat keeps between two runs: who it is, and up to where it has shown its inbox.
#pragma once

#include "linnet/client/client.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace linnet::chat {

// A JSON file that only its owner may read: the token in it is a password.
class StateFile {
 public:
  StateFile(std::filesystem::path path, std::string phone, std::string host)
      : path_(std::move(path)), phone_(std::move(phone)), host_(std::move(host)) {}

  // Nothing when there is no file, when it is none of ours, another phone number's or another
  // server's, which must not see the token.
  std::optional<client::Account> load() const;
  // Replaces the file as a whole. False when that fails.
  bool save(const client::Account& account) const;
  const std::filesystem::path& path() const { return path_; }

  // ~/.linnet-chat-<phone>.json, of a server elsewhere ~/.linnet-chat-<phone>@<host>.json; empty
  // when that would name no such file.
  static std::filesystem::path usual_path(const std::string& phone, const std::string& host);

 private:
  std::filesystem::path path_;
  std::string phone_;
  std::string host_;
};

}  // namespace linnet::chat
