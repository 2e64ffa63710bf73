// From the store's commit to the connected devices: wraps a completion so that the message goes to
// the router first, on the store's thread and thus in commit order, and the caller hears of it
// afterwards.
#pragma once

#include "linnet/router/router.hpp"
#include "linnet/store/store.hpp"
#include "linnet/wire/push.hpp"

#include <vector>

namespace linnet::logic {

inline Done<store::Appended> deliver_then(router::Router& router, wire::PushPtr push,
                                          Done<store::Appended> done) {
  return [&router, push = std::move(push),
          done = std::move(done)](Result<store::Appended> appended) mutable {
    if (appended && !appended->duplicate) {
      std::vector<router::Delivery> deliveries;
      deliveries.reserve(appended->placed.size());
      for (const auto& placed : appended->placed)
        deliveries.push_back({placed.user, placed.seq});
      router.deliver(deliveries, push);
    }
    done(std::move(appended));
  };
}

}  // namespace linnet::logic
