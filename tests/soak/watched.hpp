// Users of whom everything is written down while they write and read over connections that are cut
// again and again.
#pragma once

#include "chaos/fault_proxy.hpp"
#include "support/load.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace linnet::soak {

// Thread: one.
class Watched {
 public:
  Watched(const test::World& world, test::Ports server, std::uint64_t seed)
      : world_(world),
        server_(server),
        proxy_({server, {test::Fault::kCut, test::Fault::kReset}, seed, test::kPatience}) {
    for (std::size_t who = 0; who < test::kUsers; ++who) {
      senders_.push_back(std::make_unique<test::Sender>(
          world, history_, who, seed * 1000 + who,
          test::Sender::Options{.tolerance = kTolerance, .pause = kPause}));
      start(*senders_.back(), seed * 1000 + who);
    }
    for (std::size_t who = 0; who < test::kUsers; who += 4) {
      listeners_.push_back(std::make_unique<test::Listener>(
          world, history_, who, test::Listener::Options{.tolerance = kTolerance}));
      start(*listeners_.back(), seed * 1000 + test::kUsers + who);
    }
  }
  ~Watched() { end(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  std::size_t told() const { return history_.messages_told(); }

  // Ends the load and looks at what is there.
  std::vector<std::string> finish() {
    const auto network = end();
    auto faults = network.faults;
    const auto add = [&](const std::vector<std::string>& more) {
      faults.insert(faults.end(), more.begin(), more.end());
    };
    if (told() == 0) faults.emplace_back("nothing was acknowledged");
    add(look_around(world_, history_, senders_, server_).faults);
    std::size_t pushed = 0;
    for (const auto& sender : senders_)
      add(sender->problems());
    for (const auto& listener : listeners_) {
      add(listener->problems());
      pushed += listener->pushed();
    }
    if (pushed == 0) faults.emplace_back("nobody was pushed anything");
    add(history_.faults());
    return faults;
  }

 private:
  static constexpr std::chrono::milliseconds kPause{2000};
  // A request of which the end does not come has its time; a sign-in that is late takes the place
  // of a later one.
  inline static const test::Tolerance kTolerance{{pb::EC_TIMEOUT, pb::EC_DEVICE_REPLACED}, false};
  static constexpr int kAway = 200;  // milliseconds at most, between two connections

  template <class Client>
  void start(Client& client, std::uint64_t seed) {
    threads_.emplace_back([this, &client, seed] {
      std::mt19937_64 random(seed);
      while (!leaving_) {
        client.run(proxy_.ports());
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % kAway));
      }
    });
  }
  test::FaultProxy::Counts end() {
    leaving_ = true;
    auto counts = proxy_.close();
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
    return counts;
  }

  const test::World& world_;
  test::Ports server_;
  test::History history_;
  test::FaultProxy proxy_;
  std::vector<std::unique_ptr<test::Sender>> senders_;
  std::vector<std::unique_ptr<test::Listener>> listeners_;
  std::atomic<bool> leaving_{false};
  std::vector<std::thread> threads_;
};

}  // namespace linnet::soak
