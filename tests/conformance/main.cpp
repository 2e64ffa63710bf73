// linnet-conformance: the HTTP door of Linnet with the service that the Connect protocol's
// conformance runner calls. The runner starts it and tells it on its standard input what to be;
// CONFIG is config.yaml beside this file:
//
//   connectconformance --conf CONFIG --mode server -- build/release/linnet-conformance
//
// It serves until SIGTERM or SIGINT.
#include "acceptor.hpp"
#include "connectrpc/conformance/v1/server_compat.pb.h"
#include "http/server.hpp"
#include "service.hpp"
#include "support/memory_store.hpp"

#include "linnet/base/random.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <pthread.h>

namespace {

using namespace linnet;
namespace v1 = connectrpc::conformance::v1;

constexpr std::size_t kMessageBytes = std::size_t{1024} * 1024;  // where the runner names no limit
constexpr std::uint32_t kLargestQuestion = 1024 * 1024;

// A message behind its size: 4 bytes, big-endian.
bool read_message(std::FILE* in, google::protobuf::Message& message) {
  std::array<unsigned char, 4> head{};
  if (std::fread(head.data(), 1, head.size(), in) != head.size()) return false;
  std::uint32_t size = 0;
  for (auto byte : head)
    size = size << 8U | byte;
  if (size > kLargestQuestion) return false;
  std::string bytes(size, '\0');
  return std::fread(bytes.data(), 1, size, in) == size && message.ParseFromString(bytes);
}

void write_message(std::FILE* out, const google::protobuf::Message& message) {
  const auto bytes = message.SerializeAsString();
  const auto size = static_cast<std::uint32_t>(bytes.size());
  for (unsigned shift = 32; shift > 0; shift -= 8)
    std::fputc(static_cast<int>(size >> (shift - 8) & 0xffU), out);
  std::fwrite(bytes.data(), 1, bytes.size(), out);
  std::fflush(out);
}

// The service needs no credentials.
class Nobody final : public user::Authenticator {
 public:
  void authenticate(user::Credentials, Done<user::Identity> done) override {
    done(Error(ErrCode::kUnauthorized));
  }
};

class NoUpgrades final : public gateway::UpgradeSink {
 public:
  void upgraded(gateway::Upgraded) override {}
  void streaming(gateway::TcpSocket, gateway::Gate::Ticket, gateway::StreamStart) override {}
};

int fail(const char* why) {
  std::fprintf(stderr, "linnet-conformance: %s\n", why);
  return 1;
}

int serve(const v1::ServerCompatRequest& wanted, const sigset_t& signals) {
  SystemClock clock;
  Logger log(LogLevel::kWarn);
  api::MethodTable table;
  conformance::add_methods(table);
  Nobody nobody;
  test::MemoryStore store;
  user::Keys keys(store);
  api::LimitOptions limits;
  limits.enabled = false;
  api::Limiter limiter(clock, limits);
  api::Api api(table, nobody, keys, limiter, log);
  NoUpgrades sink;
  gateway::HttpOptions options;
  options.body_bytes =
      wanted.message_receive_limit() > 0 ? wanted.message_receive_limit() : kMessageBytes;
  options.unproved_bytes = options.body_bytes;
  Shard shard(0);
  Refusals refusals;
  gateway::HttpServer server(shard, api, clock, log, refusals, options, sink);
  auto gate = std::make_shared<gateway::Gate>(gateway::GateOptions(), refusals);
  gateway::Acceptor acceptor(shard, clock, log, *gate, refusals, {},
                             [&](gateway::TcpSocket socket, gateway::Gate::Ticket ticket) {
                               server.serve(std::move(socket), std::move(ticket));
                             });
  auto endpoint = gateway::claim(shard.context(), *gateway::parse_listen_address("127.0.0.1:0"));
  if (!endpoint || !acceptor.open(*endpoint)) return fail("cannot listen on 127.0.0.1");
  shard.start();
  shard.post([&] { acceptor.start(); });

  v1::ServerCompatResponse answer;
  answer.set_host("127.0.0.1");
  answer.set_port(endpoint->port());
  write_message(stdout, answer);
  int signal = 0;
  sigwait(&signals, &signal);
  shard.stop();
  return 0;
}

}  // namespace

int main() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  init_random();
  v1::ServerCompatRequest wanted;
  if (!read_message(stdin, wanted)) return fail("no ServerCompatRequest on standard input");
  if (wanted.use_tls() || wanted.http_version() > 1)
    return fail("HTTP/1.1 without TLS is what this door speaks");
  return serve(wanted, signals);
}
