#include "key_command.hpp"

#include "failed.hpp"

#include "linnet/base/clock.hpp"
#include "linnet/base/random.hpp"
#include "linnet/store/keys.hpp"
#include "linnet/user/keys.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace linnet::app {
namespace {

std::string scopes_text(std::uint32_t scopes) {
  std::string text;
  for (std::size_t i = 0; i < scope_names().size(); ++i)
    if ((scopes >> (i + 1) & 1U) != 0) text += (text.empty() ? "" : ",") + scope_names()[i];
  return text;
}

std::string day(Millis time) {
  const auto seconds = static_cast<std::time_t>(time.value() / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

int create(store::KeyBook& book, const KeyCommand& command) {
  store::ApiKey key;
  key.name = command.name;
  for (std::size_t i = 0; i < scope_names().size(); ++i) {
    const auto& scopes = command.scopes;
    if (std::find(scopes.begin(), scopes.end(), scope_names()[i]) != scopes.end())
      key.scopes |= 1U << (i + 1);
  }
  const auto secret = user::make_key();
  key.hash = user::hash_of_key(secret);
  key.created = SystemClock().wall();
  auto id = book.add(key);
  if (!id) return failed(id.error());
  std::fprintf(stderr, "key %lld, for %s; it is shown only this once\n",
               static_cast<long long>(id->value()), scopes_text(key.scopes).c_str());
  std::printf("%s\n", secret.c_str());
  return 0;
}

int list(store::KeyBook& book) {
  auto keys = book.list();
  if (!keys) return failed(keys.error());
  std::printf("%-4s %-20s %-10s %-10s %s\n", "id", "name", "created", "revoked", "scopes");
  for (const auto& key : *keys)
    std::printf("%-4lld %-20s %-10s %-10s %s\n", static_cast<long long>(key.id.value()),
                key.name.c_str(), day(key.created).c_str(),
                key.revoked ? day(key.revoked).c_str() : "-", scopes_text(key.scopes).c_str());
  return 0;
}

int revoke(store::KeyBook& book, const KeyCommand& command) {
  auto revoked = book.revoke(KeyId(command.id), SystemClock().wall());
  if (!revoked) return failed(revoked.error());
  std::printf("key %lld is revoked\n", static_cast<long long>(command.id));
  return 0;
}

}  // namespace

const std::vector<std::string>& scope_names() {
  static const std::vector<std::string> names{"messages", "users",   "groups",
                                              "rooms",    "devices", "broadcast"};
  return names;
}

int run_key_command(const Config& config, const KeyCommand& command) {
  if (!init_random())
    return failed(Error(ErrCode::kServerUnknown, "the system gives no randomness"));
  auto book = store::open_key_book(config.server.data_dir);
  if (!book) return failed(book.error());
  switch (command.verb) {
    case KeyCommand::Verb::kCreate: return create(**book, command);
    case KeyCommand::Verb::kList: return list(**book);
    case KeyCommand::Verb::kRevoke: return revoke(**book, command);
  }
  return kExitFailure;
}

}  // namespace linnet::app
