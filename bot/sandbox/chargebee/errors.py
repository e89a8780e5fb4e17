"""Every way the site says no, one function each, with the status, type and code the error schemas of
Chargebee list.

    400 invalid_request   unknown_parameter, wrong_value, invalid, incompatible nothing changed
    400 payment           payment_failed, no_payment_method                     money was asked for, not got
    401 untyped           unauthenticated
    403 untyped           unauthorized
    404                   not_found, no_such_page
    405 invalid_request   wrong_method
    409 invalid_request   wrong_state
    422 invalid_request   key_reused
    429 operation_failed  locked, too_many

The body is `{"message", "type", "api_error_code", "error_code", "error_msg", "http_status_code", "param"?}`.
The message is for developers and its wording is free; `param` uses the wire name. Sources: Chargebee docs,
"Error handling and rate limits"; the error schemas of chargebee/openapi v1. Which of 400 and 409 a wrong
state or a wrong amount gets is a reading.
"""

from typing import Any


class ApiError(Exception):
    """A refusal as Chargebee answers it."""

    def __init__(
        self, status: int, code: str, message: str, *, kind: str = "invalid_request", param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.param = param

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        shown = f"{self.param} : {self.message}" if self.param else self.message
        body: dict[str, Any] = {
            "message": shown,
            "type": self.kind,
            "api_error_code": self.code,
            "error_code": self.code,
            "error_msg": shown,
            "http_status_code": self.status,
        }
        if self.param:
            body["param"] = self.param
        return body


def unknown_parameter(param: str) -> ApiError:
    return ApiError(400, "invalid_request", "this parameter is not known here", param=param)


def wrong_value(param: str, message: str) -> ApiError:
    return ApiError(400, "param_wrong_value", message, param=param)


def invalid(message: str, param: str | None = None) -> ApiError:
    return ApiError(400, "invalid_request", message, param=param)


def incompatible(message: str, param: str | None = None) -> ApiError:
    return ApiError(400, "configuration_incompatible", message, param=param)


def payment_failed(message: str) -> ApiError:
    return ApiError(400, "payment_processing_failed", message, kind="payment")


def no_payment_method(message: str) -> ApiError:
    return ApiError(400, "payment_method_not_present", message, kind="payment")


def unauthenticated(code: str, message: str) -> ApiError:
    return ApiError(401, code, message, kind="untyped")


def unauthorized(message: str) -> ApiError:
    return ApiError(403, "api_authorization_failed", message, kind="untyped")


def not_found(message: str, param: str | None = None) -> ApiError:
    return ApiError(404, "resource_not_found", message, param=param)


def no_such_page(path: str) -> ApiError:
    return ApiError(404, "resource_not_found", f"{path} is not a page of this API", kind="untyped")


def wrong_method(method: str) -> ApiError:
    return ApiError(405, "http_method_not_supported", f"{method} is not possible here")


def wrong_state(message: str, param: str | None = None) -> ApiError:
    return ApiError(409, "invalid_state_for_request", message, param=param)


def key_reused() -> ApiError:
    return ApiError(
        422, "unable_to_process_request", "this idempotency key was sent before with other parameters"
    )


def locked() -> ApiError:
    return ApiError(
        429, "lock_timeout", "another request is working on the same resource", kind="operation_failed"
    )


def too_many() -> ApiError:
    return ApiError(
        429, "api_request_limit_exceeded", "too many requests in this minute", kind="operation_failed"
    )
