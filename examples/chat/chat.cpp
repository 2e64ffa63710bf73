// What linnet-chat does with each line and each message.
#include "chat/chat.hpp"

#include "common/printable.hpp"

#include "linnet/wire/websocket.hpp"

#include <charconv>
#include <chrono>
#include <istream>
#include <utility>

namespace linnet::chat {
namespace {

using example::printable;

constexpr std::size_t kNamesKept = 1000;
constexpr std::chrono::seconds kNameTime{60};  // nobody tells us of a new nickname

constexpr std::string_view kHelp =
    "/add ID     ask a user to be your friend\n"
    "/agree ID   agree to be the friend of a user who asked\n"
    "/friends    list your friends\n"
    "/to ID      choose whom to write to; every other line is then sent\n"
    "/me         who you are\n"
    "/name NICK  change your nickname\n"
    "/help       this list\n"
    "/quit       leave; what comes meanwhile is shown when you return";

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// 0 when `text` is no user id.
UserId parse_user(std::string_view text) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return {};
  return UserId(value);
}

// Whether signing in again, as a new device, will help.
bool is_refused(ErrCode code) {
  return code == ErrCode::kUnauthorized || code == ErrCode::kDeviceNotBindUser ||
         code == ErrCode::kDeviceNotExist || code == ErrCode::kUserNotExist ||
         code == ErrCode::kSignedOut || code == ErrCode::kDeviceExcluded;
}

}  // namespace

Chat::Chat(Settings settings, StateFile file)
    : settings_(std::move(settings)), file_(std::move(file)), client_(settings_.client) {}

int Chat::run(std::istream& input) {
  auto joined = join(input);
  if (!joined) {
    complain(joined.error());
    return 1;
  }
  const auto nickname = nickname_of(me_);
  screen_.say("You are user " + std::to_string(me_.value()) +
              (nickname.empty() ? "" : ", " + printable(nickname)) + ". /help lists the commands.");
  client::Handlers handlers;
  handlers.on_message = [this](const pb::MessageItem& item) { on_message(item); };
  handlers.on_state = [this](client::State state, const Error* error) { on_state(state, error); };
  auto connected = client_.connect(std::move(handlers));
  if (!connected) {
    complain(connected.error());
    return 1;
  }
  std::string line;
  bool stay = true;
  while (stay && std::getline(input, line))
    stay = obey(line);
  if (stay) wait_until_synced();
  client_.disconnect();
  return 0;
}

Status Chat::join(std::istream& input) {
  if (auto account = file_.load()) {
    auto resumed = resume(*account);
    if (resumed || !is_refused(resumed.code())) return resumed;
    screen_.say("* signing in again: " + printable(resumed.error().message()));
  }
  return sign_in(input);
}

Status Chat::resume(const client::Account& account) {
  auto adopted = client_.adopt(account);
  if (!adopted) return adopted;
  me_ = account.user;
  kept_ = account;
  auto profile = client_.get_user(me_);
  if (profile) remember_name(me_, profile->nickname());
  // Without a server there is still something to do: wait for it.
  if (!profile && is_refused(profile.code())) return profile.take_error();
  return success();
}

Status Chat::sign_in(std::istream& input) {
  if (settings_.code.empty()) {
    auto asked = ask_for_code(input);
    if (!asked) return asked;
  }
  // A new device: a server that does not know our token may know our device as someone else's, and
  // a device's first sync begins after what any device of the user has kept.
  auto device = client_.register_device();
  if (!device) return device.take_error();
  auto account = client_.sign_in(settings_.phone, settings_.code);
  if (!account) return account.take_error();
  me_ = account->user;
  kept_ = *account;
  save(kept_);
  return success();
}

Status Chat::ask_for_code(std::istream& input) {
  auto good_for = client_.send_code(settings_.phone);
  if (!good_for) return good_for.take_error();
  if (good_for->count() == 0)
    return Error(ErrCode::kBadCode,
                 "a verification code is needed, and the server printed it when it started; give it"
                 " with --code");
  screen_.say("* a code was sent to " + printable(settings_.phone) + ", type it within " +
              std::to_string(good_for->count()) + " seconds:");
  std::string line;
  if (!std::getline(input, line) || trim(line).empty())
    return Error(ErrCode::kBadCode, "a verification code is needed");
  settings_.code = trim(line);
  return success();
}

void Chat::wait_until_synced() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(10), [this] {
    return state_ == client::State::kOnline || state_ == client::State::kEnded;
  });
}

void Chat::on_message(const pb::MessageItem& item) {
  // What was typed here comes back with a sync.
  const bool typed_here =
      UserId(item.sender_id()) == me_ && DeviceId(item.sender_device_id()) == kept_.device;
  if (!typed_here) screen_.say(describe(item, me_, [this](UserId user) { return name_of(user); }));
  if (item.seq() == 0 || item.receiver_type() == pb::RT_LARGE_GROUP) return;  // not of the inbox
  kept_.last_seq = Seq(item.seq());
  save(kept_);
}

