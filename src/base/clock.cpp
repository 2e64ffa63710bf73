#include "linnet/base/clock.hpp"

namespace linnet {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

Millis SystemClock::wall() const {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return Millis(duration_cast<milliseconds>(now).count());
}

milliseconds SystemClock::steady() const {
  return duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace linnet
