// Scenario reconnect: all devices come back at once, while others go on talking.
#include "http.hpp"
#include "pairs.hpp"
#include "pb/logic.ext.pb.h"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace linnet::bench {
namespace {

constexpr std::size_t kStormAtOnce = 1024;  // on their way in
constexpr int kNice = 10;
constexpr Nanos kSlice = 20 * kMilli;

void fill(const Server& server, const std::vector<Account>& devices, const Account& from,
          const Options& options) {
  std::vector<SendCall> calls;
  calls.reserve(devices.size());
  for (const auto& device : devices)
    calls.emplace_back(from, pb::RT_USER, device.id.value(), options.payload);
  call_all(
      server.doors().http, devices.size() * options.waiting,
      [&](std::size_t number) {
        return std::string(calls[number % devices.size()].with_request_id(number));
      },
      [](std::size_t /*number*/, const HttpReply& /*reply*/) {});
}

// The devices, on a thread of their own: their crowd must not delay what is measured beside it.
class Storm {
 public:
  Storm(const Server& server, const std::vector<Account>& devices, std::size_t waiting)
      : doors_(server.doors()), devices_(devices), waiting_(waiting) {
    come_back();
  }

  void cut() { peers_.clear(); }
  void begin() {
    done_ = false;
    thread_ = std::thread([this] {
      // Whoever measures comes first.
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
      try {
        come_back();
      } catch (...) {
        failure_ = std::current_exception();
      }
      done_ = true;
    });
  }
  bool over() const { return done_; }
  void join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }
  ~Storm() {
    if (thread_.joinable()) thread_.join();
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  // Devices that did not get what waited for them.
  std::size_t incomplete() const {
    return static_cast<std::size_t>(
        std::count_if(peers_.begin(), peers_.end(),
                      [this](const Peer& peer) { return peer.synced() != waiting_; }));
  }

 private:
  void come_back() {
    peers_.reserve(devices_.size());
    connect_all(
        peers_, devices_.size(), poller_, doors_, devices_,
        [](std::size_t) { return Door::kWebSocket; }, 0, kStormAtOnce);
    for (auto& peer : peers_)
      peer.reset_at_end();
  }

  Doors doors_;
  const std::vector<Account>& devices_;
  std::size_t waiting_;
  Poller poller_;
  std::vector<Peer> peers_;
  std::thread thread_;
  std::atomic<bool> done_{true};
  std::exception_ptr failure_;
};

// Talks at the rate until it is enough; the times of the messages meanwhile.
template <class Enough>
Histogram talk(Pairs& pairs, const Options& options, Enough enough) {
  pairs.deliveries().measure_from(now());
  for (auto from = now(); !enough(); from += kSlice)
    pairs.run_at_rate(options.rate, from, from + kSlice);
  pairs.settle();
  return pairs.deliveries().latencies();
}

Table make_table(const Options& options) {
  return {"reconnect",
          "devices that are all cut, sign in over WebSocket and sync at once; beside them " +
              std::to_string(options.pairs) + " pairs at " + std::to_string(options.rate) +
              " messages/s",
          {{"devices", "devices"},
           {"seconds_until_all_are_back", "s until all are back", 2},
           {"sign_ins_per_s", "sign-ins/s"},
           {"messages_per_s", "messages/s"},
           {"server_cpu_us_per_device", "server CPU us/device", 1},
           {"generator_cpu_us_per_device", "generator", 1},
           {"others_p50_ms_quiet", "others' p50 ms before", 2},
           {"others_p99_ms_quiet", "p99", 2},
           {"others_p50_ms_storm", "p50 meanwhile", 2},
           {"others_p99_ms_storm", "p99", 2},
           {"others_p99_ratio", "p99 ratio", 1}}};
}

}  // namespace

Table run_reconnect(const Options& options) {
  auto table = make_table(options);
  const auto limit = raise_file_limit();
  const auto talking = 2 * options.pairs + 200;
  auto count = options.devices;
  if (count + talking > limit) {
    count = limit - talking;
    table.note("the limit of open files allows only so many connections (ulimit -Hn)");
  }
  Server server(options);
  show_progress("reconnect: users are made, messages wait for them");
  auto users = sign_up(server.site(), 2 * options.pairs + 1 + count);
  const std::vector<Account> devices(users.end() - static_cast<std::ptrdiff_t>(count), users.end());
  fill(server, devices, users[2 * options.pairs], options);
  Storm storm(server, devices, options.waiting);
  Pairs pairs(options, server.doors(), users);

  show_progress("reconnect: quiet");
  const auto quiet_until = now() + seconds(options.seconds);
  const auto quiet = talk(pairs, options, [&] { return now() >= quiet_until; });
  show_progress("reconnect: storm");
  storm.cut();
  rest(1);
  const CpuMeter cpu(server);
  const auto begin = now();
  Nanos back = 0;
  storm.begin();
  const auto during = talk(pairs, options, [&] {
    if (storm.over() && back == 0) back = now();
    return back != 0;
  });
  storm.join();
  const auto passed = static_cast<double>(back - begin) / 1e9;
  const auto all = static_cast<double>(count);
  table.add({all, passed, all / passed, all * static_cast<double>(options.waiting) / passed,
             cpu.server_us(all), cpu.generator_us(all), quiet.percentile_ms(0.5),
             quiet.percentile_ms(0.99), during.percentile_ms(0.5), during.percentile_ms(0.99),
             during.percentile_ms(0.99) / std::max(quiet.percentile_ms(0.99), 1e-6)});
  if (storm.incomplete() > 0)
    table.problem(std::to_string(storm.incomplete()) + " devices did not get what they had missed");
  for (const auto& problem : pairs.deliveries().problems())
    table.problem(problem);
  table.note("each device has missed " + std::to_string(options.waiting) +
             " messages; the CPU time contains the others' messages");
  table.note(
      "the devices' side of the storm takes a processor too: on two, the others' times contain"
      " the waiting for it");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
