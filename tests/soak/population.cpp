#include "population.hpp"

#include "groups.hpp"

#include <algorithm>

namespace linnet::soak {
namespace {

constexpr std::size_t kSpeakers = 200;
constexpr std::size_t kGroupSize = 50;
constexpr std::size_t kFirstPayload = 100;

}  // namespace

Population make_population(const bench::Site& site, std::size_t people, std::size_t entries) {
  Population all;
  all.readers = bench::sign_up(site, people);
  all.speakers = bench::sign_up(site, std::min(kSpeakers, people));
  all.group_size = std::min(kGroupSize, people);
  const bench::Groups groups(site.doors.http, all.readers, all.group_size);
  for (std::size_t group = 0; group < groups.count(); ++group)
    all.groups.push_back(groups.id(group));
  groups.send(site.doors.http, entries, kFirstPayload);
  all.large_group = bench::Groups(site.doors.http, all.readers, people, pb::GT_LARGE).id(0);
  return all;
}

}  // namespace linnet::soak
