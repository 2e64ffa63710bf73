// Users of a store in memory: their devices, and how they sign in on them.
#pragma once

#include "pb/user.ext.pb.h"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace linnet::user {

inline DeviceId new_device(test::MemoryStore& store, const store::Device& device = {}) {
  auto made = test::run(wait_for<DeviceId>(
      [&](Done<DeviceId> done) { store.create_device(device, std::move(done)); }));
  REQUIRE(made);
  return *made;
}

inline pb::SignInReq sign_in_by(const std::string& code, const std::string& number, DeviceId on) {
  pb::SignInReq request;
  request.set_phone_number(number);
  request.set_code(code);
  request.set_device_id(on.value());
  return request;
}

// Whose calls follow: signed in on a new device, at that address.
inline Caller person(test::MemoryStore& store, Accounts& accounts, const std::string& code,
                     const std::string& number, const std::string& address) {
  const auto on = new_device(store);
  auto signed_in = test::run(accounts.sign_in(Caller(), sign_in_by(code, number, on)));
  REQUIRE(signed_in);
  Caller caller;
  caller.identity = {UserId(signed_in->user_id()), on};
  caller.address = address;
  return caller;
}

}  // namespace linnet::user
