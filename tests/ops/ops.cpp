// linnet-ops OPERATION COUNT: does it so often and says what was allocated meanwhile, as
// "TIMES BYTES". Under callgrind, two counts tell what one more costs in instructions.
#include "counting_new.hpp"
#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/room.ext.pb.h"
#include "pb/user.ext.pb.h"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/random.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/base/temp_dir.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/store/sqlite.hpp"
#include "linnet/user/accounts.hpp"
#include "linnet/wire/push.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace linnet;

const std::string kText(100, 'x');

// What an operation needs is made first; the result does it once.
using Operation = std::function<void()>;

pb::MessageItem message() {
  pb::MessageItem item;
  item.set_sender_id(1);
  item.set_receiver_id(2);
  item.set_message_content(kText);
  return item;
}

// A message for one connected device: encoded, given its seq, framed.
Operation push_encode() {
  return [item = message(), packet = std::string(), out = std::string()]() mutable {
    packet.clear();
    out.clear();
    wire::Push(item).append_binary(Seq(7), packet);
    wire::append_ws_frame(wire::WsOpcode::kBinary, packet, out);
  };
}

std::string input() {
  pb::Input packet;
  packet.set_type(pb::PT_HEARTBEAT);
  packet.set_request_id(7);
  packet.set_data(kText);
  return packet.SerializeAsString();
}

Operation tcp_decode() {
  std::string framed;
  wire::append_tcp_frame(input(), framed);
  return [framed, packet = pb::Input()]() mutable {
    std::string_view bytes(framed);
    auto next = wire::next_tcp_packet(bytes);
    if (!next || !packet.ParseFromArray(next->data(), static_cast<int>(next->size())))
      throw std::runtime_error("not decoded");
  };
}

Operation ws_decode() {
  std::string framed;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, input(), 0x12345678, framed);
  auto decoder = std::make_shared<wire::WsDecoder>(wire::WsRole::kServer, wire::kMaxPacket);
  return [framed, decoder, bytes = std::string(), packet = pb::Input()]() mutable {
    bytes = framed;  // it is unmasked in place
    char* at = bytes.data();
    auto event = decoder->next(at, at + bytes.size());
    if (!packet.ParseFromArray(event.payload.data(), static_cast<int>(event.payload.size())))
      throw std::runtime_error("not decoded");
  };
}

class Outlet final : public router::RoomOutlet {
 public:
  bool room_ready() const override { return true; }
  void send_run(const wire::FrameRunPtr& run) override {
    got += run->bytes(wire::Framing::kWebSocketBinary).size();
  }
  void room_dropped(RoomId, std::uint64_t) override {}
  void room_closed(RoomId, ErrCode) override {}
  std::size_t got = 0;
};

// A message to all members of a room on one shard, as far as their sockets.
struct Room {
  explicit Room(std::size_t members) : outlets(members) {
    shards.push_back(std::make_unique<Shard>(0));
    rooms.emplace(shards, clock, router::RoomOptions());
    for (auto& outlet : outlets) {
      router::RoomPast past;
      pb::RoomState state;
      seats.push_back(rooms->join(RoomId(5), UserId(1), *shards[0], outlet, {}, past, state));
    }
  }
  void say() {
    pb::RoomItem item;
    item.set_message_content(kText);
    rooms->publish(RoomId(5), std::move(item));
    shards[0]->context().restart();
    shards[0]->context().poll();
    if (outlets.back().got == before) throw std::runtime_error("not delivered");
    before = outlets.back().got;
  }
  test::FalseClock clock;
  Shards shards;
  std::optional<router::Rooms> rooms;
  std::vector<Outlet> outlets;
  std::vector<router::RoomSeat> seats;
  std::size_t before = 0;
};

Operation fan_out(std::size_t members) {
  return [room = std::make_shared<Room>(members)] { room->say(); };
}

api::LimitOptions without_limits() {
  api::LimitOptions limits;
  limits.enabled = false;
  return limits;
}

// A call from its bytes to those of its answer: found, decoded, admitted, carried out by a handler
// that does nothing, encoded.
struct Dispatch final : user::Authenticator {
  Dispatch() {
    table.add("/pb.LogicExt/SendMessage", *this, &Dispatch::send);
    pb::SendMessageReq request;
    request.set_receiver_id(2);
    request.set_message_content(kText);
    pb::CallInput input;
    input.set_method("/pb.LogicExt/SendMessage");
    input.set_request(request.SerializeAsString());
    bytes = input.SerializeAsString();
    caller.identity = {UserId(1), DeviceId(1)};
  }
  void authenticate(user::Credentials, Done<user::Identity> done) override {
    done(Error(ErrCode::kUnauthorized));
  }
  Async<pb::SendMessageResp> send(const user::Caller&, const pb::SendMessageReq&) {
    pb::SendMessageResp response;
    response.set_seq(7);
    co_return response;
  }
  void call() {
    pb::CallInput input;
    const auto* method = input.ParseFromString(bytes) ? table.find(input.method()) : nullptr;
    if (method == nullptr) throw std::runtime_error("no method");
    auto request = method->new_request();
    if (!request->ParseFromString(input.request())) throw std::runtime_error("not decoded");
    pb::CallOutput output;
    boost::asio::co_spawn(context, api.call_as(*method, caller, *request),
                          [&](std::exception_ptr thrown, Result<api::MessagePtr> result) {
                            if (!thrown && result)
                              output.set_response((*result)->SerializeAsString());
                          });
    context.restart();
    context.run();
    if (output.response().empty()) throw std::runtime_error("not answered");
    answer = output.SerializeAsString();
  }
  SystemClock clock;
  Logger log{LogLevel::kError};
  test::MemoryStore store;
  user::Keys keys{store};
  api::Limiter limiter{clock, without_limits()};
  api::MethodTable table;
  api::Api api{table, *this, keys, limiter, log};
  boost::asio::io_context context;
  user::Caller caller;
  std::string bytes;
  std::string answer;
};

