// The senders and listeners of a world, at work until they are told to stop, whatever the server
// answers them meanwhile.
#pragma once

#include "support/load.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

namespace linnet::test {

class Crowd {
 public:
  Crowd(const World& world, History& history, std::uint64_t seed, std::size_t every = 1,
        const Sender::Options& options = {})
      : world_(world), history_(history) {
    for (std::size_t who = 0; who < kUsers; who += every)
      senders_.push_back(std::make_unique<Sender>(world, history, who, seed * 1000 + who, options));
  }
  ~Crowd() { stop(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void start(Ports ports) {
    stopping_ = false;
    for (auto& sender : senders_)
      threads_.emplace_back([this, &sender, ports] { again([&] { sender->run(ports); }); });
    for (std::size_t who = 0; who < kUsers; who += 4)
      threads_.emplace_back([this, who, ports] {
        Listener listener(world_, history_, who);
        again([&] { listener.run(ports); });
      });
  }
  // Their connections must end for it: by a refusal, or with the server.
  void stop() {
    stopping_ = true;
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
  }
  void tell_to_stop() { stopping_ = true; }
  std::vector<std::unique_ptr<Sender>>& senders() { return senders_; }

 private:
  template <class Work>
  void again(const Work& work) {
    while (!stopping_) {
      work();
      // A server that refuses is not asked all the time.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  const World& world_;
  History& history_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace linnet::test
