"""What can stand between a person and what is asked for: login, posts, second factor, forgery; and faults of accounts."""

from __future__ import annotations

from geogrid.errors.family import AccessError, ConflictError, InputError
from geogrid.errors.requests import TooManyRequests


class AccessForbidden(AccessError):
    """None of your posts may do this. Ask an administrator for the post, or log in as somebody who holds it."""

    code = "access.forbidden"


class ForgeryGuard(AccessError):
    """This request does not carry the mark of a page of this site. Load the page again and repeat what you did."""

    code = "access.csrf"


class LoginFailed(AccessError):
    """Login name or password is wrong, or the account is closed. Check both and try again."""

    code = "access.login"


class LoginLocked(TooManyRequests):
    """Too many wrong attempts: locked for {wait_min} min. Wait, or ask an administrator to unlock."""

    code = "access.locked"


class FactorWrong(AccessError):
    """The code is wrong or was used already. Wait for the next code of your app, or use a recovery code."""

    code = "access.second_factor"


class FactorKeyUnfit(InputError):
    """The second factor cannot be read: the key file of this installation is another one. Have an administrator reset it."""

    code = "account.factor_key"


class PasswordWeak(InputError):
    """This password is not taken: {reason}."""

    code = "account.password"


class LoginTaken(ConflictError):
    """The login name {login} is in use. Choose another."""

    code = "account.login_taken"


class AccountInvalid(InputError):
    """The account cannot be kept like this: {reason}."""

    code = "account.invalid"
