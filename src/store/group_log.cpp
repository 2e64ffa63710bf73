#include "group_log.hpp"

#include "erasure.hpp"
#include "groups.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

// About 100 MB; a small group can be read again at any time.
constexpr std::size_t kMembersKept = 4'000'000;
constexpr std::int32_t kNormalGroupReceiver = 2;  // pb.ReceiverType
constexpr std::int32_t kLargeGroupReceiver = 3;
constexpr std::int32_t kUserSender = 2;  // pb.SenderType

std::int32_t receiver_type(std::int32_t group_type) {
  return group_type == kLargeGroup ? kLargeGroupReceiver : kNormalGroupReceiver;
}

// The users of both, each once, ascending.
std::vector<UserId> joined(std::vector<UserId> a, const std::vector<UserId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

}  // namespace

Result<GroupId> GroupLog::create(const Group& group, const std::vector<Member>& members) {
  for (const auto& member : members) {
    auto erased = was_erased(db_, member.user);
    if (!erased) return erased.take_error();
    if (*erased) return Error(ErrCode::kUserNotExist);
    auto full = in_most_groups(db_, member.user, groups_per_user_);
    if (!full) return full.take_error();
    if (*full) return Error(ErrCode::kTooManyGroups);
  }
  GroupId id;
  {
    Query query(db_,
                "INSERT INTO chat_group (type, name, avatar_url, introduction, extra, join_mode,"
                " member_invite, open_history, muted_until, members, created, updated)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11) RETURNING id",
                group.type, group.name, group.avatar_url, group.introduction, group.extra,
                group.join_mode, std::int32_t{group.member_invite},
                std::int32_t{group.open_history}, group.muted_until,
                static_cast<std::int64_t>(members.size()), group.created);
    while (query.next())
      id = query.id<GroupId>(0);
    if (query.failed()) return query.error();
  }
  for (const auto& member : members) {
    auto written = put(id, member);
    if (!written) return written.take_error();
  }
  note_change(id);
  return id;
}

Status GroupLog::put(GroupId group, const Member& member) {
  return Query(db_,
               "INSERT OR REPLACE INTO group_member (group_id, user_id, role, remarks, extra,"
               " muted_until, joined, visible_after, read_seq)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
               group, member.user, member.role, member.remarks, member.extra, member.muted_until,
               member.joined, member.visible_after, member.read)
      .run();
}

Status GroupLog::remove(GroupId group, UserId user) {
  return Query(db_, "DELETE FROM group_member WHERE group_id = ?1 AND user_id = ?2", group, user)
      .run();
}

Result<GroupEdited> GroupLog::edit(GroupId group, const std::vector<UserId>& persons,
                                   const GroupDecision& decide) {
  auto view = view_group(db_, group, persons);
  if (!view) return view.take_error();
  auto closer = look_closer(db_, *view, groups_per_user_);
  if (!closer) return closer.take_error();
  auto newest = log_.head(inbox_of(group));
  if (!newest) return newest.take_error();
  view->head = *newest;
  auto edit = decide(*view);
  if (!edit) return edit.take_error();
  note_change(group);
  GroupEdited edited;
  auto applied = apply(*view, *edit, edited);
  if (!applied) return applied.take_error();
  return edited;
}

Status GroupLog::apply(GroupView& view, const GroupEdit& edit, GroupEdited& edited) {
  const auto group = view.group.id;
  const auto type_before = view.group.type;
  if (edit.group) {
    auto next = *edit.group;
    next.id = group;
    next.members = view.group.members;
    next.created = view.group.created;
    view.group = std::move(next);
  }
  auto members = apply_members(view, edit, edited);
  if (!members) return members;
  auto requests = apply_requests(group, edit);
  if (!requests) return requests;
  if (type_before != kLargeGroup && view.group.type == kLargeGroup) {
    auto grown = grow(view, edited);
    if (!grown) return grown;
  }
  auto updated = update(view.group);
  if (!updated) return updated;
  edited.group = view.group;
  if (!edit.notices.empty()) {
    Result<std::vector<UserId>> now = std::vector<UserId>();
    if (view.group.type != kLargeGroup || edited.grown) now = member_ids(db_, group);
    if (!now) return now.take_error();
    for (const auto& notice : edit.notices) {
      auto appended = append_notice(notice, *now, edited);
      if (!appended) return appended;
    }
  }
  edited.dissolved = edit.dissolved;
  return edit.dissolved ? dissolve(group) : success();
}

