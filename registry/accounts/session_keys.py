"""What a session says about its holder, besides who it is: names of keys, in one place."""

from __future__ import annotations

#: id of the Membership in which the holder acts; absent: the first by `scopes.PRIORITY`
MEMBERSHIP = "membership"
#: when the holder last proved who they are, in seconds since 1970
CONFIRMED_AT = "confirmed_at"
#: a trainee's sign-in: 1 a code to the phone on record, 2 an identity proved in person or by the state's own sign-in
ASSURANCE = "assurance"
#: whether the holder, one of the staff, came in with a second factor
SECOND_FACTOR = "second_factor"
#: when the session began and when it was last used (at most a minute late), in seconds since 1970
BEGUN_AT = "begun_at"
SEEN_AT = "seen_at"
