// A console chat: commands and lines in, messages out.
#pragma once

#include "chat/show.hpp"
#include "chat/state_file.hpp"

#include "linnet/client/client.hpp"

#include <chrono>
#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace linnet::chat {

struct Settings {
  std::string phone;
  std::string code;
  client::Client::Options client;
};

// Thread: the main one; messages are printed by the client's own.
class Chat {
 public:
  Chat(Settings settings, StateFile file);
  Chat(const Chat&) = delete;
  Chat& operator=(const Chat&) = delete;

  // Signs in, shows what comes and obeys the lines of `input` until its end. An exit status.
  int run(std::istream& input);

 private:
  struct Name {
    std::string nickname;
    std::chrono::steady_clock::time_point ask_again;
  };

  // Goes on as who we were, or signs in.
  Status join(std::istream& input);
  Status resume(const client::Account& account);
  Status sign_in(std::istream& input);
  // Has a code sent, and reads it.
  Status ask_for_code(std::istream& input);
  // Waits a moment for what was missed, for those who only look in.
  void wait_until_synced();

  void on_message(const pb::MessageItem& item);
  void on_state(client::State state, const Error* error);

  // False when the user wants to leave.
  bool obey(std::string_view line);
  void command(std::string_view verb, std::string_view rest);
  void add(std::string_view id);
  void agree(std::string_view id);
  void talk_to(std::string_view id);
  void list_friends();
  void show_me();
  void rename(std::string_view nickname);
  void send(std::string_view text);

  std::string nickname_of(UserId user);  // empty: none, or nobody answers
  std::string name_of(UserId user);
  void remember_name(UserId user, std::string_view nickname);
  void complain(const Error& error);
  void save(const client::Account& account);

  Settings settings_;
  StateFile file_;
  Screen screen_;
  UserId me_;
  UserId talking_to_;
  client::Account kept_;  // as in the file; the client's thread moves its seq while connected
  bool told_unsaved_ = false;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  client::State state_ = client::State::kConnecting;
  bool told_offline_ = false;
  std::unordered_map<UserId, Name> names_;

  client::Client client_;  // last: its thread ends before the rest goes
};

}  // namespace linnet::chat