Status GroupLog::apply_members(GroupView& view, const GroupEdit& edit, GroupEdited& edited) {
  const auto group = view.group.id;
  for (const auto& member : edit.put) {
    auto before = get_member(db_, group, member.user);
    if (!before) return before.take_error();
    if (!*before) edited.added.push_back(member.user);
    auto written = put(group, member);
    if (!written) return written;
  }
  for (auto user : edit.removed) {
    auto written = remove(group, user);
    if (!written) return written;
    if (db_.changes() > 0) edited.removed.push_back(user);
  }
  view.group.members += static_cast<std::int64_t>(edited.added.size()) -
                        static_cast<std::int64_t>(edited.removed.size());
  return success();
}

Status GroupLog::apply_requests(GroupId group, const GroupEdit& edit) {
  if (edit.request) {
    auto written = Query(db_,
                         "INSERT OR REPLACE INTO join_request (group_id, user_id, text, created)"
                         " VALUES (?1, ?2, ?3, ?4)",
                         group, edit.request->user, edit.request->text, edit.request->created)
                       .run();
    if (!written) return written;
  }
  for (auto user : edit.answered) {
    auto written =
        Query(db_, "DELETE FROM join_request WHERE group_id = ?1 AND user_id = ?2", group, user)
            .run();
    if (!written) return written;
  }
  return success();
}

// What was said so far is in the members' own inboxes: nothing of it is unread.
Status GroupLog::grow(const GroupView& view, GroupEdited& edited) {
  auto members = member_ids(db_, view.group.id);
  if (!members) return members.take_error();
  edited.grown = true;
  edited.members = std::move(*members);
  return Query(db_, "UPDATE group_member SET read_seq = ?2 WHERE group_id = ?1", view.group.id,
               view.head)
      .run();
}

Status GroupLog::update(const Group& group) {
  return Query(db_,
               "UPDATE chat_group SET type = ?2, name = ?3, avatar_url = ?4, introduction = ?5,"
               " extra = ?6, join_mode = ?7, member_invite = ?8, open_history = ?9,"
               " muted_until = ?10, members = ?11, updated = ?12 WHERE id = ?1",
               group.id, group.type, group.name, group.avatar_url, group.introduction, group.extra,
               group.join_mode, std::int32_t{group.member_invite}, std::int32_t{group.open_history},
               group.muted_until, group.members, group.updated)
      .run();
}

Status GroupLog::append_notice(const GroupNotice& notice, const std::vector<UserId>& members,
                               GroupEdited& edited) {
  const bool large = edited.group.type == kLargeGroup;
  NewMessage to_people;
  to_people.message = notice.message;
  to_people.message.receiver_type = kNormalGroupReceiver;
  to_people.message.receiver_id = edited.group.id.value();
  to_people.recipients = joined(members, notice.persons);
  if (!large) to_people.group = edited.group.id;
  if (large) {
    NewMessage to_group;
    to_group.message = to_people.message;
    to_group.message.receiver_type = kLargeGroupReceiver;
    to_group.group = edited.group.id;
    auto appended = append_one(std::move(to_group), edited);
    if (!appended) return appended;
  }
  return to_people.recipients.empty() ? success() : append_one(std::move(to_people), edited);
}

Status GroupLog::append_one(NewMessage message, GroupEdited& edited) {
  auto appended = log_.append(message);
  if (!appended) return appended.take_error();
  edited.notices.push_back(std::move(message.message));
  edited.appended.push_back(std::move(*appended));
  return success();
}

Status GroupLog::dissolve(GroupId group) {
  auto members = Query(db_, "DELETE FROM group_member WHERE group_id = ?1", group).run();
  if (!members) return members;
  auto requests = Query(db_, "DELETE FROM join_request WHERE group_id = ?1", group).run();
  if (!requests) return requests;
  return Query(db_, "DELETE FROM chat_group WHERE id = ?1", group).run();
}