Operation dispatch() {
  return [state = std::make_shared<Dispatch>()] { state->call(); };
}

// The store on a real directory, asked by one caller that waits for each answer.
struct OnDisk {
  OnDisk() {
    store::SqliteOptions options;
    options.directory = dir.path();
    options.synchronous = store::Synchronous::kNormal;  // what is counted is not the disk's
    auto opened = store::open_sqlite(options, clock, log);
    if (!opened) throw std::runtime_error(opened.error().message());
    store = std::move(*opened);
  }
  template <class T, class Start>
  T wait(Start start) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto future = promise->get_future();
    start(Done<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
    auto result = future.get();
    if (!result) throw std::runtime_error(std::string(name(result.code())));
    return std::move(*result);
  }
  void append() {
    store::NewMessage made;
    made.message.sender_type = 2;
    made.message.sender_id = 1;
    made.message.receiver_type = 1;
    made.message.receiver_id = 2;
    made.message.type = 1;
    made.message.content = kText;
    made.recipients = {UserId(1), UserId(2)};
    wait<store::Appended>(
        [&](Done<store::Appended> done) { store->append(made, std::move(done)); });
  }
  void read_all() {
    auto page = wait<store::InboxPage>([&](Done<store::InboxPage> done) {
      store->read_inbox(UserId(2), Seq(), {}, std::move(done));
    });
    if (page.entries.empty()) throw std::runtime_error("nothing read");
  }
  TempDir dir;
  SystemClock clock;
  Logger log{LogLevel::kError};
  std::unique_ptr<store::Store> store;
};

Operation append() {
  return [disk = std::make_shared<OnDisk>()] { disk->append(); };
}

// A page of 100 messages.
Operation sync_page() {
  auto disk = std::make_shared<OnDisk>();
  for (int i = 0; i < 100; ++i)
    disk->append();
  return [disk] { disk->read_all(); };
}

user::AccountOptions with_passwords() {
  user::AccountOptions options;
  options.fixed_code = "7777";
  options.passwords = true;
  options.password_threads = 1;
  options.password_cost = {1, 8192};  // so that the rest shows beside it
  options.failures_per_minute = 100000;
  return options;
}

// Somebody tries a password that is wrong for `number`; of "100" there is a user who has one.
struct Guess {
  explicit Guess(const std::string& number) {
    caller.address = "10.0.0.2";
    request.set_phone_number(number);
    request.set_password("a wrong one");
    request.set_device_id(device());
    pb::SignInReq sign_in;
    sign_in.set_phone_number("100");
    sign_in.set_code("7777");
    sign_in.set_device_id(device());
    user::Caller anna;
    anna.identity.device = DeviceId(sign_in.device_id());
    anna.identity.user = UserId(test::run(accounts.sign_in(anna, sign_in))->user_id());
    pb::SetPasswordReq password;
    password.set_password("correct horse battery");
    if (!test::run(accounts.set_password(anna, password)))
      throw std::runtime_error("no password is set");
  }
  std::int64_t device() {
    return test::run(wait_for<DeviceId>([&](Done<DeviceId> done) {
             store.create_device(store::Device(), std::move(done));
           }))
        ->value();
  }
  void make() {
    if (test::run(accounts.sign_in_by_password(caller, request)).code() != ErrCode::kBadPassword)
      throw std::runtime_error("not refused as a wrong password");
  }
  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kError};
  user::Accounts accounts{store, clock, log, with_passwords()};
  user::Caller caller;
  pb::SignInByPasswordReq request;
};

Operation guess(const std::string& number) {
  if (!init_random()) throw std::runtime_error("no random numbers");
  return [guess = std::make_shared<Guess>(number)] { guess->make(); };
}

const std::map<std::string, Operation (*)()> kOperations{
    {"push_encode", push_encode},
    {"tcp_decode", tcp_decode},
    {"ws_decode", ws_decode},
    {"dispatch", dispatch},
    {"fan_out_1", [] { return fan_out(1); }},
    {"fan_out_1000", [] { return fan_out(1000); }},
    {"append", append},
    {"sync_page", sync_page},
    {"guess_at_user", [] { return guess("100"); }},
    {"guess_at_nobody", [] { return guess("300"); }},
};

}  // namespace

int main(int argc, char** argv) try {
  const auto found = kOperations.find(argc == 3 ? argv[1] : "");
  if (found == kOperations.end()) {
    std::fputs("usage: linnet-ops OPERATION COUNT\n", stderr);
    for (const auto& [name, make] : kOperations)
      std::fprintf(stderr, "  %s\n", name.c_str());
    return 2;
  }
  auto operation = found->second();
  const auto before = linnet::ops::allocated();
  for (long left = std::strtol(argv[2], nullptr, 10); left > 0; --left)
    operation();
  const auto after = linnet::ops::allocated();
  std::printf("%llu %llu\n", static_cast<unsigned long long>(after.times - before.times),
              static_cast<unsigned long long>(after.bytes - before.bytes));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "linnet-ops: %s\n", error.what());
  return 1;
}
