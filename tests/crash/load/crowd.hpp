// The senders and listeners of a world, at work until they are told to stop, whatever the server
// answers them meanwhile.
#pragma once

#include "support/load.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace linnet::test {

class Crowd {
 public:
  Crowd(const World& world, History& history, std::uint64_t seed, std::size_t every = 1,
        const Sender::Options& options = {}) {
    for (std::size_t who = 0; who < kUsers; who += every)
      senders_.push_back(std::make_unique<Sender>(world, history, who, seed * 1000 + who, options));
    for (std::size_t who = 0; who < kUsers; who += 4)
      listeners_.push_back(std::make_unique<Listener>(
          world, history, who, Listener::Options{.tolerance = options.tolerance}));
  }
  ~Crowd() { stop(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void start(Ports ports) {
    stopping_ = false;
    for (auto& sender : senders_)
      threads_.emplace_back([this, &sender, ports] { again([&] { sender->run(ports); }); });
    for (auto& listener : listeners_)
      threads_.emplace_back([this, &listener, ports] { again([&] { listener->run(ports); }); });
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
  // Once it has stopped: what no server should have answered them.
  std::vector<std::string> problems() const {
    std::vector<std::string> all;
    add_problems(senders_, all);
    add_problems(listeners_, all);
    return all;
  }
  std::size_t pushed() const { return pushed_to(listeners_); }

 private:
  template <class Work>
  void again(const Work& work) {
    while (!stopping_) {
      work();
      // A server that refuses is not asked all the time.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace linnet::test