Result<GroupAppended> GroupLog::append(GroupId group, Message message) {
  auto known = know(group);
  // A retry is answered as before, also when its sender has left meanwhile.
  if (!known) return refuse(message, known.error());
  const auto& state = **known;
  if (message.sender_type == kUserSender) {
    auto may = check_sender(group, state, UserId(message.sender_id));
    if (!may) return refuse(message, may.error());
  }
  NewMessage next;
  next.message = std::move(message);
  next.message.receiver_type = receiver_type(state.type);
  next.message.receiver_id = group.value();
  next.group = group;
  next.recipients.reserve(state.members.size());
  for (const auto& member : state.members)
    next.recipients.push_back(member.user);
  auto appended = log_.append(next);
  if (!appended) return appended.take_error();
  return GroupAppended{std::move(*appended), state.type};
}

Result<GroupAppended> GroupLog::refuse(const Message& message, const Error& why) {
  auto answer = log_.refuse(message, why);
  if (!answer) return answer.take_error();
  return GroupAppended{std::move(*answer), 0};
}

Status GroupLog::check_sender(GroupId group, const Known& known, UserId sender) {
  const auto now = clock_.wall();
  if (known.type != kLargeGroup) {
    auto it = std::lower_bound(known.members.begin(), known.members.end(), sender,
                               [](const Writer& a, UserId b) { return a.user < b; });
    if (it == known.members.end() || it->user != sender) return Error(ErrCode::kIsNotInGroup);
    return check_may_write(it->role, it->muted_until, known.muted_until, now);
  }
  auto member = get_member(db_, group, sender);
  if (!member) return member.take_error();
  if (!*member) return Error(ErrCode::kIsNotInGroup);
  return check_may_write((*member)->role, (*member)->muted_until, known.muted_until, now);
}

Result<const GroupLog::Known*> GroupLog::know(GroupId group) {
  auto it = known_.find(group);
  if (it != known_.end()) return &it->second;
  auto loaded = load(group);
  if (!loaded) return loaded.take_error();
  if (changing(group)) {
    uncertain_ = std::move(*loaded);
    return &uncertain_;
  }
  if (known_members_ > kMembersKept) {
    known_.clear();
    known_members_ = 0;
  }
  known_members_ += loaded->members.size() + 1;
  return &known_.emplace(group, std::move(*loaded)).first->second;
}

Result<GroupLog::Known> GroupLog::load(GroupId group) {
  auto found = get_group(db_, group);
  if (!found) return found.take_error();
  Known known;
  known.type = found->type;
  known.muted_until = found->muted_until;
  if (known.type == kLargeGroup) return known;
  Query row(db_,
            "SELECT user_id, role, muted_until FROM group_member WHERE group_id = ?1"
            " ORDER BY user_id",
            group);
  while (row.next())
    known.members.push_back({row.id<UserId>(0), row.small(1), row.id<Millis>(2)});
  if (row.failed()) return row.error();
  return known;
}

bool GroupLog::changing(GroupId group) {
  if (changing_since_ != log_.commits()) changing_.clear();
  return changing_.contains(group);
}

void GroupLog::note_change(GroupId group) {
  if (changing_since_ != log_.commits()) changing_.clear();
  changing_since_ = log_.commits();
  changing_.insert(group);
  auto it = known_.find(group);
  if (it == known_.end()) return;
  known_members_ -= it->second.members.size() + 1;
  known_.erase(it);
}

Status GroupLog::mark_read(GroupId group, UserId user, Seq seq) {
  auto newest = log_.head(inbox_of(group));
  if (!newest) return newest.take_error();
  auto marked = Query(db_,
                      "UPDATE group_member SET read_seq = max(read_seq, ?3)"
                      " WHERE group_id = ?1 AND user_id = ?2",
                      group, user, std::min(seq, *newest))
                    .run();
  if (!marked) return marked;
  return db_.changes() > 0 ? success() : Error(ErrCode::kIsNotInGroup);
}

}  // namespace linnet::store
