// The client's account, its calls, and the thread of its long connection.
#include "linnet/client/client.hpp"

#include "backoff.hpp"
#include "keeper.hpp"

#include "linnet/base/random.hpp"
#include "linnet/client/calls.hpp"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace linnet::client {
namespace {

Calls::Options call_options(const Client::Options& options) {
  Calls::Options result;
  result.host = options.host;
  result.port = options.http_port;
  result.timeout = options.call_timeout;
  return result;
}

// Unique without a memory of the ids given before: 62 random bits, never 0.
RequestId fresh_request_id() {
  constexpr std::uint32_t kBound = 1U << 31U;
  const auto high = static_cast<std::int64_t>(random_below(kBound));
  const auto low = static_cast<std::int64_t>(random_below(kBound));
  return RequestId((high << 31 | low) + 1);
}

Error while_connected() {
  return Error(ErrCode::kBadRequest, "disconnect first");
}

}  // namespace

struct Client::Impl {
  explicit Impl(Options given) : options(std::move(given)), calls(call_options(options)) {}

  std::string token() const {
    std::lock_guard lock(mutex);
    return account.token;
  }

  // A call with the account's credentials.
  template <class Response, class Request>
  Result<Response> call(std::string_view path, const Request& request) {
    const auto secret = token();
    if (secret.empty()) return Error(ErrCode::kUnauthorized, "sign in first");
    return calls.call<Response>(path, request, secret, Repeat::kSafe);
  }

  bool on_own_thread() const { return own_thread == std::this_thread::get_id(); }
  KeeperOptions keeper_options() const;
  void run(const std::shared_ptr<Keeper>& running);

  const Options options;
  Calls calls;

  mutable std::mutex mutex;  // account, connected, keeper
  Account account;
  bool connected = false;
  std::shared_ptr<Keeper> keeper;

  std::mutex control;  // one connect() or disconnect() at a time; taken before `mutex`
  std::thread thread;
  std::atomic<std::thread::id> own_thread{};
};

std::string_view name(State state) {
  switch (state) {
    case State::kConnecting: return "connecting";
    case State::kOnline: return "online";
    case State::kWaiting: return "waiting";
    case State::kEnded: return "ended";
  }
  return "unknown";
}

Client::Client(Options options) {
  // A system without randomness ends the process in the first function that needs some.
  init_random();
  impl_ = std::make_unique<Impl>(std::move(options));
}

Client::~Client() {
  disconnect();
}

Result<DeviceId> Client::register_device() {
  const auto& info = impl_->options.device;
  pb::RegisterDeviceReq request;
  request.set_type(info.type);
  request.set_brand(info.brand);
  request.set_model(info.model);
  request.set_system_version(info.system_version);
  request.set_sdk_version(info.sdk_version);
  auto answer = impl_->calls.call<pb::RegisterDeviceResp>("/pb.LogicExt/RegisterDevice", request);
  if (!answer) return answer.take_error();
  Account account;
  account.device = DeviceId(answer->device_id());
  auto adopted = adopt(std::move(account));
  if (!adopted) return adopted.take_error();
  return DeviceId(answer->device_id());
}

Result<std::chrono::seconds> Client::send_code(std::string_view phone_number) {
  pb::SendCodeReq request;
  request.set_phone_number(std::string(phone_number));
  auto answer = impl_->calls.call<pb::SendCodeResp>("/pb.UserExt/SendCode", request);
  if (!answer) return answer.take_error();
  return std::chrono::seconds(answer->expires_in());
}

Result<Account> Client::sign_in(std::string_view phone_number, std::string_view code) {
  auto before = account();
  if (!before.device) {
    auto device = register_device();
    if (!device) return device.take_error();
    before.device = *device;
  }
  pb::SignInReq request;
  request.set_phone_number(std::string(phone_number));
  request.set_code(std::string(code));
  request.set_device_id(before.device.value());
  auto answer = impl_->calls.call<pb::SignInResp>("/pb.UserExt/SignIn", request);
  if (!answer) return answer.take_error();
  Account now;
  now.user = UserId(answer->user_id());
  now.device = before.device;
  now.token = answer->token();
  if (now.user == before.user) now.last_seq = before.last_seq;
  auto adopted = adopt(now);
  if (!adopted) return adopted.take_error();
  return now;
}

Status Client::adopt(Account account) {
  std::lock_guard lock(impl_->mutex);
  if (impl_->connected) return while_connected();
  impl_->account = std::move(account);
  return success();
}

Account Client::account() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->account;
}

Result<Seq> Client::send_text(UserId to, std::string_view text, SendOptions options) {
  pb::Text content;
  content.set_text(std::string(text));
  return send(to, pb::MT_TEXT, content.SerializeAsString(), options);
}

