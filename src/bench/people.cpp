#include "people.hpp"

#include "http.hpp"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include <algorithm>
#include <stdexcept>

namespace linnet::bench {
namespace {

constexpr Nanos kPatience = 60 * kSecond;
constexpr std::size_t kCallsAtOnce = 64;

std::string register_call() {
  pb::RegisterDeviceReq request;
  request.set_type(1);
  request.set_brand("bench");
  request.set_model("bench");
  request.set_system_version("1");
  request.set_sdk_version("1");
  return http_call("/pb.LogicExt/RegisterDevice", "", request.SerializeAsString());
}

std::string sign_in_call(const Site& site, std::size_t number, DeviceId device) {
  pb::SignInReq request;
  request.set_phone_number(std::to_string(site.first_phone + number));
  request.set_code(site.code);
  request.set_device_id(device.value());
  return http_call("/pb.UserExt/SignIn", "", request.SerializeAsString());
}

template <class Message>
Message parse(const HttpReply& reply) {
  Message message;
  if (reply.status != 200 ||
      !message.ParseFromArray(reply.body.data(), static_cast<int>(reply.body.size())))
    throw std::runtime_error("a sign-in was refused: " + std::string(reply.body));
  return message;
}

}  // namespace

std::vector<Account> sign_up(const Site& site, std::size_t count) {
  Poller poller;
  Callers callers(poller, site.doors.http, std::min(count, kCallsAtOnce));
  std::vector<Account> users(count);
  std::vector<std::size_t> current(callers.size());
  const auto registering = register_call();
  std::size_t begun = 0;
  std::size_t done = 0;
  auto begin_next = [&](std::size_t caller) {
    if (begun == count) return;
    current[caller] = begun++;
    callers.call(caller, registering);
  };
  auto answered = [&](std::size_t caller, const HttpReply& reply) {
    auto& user = users[current[caller]];
    if (user.device == DeviceId()) {
      user.device = DeviceId(parse<pb::RegisterDeviceResp>(reply).device_id());
      callers.call(caller, sign_in_call(site, current[caller], user.device));
      return;
    }
    auto answer = parse<pb::SignInResp>(reply);
    user.id = UserId(answer.user_id());
    user.token = answer.token();
    ++done;
    begin_next(caller);
  };

  for (std::size_t caller = 0; caller < callers.size(); ++caller)
    begin_next(caller);
  auto deadline = now() + kPatience;
  while (done < count) {
    if (now() > deadline) throw std::runtime_error("the users were not signed in in time");
    for (const auto& event : poller.wait(deadline))
      callers.handle(event, answered);
  }
  return users;
}

void call_all(const Address& http, std::size_t count,
              const std::function<std::string(std::size_t)>& request,
              const std::function<void(std::size_t, const HttpReply&)>& answered) {
  Poller poller;
  Callers callers(poller, http, std::min(count, kCallsAtOnce));
  std::vector<std::size_t> current(callers.size());
  std::size_t begun = 0;
  std::size_t done = 0;
  const auto begin_next = [&](std::size_t caller) {
    if (begun == count) return;
    current[caller] = begun++;
    callers.call(caller, request(current[caller]));
  };
  for (std::size_t caller = 0; caller < callers.size(); ++caller)
    begin_next(caller);
  auto last = now();
  while (done < count) {
    if (now() - last > kPatience) throw std::runtime_error("calls were not answered in time");
    for (const auto& event : poller.wait(now() + kSecond)) {
      callers.handle(event, [&](std::size_t caller, const HttpReply& reply) {
        if (reply.status != 200)
          throw std::runtime_error("a call was refused: " + std::string(reply.body));
        answered(current[caller], reply);
        ++done;
        last = now();
        begin_next(caller);
      });
    }
  }
}

void connect_all(std::vector<Peer>& peers, std::size_t last, Poller& poller, const Doors& doors,
                 const std::vector<Account>& users, const std::function<Door(std::size_t)>& door_of,
                 std::size_t first_tag, std::size_t at_once) {
  auto ready = peers.size();
  auto deadline = now() + kPatience;
  while (ready < last) {
    while (peers.size() < last && peers.size() - ready < at_once) {
      auto place = peers.size();
      peers.emplace_back(door_of(place), poller, first_tag + place, doors, users[place]);
    }
    if (now() > deadline) throw std::runtime_error("not all connections were ready in time");
    for (const auto& event : poller.wait(deadline)) {
      auto tag = static_cast<std::size_t>(event.data.u64);
      if (tag < first_tag) continue;  // of somebody else, who has nothing under way
      auto& peer = peers[tag - first_tag];
      const bool before = peer.ready();
      peer.handle(event.events, [](const Down&) {});
      if (peer.ready() && !before) ++ready;
    }
  }
}

void rest(double count_of_seconds) {
  Poller nothing;
  for (auto until = now() + seconds(count_of_seconds); now() < until;)
    nothing.wait(until);
}

}  // namespace linnet::bench
