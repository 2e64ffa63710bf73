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
  StateFile(std::filesystem::path path, std::string phone)
      : path_(std::move(path)), phone_(std::move(phone)) {}

  // Nothing when there is no file, when it is none of ours or another phone number's.
  std::optional<client::Account> load() const;
  // Replaces the file as a whole. False when that fails.
  bool save(const client::Account& account) const;
  const std::filesystem::path& path() const { return path_; }

  // ~/.linnet-chat-<phone>.json; empty when that would name no such file.
  static std::filesystem::path usual_path(const std::string& phone);

 private:
  std::filesystem::path path_;
  std::string phone_;
};

}  // namespace linnet::chat