Result<Seq> Client::send(UserId to, pb::MessageType type, std::string content,
                         SendOptions options) {
  const auto id = options.request_id ? options.request_id : fresh_request_id();
  pb::SendMessageReq request;
  request.set_receiver_type(pb::RT_USER);
  request.set_receiver_id(to.value());
  request.set_message_type(type);
  request.set_message_content(std::move(content));
  request.set_is_persist(options.persist);
  request.set_request_id(id.value());
  const auto secret = impl_->token();
  if (secret.empty()) return Error(ErrCode::kUnauthorized, "sign in first");

  const auto deadline = std::chrono::steady_clock::now() + impl_->options.send_timeout;
  Backoff backoff(impl_->options.backoff_base, impl_->options.backoff_max);
  for (;;) {
    auto answer =
        impl_->calls.call<pb::SendMessageResp>("/pb.LogicExt/SendMessage", request, secret,
                                               options.persist ? Repeat::kSafe : Repeat::kNever);
    if (answer) return Seq(answer->seq());
    // What is stored nowhere is not recognised when it comes again.
    if (!options.persist || !is_passing(answer.code())) return answer.take_error();
    const auto again = std::chrono::steady_clock::now() + backoff.next();
    if (again >= deadline) return answer.take_error();
    std::this_thread::sleep_until(again);
  }
}

Status Client::add_friend(UserId user, std::string_view remarks, std::string_view description) {
  pb::AddFriendReq request;
  request.set_friend_id(user.value());
  request.set_remarks(std::string(remarks));
  request.set_description(std::string(description));
  auto answer = impl_->call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", request);
  if (!answer) return answer.take_error();
  return success();
}

Status Client::agree_add_friend(UserId user, std::string_view remarks) {
  pb::AgreeAddFriendReq request;
  request.set_user_id(user.value());
  request.set_remarks(std::string(remarks));
  auto answer = impl_->call<pb::AgreeAddFriendResp>("/pb.LogicExt/AgreeAddFriend", request);
  if (!answer) return answer.take_error();
  return success();
}

Result<std::vector<pb::Friend>> Client::friends() {
  std::vector<pb::Friend> all;
  for (pb::GetFriendsReq request;;) {
    auto answer = impl_->call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", request);
    if (!answer) return answer.take_error();
    all.insert(all.end(), answer->friends().begin(), answer->friends().end());
    if (!answer->has_more() || answer->friends().empty()) return all;
    request.set_after_id(all.back().user_id());
  }
}

Result<pb::User> Client::get_user(UserId user) {
  pb::GetUserReq request;
  request.set_user_id(user.value());
  auto answer = impl_->call<pb::GetUserResp>("/pb.UserExt/GetUser", request);
  if (!answer) return answer.take_error();
  return std::move(*answer->mutable_user());
}

Status Client::update_user(const pb::UpdateUserReq& profile) {
  auto answer = impl_->call<pb::UpdateUserResp>("/pb.UserExt/UpdateUser", profile);
  if (!answer) return answer.take_error();
  return success();
}

// With `mutex` held.
KeeperOptions Client::Impl::keeper_options() const {
  const bool tcp = options.transport == Transport::kTcp;
  KeeperOptions result;
  result.target.door = tcp ? Session::Door::kTcp : Session::Door::kWebSocket;
  result.target.host = options.host;
  result.target.port = tcp ? options.tcp_port : options.http_port;
  result.target.timeout = options.call_timeout;
  result.session.heartbeat = options.heartbeat;
  result.session.answer_timeout = options.answer_timeout;
  result.identity.user = account.user;
  result.identity.device = account.device;
  result.identity.token = account.token;
  result.last_seq = account.last_seq;
  result.backoff_base = options.backoff_base;
  result.backoff_max = options.backoff_max;
  return result;
}

Status Client::connect(Handlers handlers) {
  if (impl_->on_own_thread()) return while_connected();
  std::lock_guard control(impl_->control);
  auto* impl = impl_.get();
  {
    std::lock_guard lock(impl->mutex);
    if (impl->connected) return while_connected();
  }
  if (impl->thread.joinable()) impl->thread.join();  // it has ended by itself

  std::lock_guard lock(impl->mutex);
  if (impl->account.token.empty()) return Error(ErrCode::kUnauthorized, "sign in first");
  Keeper::Hooks hooks;
  hooks.on_seq = [impl](Seq seq) {
    std::lock_guard inner(impl->mutex);
    impl->account.last_seq = seq;
  };
  hooks.on_final = [impl] {
    std::lock_guard inner(impl->mutex);
    impl->connected = false;
  };
  impl->keeper =
      std::make_shared<Keeper>(impl->keeper_options(), std::move(handlers), std::move(hooks));
  impl->connected = true;
  impl->thread = std::thread([impl, running = impl->keeper] { impl->run(running); });
  return success();
}

void Client::Impl::run(const std::shared_ptr<Keeper>& running) {
  own_thread = std::this_thread::get_id();
  running->run();
  own_thread = std::thread::id();
  std::lock_guard lock(mutex);
  connected = false;
}

void Client::disconnect() {
  auto* impl = impl_.get();
  auto stop = [impl] {
    std::lock_guard lock(impl->mutex);
    if (impl->keeper) impl->keeper->stop();
  };
  if (impl->on_own_thread()) return stop();
  // First the turn, then the stop: else a connect() in between would start what nobody stops.
  std::lock_guard control(impl->control);
  stop();
  if (impl->thread.joinable()) impl->thread.join();
  std::lock_guard lock(impl->mutex);
  impl->keeper.reset();
}

}  // namespace linnet::client
