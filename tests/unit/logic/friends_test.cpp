// The end of a friendship, notes and blocks.
#include "logic_kit.hpp"

using namespace linnet;
using namespace linnet::logic;

namespace {

template <class Request>
Request about(UserId user) {
  Request request;
  request.set_user_id(user.value());
  return request;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "after the end of a friendship neither may write to the other") {
  make_friends();
  REQUIRE(send(0, id(1)));
  REQUIRE(send(1, id(0)));
  REQUIRE(test::run(friends.delete_friend(callers[1], about<pb::DeleteFriendReq>(id(0)))));
  CHECK(send(0, id(1)).code() == ErrCode::kIsNotFriend);
  CHECK(send(1, id(0)).code() == ErrCode::kIsNotFriend);
}

TEST_CASE_METHOD(Fixture, "a blocked user can neither write nor ask, and learns so only then") {
  make_friends();
  REQUIRE(send(1, id(0)));
  const auto heard = inbox(id(1).value()).size();
  REQUIRE(test::run(friends.block(callers[0], about<pb::BlockUserReq>(id(1)))));
  CHECK(inbox(id(1).value()).size() == heard);
  CHECK(send(1, id(0)).code() == ErrCode::kBlocked);
  CHECK(send(0, id(1)));
  pb::AddFriendReq ask;
  ask.set_friend_id(id(0).value());
  CHECK(test::run(friends.add_friend(callers[1], ask)).code() == ErrCode::kBlocked);
  auto blocked = test::run(friends.get_blocked(callers[0], pb::GetBlockedUsersReq()));
  REQUIRE(blocked->user_ids_size() == 1);
  CHECK(blocked->user_ids(0) == id(1).value());

  REQUIRE(test::run(friends.unblock(callers[0], about<pb::UnblockUserReq>(id(1)))));
  CHECK(send(1, id(0)));
  CHECK(test::run(friends.block(callers[0], about<pb::BlockUserReq>(id(0)))).code() ==
        ErrCode::kBadRequest);
  CHECK(test::run(friends.block(callers[0], about<pb::BlockUserReq>(UserId(999)))).code() ==
        ErrCode::kUserNotExist);
}

TEST_CASE_METHOD(Fixture, "what is noted about a friend is in the list of friends") {
  auto note = about<pb::SetFriendReq>(id(1));
  note.set_remarks("Bea");
  note.set_extra("{}");
  CHECK(test::run(friends.set_friend(callers[0], note)).code() == ErrCode::kIsNotFriend);
  make_friends();
  REQUIRE(test::run(friends.set_friend(callers[0], note)));
  auto list = test::run(friends.get_friends(callers[0], pb::GetFriendsReq()));
  REQUIRE(list->friends_size() == 1);
  CHECK(list->friends(0).remarks() == "Bea");
  CHECK(list->friends(0).extra() == "{}");
  CHECK_FALSE(list->has_more());
  note.set_remarks(std::string(257, 'r'));
  CHECK(test::run(friends.set_friend(callers[0], note)).code() == ErrCode::kBadRequest);
  pb::GetFriendsReq page;
  page.set_after_id(id(1).value());
  CHECK(test::run(friends.get_friends(callers[0], page))->friends_size() == 0);
  page.set_after_id(-1);
  CHECK(test::run(friends.get_friends(callers[0], page)).code() == ErrCode::kBadRequest);
}
