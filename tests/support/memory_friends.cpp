#include "support/memory_store.hpp"

#include <algorithm>

namespace linnet::test {

using namespace store;

void MemoryStore::request_friend(FriendRequest request, NewMessage notice, Done<Appended> done) {
  call<Appended>(
      [&]() -> Result<Appended> {
        if (!users_.contains(request.to)) return Error(ErrCode::kUserNotExist);
        if (blocks_.contains({request.to, request.from})) return Error(ErrCode::kBlocked);
        Appended nothing;
        nothing.duplicate = true;
        const std::pair pair(request.from, request.to);
        if (erased_.contains(request.from)) return Error(ErrCode::kUnauthorized);
        auto& standing = standings_[pair];
        if (standing.kind != Friendship::kNone) return nothing;
        const auto asked = standing.asked;
        const bool noticed = asked && request.now.value() - asked.value() < 24 * 3600 * 1000;
        Result<Appended> placed = nothing;
        if (!noticed) placed = place(notice);
        if (placed)
          standing = {Friendship::kRequested, noticed ? asked : request.now, request.remarks, {}};
        return placed;
      },
      std::move(done));
}

void MemoryStore::agree_friend(UserId user, UserId asker, std::string remarks, Millis,
                               NewMessage notice, Done<Appended> done) {
  call<Appended>(
      [&]() -> Result<Appended> {
        auto asked = standings_.find({asker, user});
        if (asked == standings_.end() || asked->second.kind == Friendship::kNone)
          return Error(ErrCode::kBadRequest);
        Appended nothing;
        nothing.duplicate = true;
        if (asked->second.kind == Friendship::kFriends) return nothing;
        if (blocks_.contains({asker, user})) return Error(ErrCode::kBlocked);
        auto placed = place(notice);
        if (!placed) return placed;
        asked->second.kind = Friendship::kFriends;
        standings_[{user, asker}] = {Friendship::kFriends, {}, remarks, {}};
        return placed;
      },
      std::move(done));
}

Status MemoryStore::may_write(UserId sender, UserId receiver, bool friends_only) const {
  if (erased_.contains(sender)) return Error(ErrCode::kUnauthorized);
  if (sender == receiver) return success();
  if (!users_.contains(receiver)) return Error(ErrCode::kUserNotExist);
  if (blocks_.contains({receiver, sender})) return Error(ErrCode::kBlocked);
  const auto it = standings_.find({sender, receiver});
  const bool friends = it != standings_.end() && it->second.kind == Friendship::kFriends;
  return friends || !friends_only ? success() : Error(ErrCode::kIsNotFriend);
}

void MemoryStore::append_to_user(Message message, bool friends_only, Done<Appended> done) {
  call<Appended>(
      [&]() -> Result<Appended> {
        if (auto before = answered(message)) return std::move(*before);
        const UserId sender(message.sender_id);
        const UserId receiver(message.receiver_id);
        auto may = may_write(sender, receiver, friends_only);
        if (!may) return may.take_error();
        NewMessage next;
        next.message = std::move(message);
        next.recipients.push_back(sender);
        if (receiver != sender) next.recipients.push_back(receiver);
        return place(next);
      },
      std::move(done));
}

void MemoryStore::friendship(UserId user, UserId other, Done<Friendship> done) {
  call<Friendship>(
      [&]() -> Result<Friendship> {
        if (!users_.contains(other)) return Error(ErrCode::kUserNotExist);
        if (blocks_.contains({other, user})) return Friendship::kBlocked;
        auto it = standings_.find({user, other});
        return it == standings_.end() ? Friendship::kNone : it->second.kind;
      },
      std::move(done));
}

void MemoryStore::friends(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<Friend>> done) {
  call<std::vector<Friend>>(
      [&] {
        std::vector<Friend> all;
        for (const auto& [pair, standing] : standings_) {
          if (pair.first == user && pair.second > after && all.size() < limit &&
              standing.kind == Friendship::kFriends)
            all.push_back({users_.at(pair.second), standing.remarks, standing.extra, Millis()});
        }
        return all;
      },
      std::move(done));
}

void MemoryStore::delete_friend(UserId user, UserId other, Done<Unit> done) {
  call<Unit>(
      [&] {
        auto own = standings_.find({user, other});
        if (own != standings_.end() && own->second.kind == Friendship::kRequested)
          own->second.kind = Friendship::kNone;
        else if (own != standings_.end() && own->second.kind == Friendship::kFriends)
          standings_.erase(own);
        auto back = standings_.find({other, user});
        if (back != standings_.end() && back->second.kind == Friendship::kFriends)
          standings_.erase(back);
        return success();
      },
      std::move(done));
}

void MemoryStore::set_friend(UserId user, UserId other, std::string remarks, std::string extra,
                             Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        auto it = standings_.find({user, other});
        if (it == standings_.end() || it->second.kind != Friendship::kFriends)
          return Error(ErrCode::kIsNotFriend);
        it->second.remarks = remarks;
        it->second.extra = extra;
        return success();
      },
      std::move(done));
}

void MemoryStore::set_blocked(UserId user, UserId other, bool blocked, Millis, Done<Unit> done) {
  call<Unit>(
      [&]() -> Status {
        if (!users_.contains(other)) return Error(ErrCode::kUserNotExist);
        if (erased_.contains(user)) return Error(ErrCode::kUnauthorized);
        if (blocked) {
          blocks_.insert({user, other});
        } else {
          blocks_.erase({user, other});
        }
        return success();
      },
      std::move(done));
}

void MemoryStore::blocked(UserId user, UserId after, std::size_t limit,
                          Done<std::vector<UserId>> done) {
  call<std::vector<UserId>>(
      [&] {
        std::vector<UserId> all;
        for (auto it = blocks_.upper_bound({user, after});
             it != blocks_.end() && it->first == user && all.size() < limit; ++it)
          all.push_back(it->second);
        return all;
      },
      std::move(done));
}

}  // namespace linnet::test
