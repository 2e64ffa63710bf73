// A bad network below TCP: two network namespaces, the server in one and the clients in the other,
// and between them a wire of ours that carries IP packets (by two TUN devices) and loses, doubles,
// delays, reorders and damages them, carries nothing for a while, or forgets all connections.
#pragma once

#include "network.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace linnet::test {

class LossyWire : public Network {
 public:
  static constexpr const char* kServerAddress = "10.77.0.1";

  // The calling thread and those that it starts from then on are at the clients' end, and connect
  // to the server's. Nothing: the machine allows no such namespaces. Without root it must be the
  // only thread.
  static std::unique_ptr<LossyWire> open(std::uint64_t seed);
  ~LossyWire() override;

  // Runs at the server's end, and so does every process that it starts.
  void at_server(const std::function<void()>& task);
  // From now on packets meet faults.
  void begin(Ports server);

  Ports ports() const override { return ports_; }
  bool struck() const override { return struck_ > 0 && resets_ > 0; }
  // From now on every packet is answered by a reset, until be_good().
  Counts close() override;
  void be_good() { phase_ = Phase::kGood; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { kGood, kFaults, kResets };
  enum class Weather { kUsual, kNothing, kForgetful };  // while there are faults
  enum End : std::size_t { kClients, kServer };
  // From one end to the other, at a time.
  struct Packet {
    Clock::time_point at;
    std::uint64_t number = 0;
    std::size_t to = 0;
    std::string bytes;
    bool operator>(const Packet& other) const {
      return at != other.at ? at > other.at : number > other.number;
    }
  };

  struct Heads {
    iphdr ip{};
    tcphdr tcp{};
  };

  explicit LossyWire(std::uint64_t seed) : random_(seed) {}
  void run();
  void change_weather(Clock::time_point now);
  void carry(std::size_t from, std::string bytes, Clock::time_point now);
  void queue(std::size_t to, std::string bytes, Clock::time_point at);
  void end_all(Clock::time_point now);
  void answer_by_reset(std::size_t from, const Heads& heads, Clock::time_point now);
  bool one_in(std::int64_t many) { return any(1, many) == 1; }
  std::int64_t any(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }

  std::mt19937_64 random_;
  Ports ports_;
  int outside_ = -1;                         // the namespace that the thread came from
  std::array<int, 2> namespaces_{{-1, -1}};  // of each End
  std::array<int, 2> devices_{{-1, -1}};
  std::priority_queue<Packet, std::vector<Packet>, std::greater<>> under_way_;
  std::uint64_t numbered_ = 0;
  // The heads of the last packet from an end, between two ports.
  std::map<std::tuple<std::size_t, std::uint16_t, std::uint16_t>, Heads> last_;
  Weather weather_ = Weather::kUsual;
  Clock::time_point weather_changes_;
  std::atomic<Phase> phase_{Phase::kGood};
  std::atomic<bool> over_{false};
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> struck_{0};
  std::atomic<std::size_t> resets_{0};
  std::thread thread_;
};

}  // namespace linnet::test
