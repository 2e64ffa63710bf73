// The seam behind which the operator's own user system stands: who holds a token.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/store/types.hpp"
#include "linnet/user/identity.hpp"

#include <vector>

namespace linnet::user {

// What a good token proves.
struct Proof {
  Identity identity;
  Millis issued;  // when it was made, or when the user system last vouched for it; 0: not known
  Millis until;   // until when it need not be proved again
  bool exact = false;  // `issued` is to the millisecond, not to the second
};

class OutsideUsers {
 public:
  virtual ~OutsideUsers() = default;
  // Ids that the credentials leave out are the token's. Errors: kUnauthorized; kUserSystem (it does
  // not answer: nobody is let in), kServerBusy. Thread: any; `done` as in Authenticator.
  virtual void prove(Credentials credentials, Done<Proof> done) = 0;
  // The profiles of those of `users` that exist. Where profiles are kept here: none. Errors:
  // kUserSystem, kServerBusy.
  virtual void fetch(std::vector<UserId>, Done<std::vector<store::User>> done) {
    done(std::vector<store::User>());
  }
};

}  // namespace linnet::user
