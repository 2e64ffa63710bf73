// Attacks by calls over HTTP: guessed codes, one user's messages, bodies that grow when unpacked.
#include "attack.hpp"
#include "foes.hpp"
#include "http.hpp"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"

#include <algorithm>
#include <functional>
#include <map>
#include <zlib.h>

namespace linnet::flood {
namespace {

using bench::kMilli;
using bench::now;

constexpr std::size_t kCallers = 64;
constexpr int kOk = 200;
constexpr bench::Nanos kPatience = 30 * bench::kSecond;

// Calls on every connection, the next when the last is answered; how often each status came.
// Whoever is cut comes back.
std::map<int, std::uint64_t> call_on(const Field& field, std::size_t per_address,
                                     const std::function<std::string(std::uint64_t)>& request) {
  Foes foes(field.scaled(kCallers));
  std::map<int, std::uint64_t> statuses;
  std::uint64_t number = 0;
  // On a busy machine the moment may be over before the first answer.
  const auto patience = now() + kPatience;
  while (!field.over || (statuses.empty() && now() < patience)) {
    for (std::size_t foe = 0; foe < foes.size(); ++foe)
      if (!foes.open(foe) && foes.connect(foe, field.doors.http, per_address))
        foes.say(foe, request(number++));
    foes.listen(now() + kMilli, [&](std::size_t foe, std::string& received) {
      std::string_view rest(received);
      const auto reply = bench::next_reply(rest);
      if (!reply) return;
      ++statuses[reply->status];
      received.clear();
      if (foes.open(foe)) foes.say(foe, request(number++));
    });
  }
  return statuses;
}

Outcome tell(const std::map<int, std::uint64_t>& statuses) {
  Outcome outcome;
  for (const auto& [status, count] : statuses)
    outcome.did += (outcome.did.empty() ? "" : ", ") + std::to_string(count) + " times " +
                   std::to_string(status);
  if (statuses.empty()) outcome.faults.emplace_back("nothing was answered");
  return outcome;
}

std::uint64_t times(const std::map<int, std::uint64_t>& statuses, int status) {
  const auto found = statuses.find(status);
  return found == statuses.end() ? 0 : found->second;
}

std::string gzipped(std::size_t zeros) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  deflateInit2(&stream, 9, Z_DEFLATED, kGzip, 9, Z_DEFAULT_STRATEGY);
  std::string from(zeros, '\0');
  std::string out(deflateBound(&stream, zeros), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(from.data());
  stream.avail_in = static_cast<uInt>(from.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::uint64_t refused(const bench::Doors& doors, const std::string& limit) {
  Foes one(1);
  if (!one.connect(0, doors.http)) return 0;
  one.say(0, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string text;
  for (const auto deadline = now() + 5 * bench::kSecond; one.open(0) && now() < deadline;)
    one.listen(deadline, [&](std::size_t, std::string& received) { text = received; });
  const auto name = "linnet_refused_total{limit=\"" + limit + "\"} ";
  const auto at = text.find(name);
  if (at == std::string::npos) throw std::runtime_error("no " + limit + " in /metrics");
  return std::stoull(text.substr(at + name.size()));
}

// Each address has three connections; numbers and codes are any.
Outcome sign_ins(const Field& field) {
  const auto device = field.users.front().device.value();
  const auto statuses = call_on(field, 3, [device](std::uint64_t number) {
    pb::SignInReq request;
    request.set_phone_number(std::to_string(14'000'000'000 + number % 5000));
    request.set_code(kGuess + std::to_string(number));
    request.set_device_id(device);
    return bench::http_call("/pb.UserExt/SignIn", "", request.SerializeAsString());
  });
  auto outcome = tell(statuses);
  if (times(statuses, kOk) > 0) outcome.faults.emplace_back("somebody signed in");
  if (times(statuses, 429) == 0 && field.scale >= 1)
    outcome.faults.emplace_back("nothing was limited");
  return outcome;
}

// All of one user, to another.
Outcome messages(const Field& field) {
  bench::SendCall call(field.users[0], pb::RT_USER, field.users[1].id.value(), 1000);
  const auto begin = now();
  const auto statuses = call_on(field, 1, [&call](std::uint64_t number) {
    return std::string(call.with_request_id(number));
  });
  auto outcome = tell(statuses);
  // limits.write_per_second and write_burst.
  const auto allowed = 500 + 100 * (static_cast<double>(now() - begin) / 1e9 + 1);
  if (static_cast<double>(times(statuses, kOk)) > allowed)
    outcome.faults.emplace_back("more were taken than are allowed");
  return outcome;
}

// 64 MB in 64 KB, though a body may have 256 KB.
Outcome bombs(const Field& field) {
  const auto bomb = gzipped(64U << 20U);
  std::string request =
      "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/proto\r\n"
      "Content-Encoding: gzip\r\nContent-Length: " +
      std::to_string(bomb.size()) + "\r\n\r\n" + bomb;
  const auto statuses = call_on(field, 1, [&request](std::uint64_t) { return request; });
  auto outcome = tell(statuses);
  if (times(statuses, kOk) > 0) outcome.faults.emplace_back("a bomb was taken");
  return outcome;
}

}  // namespace linnet::flood
