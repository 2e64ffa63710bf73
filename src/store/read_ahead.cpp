#include "read_ahead.hpp"

#include <vector>

namespace linnet::store {
namespace {

// Fewer are not worth waking a thread.
constexpr std::size_t kLeast = 32;

Result<Unit> look_at(Connection& db, const std::vector<Place>& places) {
  for (const auto& place : places) {
    Query row(db, "SELECT type FROM message WHERE id = ?1", place.message);
    row.next();
    if (row.failed()) return row.error();
  }
  return Unit();
}

}  // namespace

void ReadAhead::begin(std::span<const Place> places) const {
  for (auto idle = readers_.idle(); idle > 0; --idle) {
    const auto part = places.size() / (idle + 1);
    if (part < kLeast) continue;
    const auto last = places.last(part);
    places = places.first(places.size() - part);
    readers_.read<Unit>([theirs = std::vector<Place>(last.begin(), last.end())](
                            Connection& db) { return look_at(db, theirs); },
                        // Whoever wants the messages meets the error too.
                        [](const Result<Unit>&) {});
  }
}

}  // namespace linnet::store
