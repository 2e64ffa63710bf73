// What may be done to a group by whom, and what comes of it: decisions on a GroupView, without any
// effect of their own. In every view the first person is the one who acts, the second (or the
// others) whom it concerns. Errors of all: kIsNotInGroup (who acts is no member), kForbidden (its
// role does not allow it).
#pragma once

#include "notices.hpp"

#include "linnet/logic/groups.hpp"
#include "linnet/store/group_types.hpp"

#include <cstddef>
#include <string>

namespace linnet::logic {

using Decided = Result<store::GroupEdit>;

Decided update_group(const store::GroupView& view, const Doer& doer,
                     const pb::UpdateGroupReq& request);
Decided change_settings(const store::GroupView& view, const Doer& doer,
                        const pb::SetGroupSettingsReq& request);
Decided mute_group(const store::GroupView& view, const Doer& doer, Millis until);
Decided grow_group(const store::GroupView& view, const Doer& doer);
Decided dissolve_group(const store::GroupView& view, const Doer& doer);

// Those of the others who are members already stay as they are; left out is who blocks the first,
// was erased, or is in as many groups as may be. Error: kGroupFull.
Decided add_members(const store::GroupView& view, const Doer& doer, const Profiles& profiles,
                    const GroupOptions& options);
// The second may be the first: it leaves. Error: kIsNotInGroup (the second).
Decided remove_member(const store::GroupView& view, const Doer& doer);
// The first leaves, whatever it is: an owner's place is the second's; without a second the group
// ends. Nothing when the first is no member. Error: kServerBusy (the group has changed meanwhile).
Decided depart(const store::GroupView& view, const Doer& doer);
Decided note_member(const store::GroupView& view, const std::string& remarks,
                    const std::string& extra);
Decided mute_member(const store::GroupView& view, Millis until);
Decided set_role(const store::GroupView& view, const Doer& doer, std::int32_t role);
Decided transfer_group(const store::GroupView& view, const Doer& doer);

// The one who acts is not a member yet. Errors: kUnauthorized (it was erased), kJoinClosed,
// kGroupFull, kTooManyGroups.
Decided join_group(const store::GroupView& view, const Doer& doer, const std::string& text,
                   const Profiles& profiles, const GroupOptions& options);
// Errors: kBadRequest (the second has not asked), kGroupFull.
Decided answer_request(const store::GroupView& view, const Doer& doer, bool accept,
                       const Profiles& profiles, const GroupOptions& options);

// For those who only look: whether the first person is a member, or an administrator.
Status require_member(const store::GroupView& view);
Status require_admin(const store::GroupView& view);

}  // namespace linnet::logic
