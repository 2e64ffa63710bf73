// Who calls: credentials as they come in, and the identity that they prove.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace linnet::user {

struct Credentials {
  UserId user;
  DeviceId device;
  std::string token;
  std::string address = {};  // of the peer that shows them, as limits count it; empty: not limited
};

struct Identity {
  UserId user;
  DeviceId device;
};

// What a call brings besides its request.
struct Caller {
  Identity identity;     // zeros when the method needs no credentials
  RequestId request_id;  // the client's, for retries; 0: none
  std::string address;   // of the peer, for limits and the log
  KeyId key = {};        // of the trusted server that calls; 0: none does
};

// "l1.<user>.<device>.<secret>": a token names its user and device, so that it can stand alone in
// an Authorization header. Clients treat it as opaque.
std::string make_token(UserId user, DeviceId device, std::string_view secret);
// Nothing when `token` has another shape. The secret is not checked here.
std::optional<Credentials> parse_token(std::string_view token);

// The seam behind which a business server's own accounts can stand.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Completes with the identity, or kUnauthorized (unknown, expired, another user's or device's),
  // or an error of the store. Thread: any; `done` runs on any thread, perhaps before this returns,
  // and must not block.
  virtual void authenticate(Credentials credentials, Done<Identity> done) = 0;
  // Whether what was proved holds still: asked by a connection as soon as it can be told of the
  // token's end, since one that came in between was told to nobody. The clock ends nothing that was
  // proved. Completes as above, with kSignedOut or kDeviceExcluded when the token was ended.
  virtual void confirm(Identity identity, Done<Identity> done) { done(identity); }
};

}  // namespace linnet::user
