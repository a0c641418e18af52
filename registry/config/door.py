"""How the door is set: part of the settings that differs on no machine, most of it what two libraries are told.

Figures are those of the house's security rules; who needs others changes them here and nowhere else.
"""

from __future__ import annotations

from datetime import timedelta

# Wrong passwords at one name from one address; further caps are the figures `staff.*`, which axes does not know.
AXES_HANDLER = "registry.accounts.guessing.Handler"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HTTP_RESPONSE_CODE = 429
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# What was typed as a name is known to axes by its keyed hash only; the record of who came is our own.
AXES_USERNAME_CALLABLE = "registry.accounts.guessing.name_key"
AXES_CLIENT_IP_CALLABLE = "registry.lib.web.client_address"
AXES_CLIENT_STR_CALLABLE = "registry.accounts.guessing.nobody"
AXES_LOCKOUT_CALLABLE = "registry.accounts.views.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# Accounts are opened by an administrator, known by a user name, and have no e-mail.
ACCOUNT_ADAPTER = "registry.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # guesses are counted in the database, not in each process
ACCOUNT_LOGIN_TIMEOUT = 5 * 60  # between the password and the second factor

MFA_ADAPTER = "registry.accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "匠册"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TRUST_ENABLED = False
MFA_PASSKEY_LOGIN_ENABLED = False
MFA_WEBAUTHN_USER_VERIFICATION = "required"
