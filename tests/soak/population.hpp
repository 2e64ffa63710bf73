// Who there is in a soak: people whose devices come and go, other devices of some of them that
// send, groups, and what was said before.
#pragma once

#include "people.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace linnet::soak {

struct Population {
  std::vector<bench::Account> readers;   // devices that come and go, each of another person
  std::vector<bench::Account> speakers;  // device s is of the person of reader s
  std::size_t group_size = 0;
  std::vector<std::int64_t> groups;  // group g has the readers from g * group_size on
  std::int64_t large_group = 0;      // has everybody
};

// `entries`: in the inboxes of all together, so that the database is larger than what is kept of it
// in memory.
Population make_population(const bench::Site& site, std::size_t people, std::size_t entries);

}  // namespace linnet::soak
