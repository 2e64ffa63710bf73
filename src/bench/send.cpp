// Scenario direct, the first half: durable sends over HTTP, each connection waiting for its
// acknowledgement, beside what the disk's own sync costs at that time.
#include "bare_store.hpp"
#include "histogram.hpp"
#include "http.hpp"
#include "people.hpp"
#include "progress.hpp"
#include "scenarios.hpp"
#include "server.hpp"

#include <algorithm>

namespace linnet::bench {
namespace {

constexpr int kSyncs = 200;
constexpr int kRoundTrips = 2000;
constexpr std::size_t kReceivers = 256;

// `count` senders, each a user of its own, to receivers that are not connected.
class Senders {
 public:
  Senders(const Options& options, const Doors& doors, std::size_t count,
          const std::vector<Account>& users, std::uint64_t first_number)
      : callers_(poller_, doors.http, count), begun_(count), number_(first_number) {
    calls_.reserve(count);
    auto senders = users.size() - kReceivers;
    for (std::size_t i = 0; i < count; ++i) {
      const auto& to = users[senders + i % kReceivers];
      calls_.emplace_back(users[i], pb::RT_USER, to.id.value(), options.payload);
    }
    for (std::size_t i = 0; i < count; ++i)
      send(i);
  }

  // Sends until then; what is answered meanwhile counts.
  void run(Nanos until) {
    auto answered = [this](std::size_t caller, const HttpReply& reply) {
      latencies_.add(now() - begun_[caller]);
      if (reply.status != 200) ++refused_;
      send(caller);
    };
    while (now() < until) {
      for (const auto& event : poller_.wait(until))
        callers_.handle(event, answered);
    }
  }
  void forget() { latencies_ = Histogram(); }

  const Histogram& latencies() const { return latencies_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t next_number() const { return number_; }

 private:
  void send(std::size_t caller) {
    begun_[caller] = now();
    callers_.call(caller, calls_[caller].with_request_id(number_++));
  }

  Poller poller_;
  Callers callers_;
  std::vector<SendCall> calls_;
  std::vector<Nanos> begun_;
  Histogram latencies_;
  std::uint64_t number_;
  std::uint64_t refused_ = 0;
};

// What nobody who is asked over the network for something durable can do without.
struct Floor {
  DiskCost disk;
  double round_trip_ns = 0;
};

std::optional<Floor> floor_of(const Server& server) {
  if (!server.own()) return std::nullopt;
  return Floor{measure_disk(server.directory(), kSyncs), measure_round_trip(kRoundTrips)};
}

// What that costs, and what the sends are in its terms. `per_ns`: sends.
std::vector<Cell> floor_cells(const std::optional<Floor>& before, const std::optional<Floor>& after,
                              double per_ns, double p50_ns) {
  if (!before || !after) return std::vector<Cell>(5, kUnknown);
  const auto sync_ns = (before->disk.median_ns + after->disk.median_ns) / 2;
  const auto trip_ns = (before->round_trip_ns + after->round_trip_ns) / 2;
  return {sync_ns / 1e6, (before->disk.cpu_ns + after->disk.cpu_ns) / 2e3, per_ns * sync_ns,
          trip_ns / 1e6, (p50_ns - trip_ns) / sync_ns};
}

Table make_table(const Options& options) {
  return {"direct: sends",
          "durable SendMessage over HTTP, " + std::to_string(options.payload) +
              " bytes of text; each connection waits for its acknowledgement",
          {{"connections", "connections"},
           {"sends_per_s", "sends/s"},
           {"p50_ms", "p50 ms", 2},
           {"p90_ms", "p90", 2},
           {"p99_ms", "p99", 2},
           {"max_ms", "max", 2},
           {"server_cpu_us_per_send", "server CPU us/send", 1},
           {"generator_cpu_us_per_send", "generator CPU us/send", 1},
           {"fdatasync_ms", "fdatasync ms", 3},
           {"fdatasync_cpu_us", "its CPU us", 1},
           {"sends_per_fdatasync", "sends in that time", 2},
           {"round_trip_ms", "round trip ms", 3},
           {"fdatasyncs_in_p50", "p50 less that in fdatasyncs", 2},
           {"of_bare", "of bare SQLite", 2}}};
}

}  // namespace

Table run_send(const Options& options) {
  auto table = make_table(options);
  Server server(options);
  auto most = *std::max_element(options.connections.begin(), options.connections.end());
  auto users = sign_up(server.site(), most + kReceivers);
  std::uint64_t number = 0;
  std::size_t row_number = 0;
  for (auto count : options.connections) {
    show_progress("direct: " + std::to_string(count) + " connections", row_number++,
                  options.connections.size());
    const auto floor = floor_of(server);
    Senders senders(options, server.doors(), count, users, number);
    senders.run(now() + seconds(options.warm_up));
    senders.forget();
    auto begin = now();
    const CpuMeter cpu(server);
    senders.run(begin + seconds(options.seconds));
    auto passed = static_cast<double>(now() - begin);
    const auto& latencies = senders.latencies();
    auto sends = std::max(static_cast<double>(latencies.count()), 1.0);
    std::vector<Cell> row{static_cast<double>(count),    sends / passed * 1e9,
                          latencies.percentile_ms(0.5),  latencies.percentile_ms(0.9),
                          latencies.percentile_ms(0.99), latencies.max_ms(),
                          cpu.server_us(sends),          cpu.generator_us(sends)};
    for (auto& cell :
         floor_cells(floor, floor_of(server), sends / passed, latencies.percentile_ms(0.5) * 1e6))
      row.push_back(std::move(cell));
    const auto bare =
        server.own() ? write_barely(server.directory(), count, options.seconds, options.payload)
                     : std::nullopt;
    row.push_back(bare ? Cell(sends / passed * 1e9 / bare->messages_per_s) : kUnknown);
    table.add(std::move(row));
    if (latencies.count() == 0) table.problem("no send was acknowledged");
    if (senders.refused() > 0)
      table.problem(std::to_string(senders.refused()) + " sends were refused");
    number = senders.next_number();
  }
  table.note(
      "fdatasync: appending 300 bytes and syncing; round trip: of 300 bytes over loopback, from"
      " thread to thread; medians, alone, before and after the row");
  table.note(
      "of bare SQLite: sends/s over those of a loop on the same disk, after the row, that inserts "
      "the"
      " same rows, as many in a transaction as there are connections, FULL, with no network");
  note_memory(table, server);
  return table;
}

}  // namespace linnet::bench
