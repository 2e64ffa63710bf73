// Users and their connections, many at once.
#pragma once

#include "http.hpp"
#include "peer.hpp"
#include "server.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace linnet::bench {

// Registers `count` devices and signs a new user in on each, over HTTP. Throws when one is refused.
std::vector<Account> sign_up(const Site& site, std::size_t count);

// Makes `count` calls, at most 64 at once. `request` gives the bytes of each; `answered` its
// answer. Throws when one is refused.
void call_all(const Address& http, std::size_t count,
              const std::function<std::string(std::size_t)>& request,
              const std::function<void(std::size_t, const HttpReply&)>& answered);

// Adds peers until there are `last`, each as the user of its place, and waits until all are ready;
// at most `at_once` sign in at once. A peer's tag is its place plus `first_tag`.
void connect_all(std::vector<Peer>& peers, std::size_t last, Poller& poller, const Doors& doors,
                 const std::vector<Account>& users, const std::function<Door(std::size_t)>& door_of,
                 std::size_t first_tag = 0, std::size_t at_once = 128);

// Lets the server come to rest; ends early when interrupted.
void rest(double count_of_seconds);

}  // namespace linnet::bench