void Chat::on_state(client::State state, const Error* error) {
  if (state == client::State::kOnline) {
    // Also before the first message there is a place from which to go on.
    kept_.last_seq = client_.account().last_seq;
    save(kept_);
  }
  std::string line;
  {
    std::lock_guard lock(mutex_);
    state_ = state;
    if (state == client::State::kOnline) {
      line = "* online";
      told_offline_ = false;
    } else if (state == client::State::kWaiting && !told_offline_) {
      line = "* offline, will connect again: ";
      told_offline_ = true;
    } else if (state == client::State::kEnded) {
      line = "* the connection has ended; leave with /quit and start again: ";
    }
    if (!line.empty() && error != nullptr) line += printable(error->message());
  }
  changed_.notify_all();
  if (!line.empty()) screen_.say(line);
}

bool Chat::obey(std::string_view line) {
  const auto text = trim(line);
  if (text.empty()) return true;
  if (!wire::is_utf8(text)) {
    screen_.say("! this line is no UTF-8");
    return true;
  }
  if (text.front() != '/') {
    send(text);
    return true;
  }
  const auto blank = text.find_first_of(" \t");
  const auto verb = text.substr(0, blank);
  if (verb == "/quit") return false;
  command(verb, blank == std::string_view::npos ? std::string_view() : trim(text.substr(blank)));
  return true;
}

void Chat::command(std::string_view verb, std::string_view rest) {
  if (verb == "/add") return add(rest);
  if (verb == "/agree") return agree(rest);
  if (verb == "/to") return talk_to(rest);
  if (verb == "/friends") return list_friends();
  if (verb == "/me") return show_me();
  if (verb == "/name") return rename(rest);
  if (verb == "/help") return screen_.say(kHelp);
  screen_.say("! there is no " + printable(verb) + "; /help lists what there is");
}

void Chat::add(std::string_view id) {
  const auto user = parse_user(id);
  if (!user) return screen_.say("! /add needs a user's id, a number");
  auto asked = client_.add_friend(user);
  if (!asked) return complain(asked.error());
  screen_.say("* asked " + name_of(user));
}

void Chat::agree(std::string_view id) {
  const auto user = parse_user(id);
  if (!user) return screen_.say("! /agree needs a user's id, a number");
  auto agreed = client_.agree_add_friend(user);
  if (!agreed) return complain(agreed.error());
  screen_.say("* you and " + name_of(user) + " are friends");
}

void Chat::talk_to(std::string_view id) {
  const auto user = parse_user(id);
  if (!user) return screen_.say("! /to needs a user's id, a number");
  talking_to_ = user;
  screen_.say("* your lines go to " + name_of(user));
}

void Chat::list_friends() {
  auto friends = client_.friends();
  if (!friends) return complain(friends.error());
  if (friends->empty()) screen_.say("* no friends yet; ask one with /add ID");
  for (const auto& one : *friends) {
    remember_name(UserId(one.user_id()), one.nickname());
    auto line = "* " + full_name(UserId(one.user_id()), one.nickname());
    if (!one.remarks().empty()) line += ", " + printable(one.remarks());
    screen_.say(line);
  }
}

void Chat::show_me() {
  const auto account = client_.account();
  screen_.say("* " + name_of(me_) + " on device " + std::to_string(account.device.value()) +
              ", seq " + std::to_string(account.last_seq.value()));
}

void Chat::rename(std::string_view nickname) {
  if (nickname.empty()) return screen_.say("! /name needs a nickname");
  auto profile = client_.get_user(me_);
  if (!profile) return complain(profile.error());
  pb::UpdateUserReq update;  // replaces all of it
  update.set_nickname(std::string(nickname));
  update.set_sex(profile->sex());
  update.set_avatar_url(profile->avatar_url());
  update.set_extra(profile->extra());
  auto updated = client_.update_user(update);
  if (!updated) return complain(updated.error());
  remember_name(me_, nickname);
  screen_.say("* you are " + name_of(me_));
}

void Chat::send(std::string_view text) {
  if (!talking_to_) return screen_.say("! choose whom to write to first: /to ID");
  auto sent = client_.send_text(talking_to_, text);
  if (!sent) complain(sent.error());
}

std::string Chat::nickname_of(UserId user) {
  std::string known;
  {
    std::lock_guard lock(mutex_);
    auto it = names_.find(user);
    if (it != names_.end()) known = it->second.nickname;
    if (it != names_.end() && std::chrono::steady_clock::now() < it->second.ask_again) return known;
  }
  auto profile = client_.get_user(user);
  if (profile) known = profile->nickname();
  remember_name(user, known);
  return known;
}

std::string Chat::name_of(UserId user) {
  return full_name(user, nickname_of(user));
}

void Chat::remember_name(UserId user, std::string_view nickname) {
  std::lock_guard lock(mutex_);
  if (names_.size() >= kNamesKept) names_.clear();
  names_[user] = {std::string(nickname), std::chrono::steady_clock::now() + kNameTime};
}

void Chat::complain(const Error& error) {
  auto sentence = error.message().empty() ? default_message(error.code()) : error.message();
  screen_.say("! " + printable(sentence));
}

void Chat::save(const client::Account& account) {
  if (file_.save(account) || told_unsaved_) return;
  told_unsaved_ = true;
  screen_.say("! cannot write " + printable(file_.path().string()) +
              "; the next start will sign in anew");
}

}  // namespace linnet::chat
